#include "CICU.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/ulistformatter.h>
#include <unicode/uloc.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/uversion.h>

/// A buffer that is too small is no failure here: the caller grows it by the returned length.
static int32_t length_or_error(int32_t length, UErrorCode error) {
  if (error == U_BUFFER_OVERFLOW_ERROR || U_SUCCESS(error)) return length;
  return -(int32_t)error;
}

const char *xling_icu_error_name(int32_t code) { return u_errorName((UErrorCode)code); }

void xling_icu_version(uint8_t version[4]) { u_getVersion(version); }

int32_t xling_default_to_root(void) {
  UErrorCode error = U_ZERO_ERROR;
  uloc_setDefault("root", &error);
  return U_FAILURE(error) ? -(int32_t)error : 0;
}

int32_t xling_has_language(const char *language) {
  size_t length = strlen(language);
  for (int32_t i = 0; i < uloc_countAvailable(); i++) {
    const char *locale = uloc_getAvailable(i);
    if (strncmp(locale, language, length) == 0 && (locale[length] == 0 || locale[length] == '_')) {
      return 1;
    }
  }
  return 0;
}

void *xling_list_open(const char *locale, int32_t *error) {
  UErrorCode status = U_ZERO_ERROR;
  UListFormatter *formatter =
      ulistfmt_openForType(locale, ULISTFMT_TYPE_AND, ULISTFMT_WIDTH_WIDE, &status);
  *error = U_FAILURE(status) ? (int32_t)status : 0;
  return formatter;
}

void xling_list_close(void *formatter) { ulistfmt_close(formatter); }

int32_t xling_list_join(const void *formatter, const uint16_t *text, const int32_t *lengths,
                        int32_t count, uint16_t *output, int32_t capacity) {
  const UChar **items = malloc(sizeof(*items) * (size_t)(count > 0 ? count : 1));
  if (items == NULL) return -(int32_t)U_MEMORY_ALLOCATION_ERROR;
  const UChar *next = (const UChar *)text;
  for (int32_t i = 0; i < count; i++) {
    items[i] = next;
    next += lengths[i];
  }
  UErrorCode error = U_ZERO_ERROR;
  int32_t length = ulistfmt_format(formatter, items, lengths, count, (UChar *)output, capacity,
                                   &error);
  free(items);
  return length_or_error(length, error);
}

int32_t xling_display_language(const char *language, const char *locale, uint16_t *output,
                               int32_t capacity) {
  UErrorCode error = U_ZERO_ERROR;
  int32_t length = uloc_getDisplayLanguage(language, locale, (UChar *)output, capacity, &error);
  return length_or_error(length, error);
}

int32_t xling_locale_language(const char *locale, char *output, int32_t capacity) {
  UErrorCode error = U_ZERO_ERROR;
  return length_or_error(uloc_getLanguage(locale, output, capacity, &error), error);
}

int32_t xling_lowercase(const char *locale, const uint16_t *text, int32_t length,
                        uint16_t *output, int32_t capacity) {
  UErrorCode error = U_ZERO_ERROR;
  int32_t needed = u_strToLower((UChar *)output, capacity, (const UChar *)text, length, locale,
                                &error);
  return length_or_error(needed, error);
}

static const UNormalizer2 *normalizer(int32_t form, UErrorCode *error) {
  switch (form) {
    case 0: return unorm2_getNFCInstance(error);
    case 1: return unorm2_getNFDInstance(error);
    case 2: return unorm2_getNFKCInstance(error);
    case 3: return unorm2_getNFKDInstance(error);
    default: *error = U_ILLEGAL_ARGUMENT_ERROR; return NULL;
  }
}

int32_t xling_normalize(int32_t form, const uint16_t *text, int32_t length, uint16_t *output,
                        int32_t capacity) {
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2 *instance = normalizer(form, &error);
  if (U_FAILURE(error)) return -(int32_t)error;
  int32_t needed = unorm2_normalize(instance, (const UChar *)text, length, (UChar *)output,
                                    capacity, &error);
  return length_or_error(needed, error);
}

int32_t xling_is_normalized(int32_t form, const uint16_t *text, int32_t length) {
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2 *instance = normalizer(form, &error);
  if (U_FAILURE(error)) return -(int32_t)error;
  UBool yes = unorm2_isNormalized(instance, (const UChar *)text, length, &error);
  return U_FAILURE(error) ? -(int32_t)error : yes != 0;
}

int32_t xling_general_category(uint32_t scalar) { return u_charType((UChar32)scalar); }

int32_t xling_script(uint32_t scalar) {
  UErrorCode error = U_ZERO_ERROR;
  UScriptCode script = uscript_getScript((UChar32)scalar, &error);
  return U_SUCCESS(error) ? script : USCRIPT_UNKNOWN;
}

int32_t xling_age(uint32_t scalar) {
  UVersionInfo version;
  u_charAge((UChar32)scalar, version);
  return version[0];
}

int32_t xling_is_white_space(uint32_t scalar) { return u_isUWhiteSpace((UChar32)scalar) != 0; }

uint32_t xling_simple_lowercase(uint32_t scalar) { return (uint32_t)u_tolower((UChar32)scalar); }

int32_t xling_combining_class(uint32_t scalar) { return u_getCombiningClass((UChar32)scalar); }

int32_t xling_decomposition(uint32_t scalar, uint16_t output[64]) {
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2 *instance = unorm2_getNFDInstance(&error);
  if (U_FAILURE(error)) return -1;
  return unorm2_getDecomposition(instance, (UChar32)scalar, (UChar *)output, 64, &error);
}

int32_t xling_composition(uint32_t first, uint32_t second) {
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2 *instance = unorm2_getNFCInstance(&error);
  if (U_FAILURE(error)) return -1;
  return unorm2_composePair(instance, (UChar32)first, (UChar32)second);
}

int32_t xling_boundary_before(int32_t form, uint32_t scalar) {
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2 *instance = normalizer(form, &error);
  return U_SUCCESS(error) && unorm2_hasBoundaryBefore(instance, (UChar32)scalar);
}

const char *xling_script_name(uint32_t scalar) {
  UErrorCode error = U_ZERO_ERROR;
  UScriptCode script = uscript_getScript((UChar32)scalar, &error);
  const char *name = U_FAILURE(error) ? NULL : uscript_getName(script);
  return name ? name : "Unknown";
}

int32_t xling_scalar_traits(uint8_t *table) {
  UErrorCode error = U_ZERO_ERROR;
  unorm2_getNFDInstance(&error);
  if (U_FAILURE(error)) return -(int32_t)error;
  for (UChar32 c = 0; c < 0x110000; c++) {
    // Nothing in planes 4 to 13, 15 and 16 is encoded or ever had a trait.
    if (c == 0x40000) c = 0xE0000;
    if (c == 0xF0000) break;
    // What is not assigned has none, nor have unified ideographs, which are most of the rest; both
    // cost one look-up in place of five.
    int8_t type = u_charType(c);
    if (type == U_UNASSIGNED || type == U_SURROGATE || type == U_PRIVATE_USE_CHAR) continue;
    if (type == U_OTHER_LETTER && u_hasBinaryProperty(c, UCHAR_UNIFIED_IDEOGRAPH)) continue;
    int combining = u_getCombiningClass(c) != 0;
    uint8_t traits = u_tolower(c) != c || c == 0x130 ? 1 : 0;
    int same = u_getIntPropertyValue(c, UCHAR_NFD_QUICK_CHECK) == UNORM_YES;
    if (combining || !same) traits |= 2;
    if (combining || u_getIntPropertyValue(c, UCHAR_NFC_QUICK_CHECK) != UNORM_YES) traits |= 4;
    if (combining || u_getIntPropertyValue(c, UCHAR_NFKC_QUICK_CHECK) != UNORM_YES) traits |= 8;
    table[c] = traits;
  }
  return 0;
}

const char *xling_script_code(uint32_t scalar) {
  UErrorCode error = U_ZERO_ERROR;
  UScriptCode script = uscript_getScript((UChar32)scalar, &error);
  const char *name = U_FAILURE(error) ? NULL : uscript_getShortName(script);
  return name ? name : "Zzzz";
}

typedef struct {
  UBreakIterator *iterator;
  UChar *units;
  // For every unit, and for the end, the byte where its scalar starts.
  int32_t *places;
  int32_t *bounds;
  int32_t capacity;
} xling_words;

void *xling_words_open(const char *locale, int32_t *error) {
  UErrorCode status = U_ZERO_ERROR;
  *error = 0;
  xling_words *words = calloc(1, sizeof(*words));
  if (words == NULL) {
    *error = U_MEMORY_ALLOCATION_ERROR;
    return NULL;
  }
  words->iterator = ubrk_open(UBRK_WORD, locale, NULL, 0, &status);
  if (U_FAILURE(status)) {
    *error = (int32_t)status;
    free(words);
    return NULL;
  }
  return words;
}

void xling_words_close(void *opened) {
  xling_words *words = opened;
  ubrk_close(words->iterator);
  free(words->units);
  free(words->places);
  free(words->bounds);
  free(words);
}

// Room for as many units as there are bytes, and for words of one unit each.
static int grow_words(xling_words *words, int32_t length) {
  if (length <= words->capacity) return 1;
  size_t capacity = (size_t)length + (size_t)length / 2 + 64;
  UChar *units = realloc(words->units, capacity * sizeof(*units));
  if (units) words->units = units;
  int32_t *places = realloc(words->places, (capacity + 1) * sizeof(*places));
  if (places) words->places = places;
  int32_t *bounds = realloc(words->bounds, 2 * capacity * sizeof(*bounds));
  if (bounds) words->bounds = bounds;
  if (!units || !places || !bounds) return 0;
  words->capacity = (int32_t)capacity;
  return 1;
}

int32_t xling_words_find(void *opened, const uint8_t *text, int32_t length,
                         const int32_t **bounds) {
  xling_words *words = opened;
  if (length > 1 << 29 || !grow_words(words, length)) return -U_MEMORY_ALLOCATION_ERROR;
  int32_t units = 0, at = 0;
  while (at < length) {
    int32_t start = at;
    UChar32 scalar;
    U8_NEXT_OR_FFFD(text, at, length, scalar);
    words->places[units] = start;
    if (scalar < 0x10000) {
      words->units[units++] = (UChar)scalar;
    } else {
      words->units[units++] = U16_LEAD(scalar);
      words->places[units] = start;
      words->units[units++] = U16_TRAIL(scalar);
    }
  }
  words->places[units] = length;
  UErrorCode error = U_ZERO_ERROR;
  ubrk_setText(words->iterator, words->units, units, &error);
  if (U_FAILURE(error)) return -(int32_t)error;
  int32_t count = 0, from = ubrk_first(words->iterator);
  for (int32_t to = ubrk_next(words->iterator); to != UBRK_DONE;
       to = ubrk_next(words->iterator)) {
    if (ubrk_getRuleStatus(words->iterator) >= UBRK_WORD_NONE_LIMIT) {
      words->bounds[2 * count] = words->places[from];
      words->bounds[2 * count + 1] = words->places[to];
      count++;
    }
    from = to;
  }
  *bounds = words->bounds;
  return count;
}
