// toml++ of Debian, whose C++ ends here: no exception and no failed assertion of its leaves this file.
#include "CTOML.h"

#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>

// Its parser asserts of its input what a broken header, such as "[#", does not keep.
#undef NDEBUG
[[noreturn]] static void failed_assertion() { throw std::logic_error("this is no TOML"); }
#define TOML_ASSERT(condition) ((condition) ? (void)0 : failed_assertion())
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace {

// Arrays and inline tables may not lie deeper in toml++ itself; dotted keys may.
constexpr int deepest = 100;

struct Refusal {
  std::string reason;
  toml::source_position place;
};

void put_text(std::string &out, std::string_view text) {
  out += '"';
  for (unsigned char byte : text) {
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += static_cast<char>(byte);
    } else if (byte < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += static_cast<char>(byte);
    }
  }
  out += '"';
}

void put(std::string &out, const toml::node &node, int depth) {
  const auto place = node.source().begin;
  if (depth > deepest) throw Refusal{"tables or lists more than 100 deep", place};
  if (const auto *table = node.as_table()) {
    char separator = '{';
    for (const auto &[key, value] : *table) {
      out += separator;
      separator = ',';
      put_text(out, key.str());
      out += ':';
      put(out, value, depth + 1);
    }
    out += table->empty() ? "{}" : "}";
  } else if (const auto *array = node.as_array()) {
    char separator = '[';
    for (const auto &value : *array) {
      out += separator;
      separator = ',';
      put(out, value, depth + 1);
    }
    out += array->empty() ? "[]" : "]";
  } else if (const auto *text = node.as_string()) {
    put_text(out, text->get());
  } else if (const auto *whole = node.as_integer()) {
    out += std::to_string(whole->get());
  } else if (const auto *truth = node.as_boolean()) {
    out += truth->get() ? "true" : "false";
  } else if (const auto *real = node.as_floating_point()) {
    if (!std::isfinite(real->get())) throw Refusal{"a number that is not finite", place};
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.17g", real->get());
    out += digits;
    if (!std::strpbrk(digits, ".e")) out += ".0";
  } else {
    throw Refusal{"a date or time, which no card has", place};
  }
}

// Each dot of a key is a table within a table, and they are taken down one within another: more than
// these in a line would use up the stack.
void check_dots(std::string_view text) {
  toml::source_index line = 1;
  int open = 0, all = 0;
  char quote = 0;
  for (size_t at = 0; at < text.size(); at++) {
    const char byte = text[at];
    if (byte == '\n') {
      line++;
      open = all = 0;
      quote = 0;
    } else if (byte == '.') {
      all++;
      if (!quote) open++;
      if (open > 1000 || all > 10000) throw Refusal{"a line of so many dots", {line, 1}};
    } else if (quote && byte == '\\' && quote == '"') {
      at++;
    } else if (byte == '"' || byte == '\'') {
      if (!quote) quote = byte;
      else if (quote == byte) quote = 0;
    }
  }
}

// Where a failed assertion came from: a table's header without a key.
toml::source_position broken_header(std::string_view text) {
  toml::source_index line = 1;
  for (size_t at = 0; at < text.size();) {
    const size_t start = text.find_first_not_of(" \t", at);
    if (start != std::string_view::npos && text[start] == '[') {
      const size_t key = text.find_first_not_of(" \t[", start);
      const unsigned char first = key < text.size() ? text[key] : '\n';
      const bool begins = std::isalnum(first) || first > 127 || std::strchr("_-\"'", first);
      if (!begins) return {line, static_cast<toml::source_index>(start - at + 1)};
    }
    const size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
    line++;
  }
  return {};
}

char *copied(const std::string &text) {
  char *copy = static_cast<char *>(std::malloc(text.size() + 1));
  if (copy) std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

}  // namespace

extern "C" char *xling_toml_read(const char *bytes, int64_t count, int as_toml, int64_t *line,
                                 int64_t *column, char *reason, int64_t room) {
  *line = *column = 0;
  const std::string_view text(bytes, static_cast<size_t>(count));
  try {
    check_dots(text);
    const toml::table table = toml::parse(text);
    if (as_toml) {
      std::ostringstream out;
      out << toml::toml_formatter(table);
      return copied(out.str());
    }
    std::string out;
    put(out, table, 0);
    return copied(out);
  } catch (const toml::parse_error &error) {
    *line = error.source().begin.line;
    *column = error.source().begin.column;
    std::snprintf(reason, static_cast<size_t>(room), "%s", error.what());
  } catch (const Refusal &refusal) {
    *line = refusal.place.line;
    *column = refusal.place.column;
    std::snprintf(reason, static_cast<size_t>(room), "%s", refusal.reason.c_str());
  } catch (const std::logic_error &error) {
    const toml::source_position place = broken_header(text);
    *line = place.line;
    *column = place.column;
    std::snprintf(reason, static_cast<size_t>(room), "%s",
                  place.line ? "a table's header begins with no key" : error.what());
  } catch (const std::exception &error) {
    std::snprintf(reason, static_cast<size_t>(room), "%s", error.what());
  } catch (...) {
    std::snprintf(reason, static_cast<size_t>(room), "this is no TOML");
  }
  return nullptr;
}

extern "C" void xling_toml_free(char *text) { std::free(text); }
