import Foundation
import XlingCore
import XlingData

/// Translations that stand for a language's captions (translate-test): the run reads them as captions of the
/// language that it was aligned on.
public struct TranslatedCaptions: Sendable, Equatable {
  /// The dataset's code of the language translated from.
  public let language: String
  public let path: String
  /// As many as captions, in their order.
  public let texts: [String]
  /// SHA-256 of the texts, in their order.
  public let hash: String

  /// Behind a subset's name in protocols: results under it are none of the captions themselves.
  public static let label = ", translate-test"

  /// What a protocol's captions say of it.
  var words: String {
    "; translate-test: \(texts.count) translations of \(language) \(hash.prefix(12))"
  }

  /// The captions of `gold`, of a picture each its first so many: one a line in their order, or, where every
  /// line has a tab, `ID<TAB>TEXT` in any order. An id is a picture's name in the data, behind it `#` and the
  /// caption's number from 0 where the picture has several. Throws ``TranslationFailure``, `TextFailure`,
  /// `ForeignFileFailure`, `FileFailure`.
  public init(path: String, language: String, of gold: Dataset.Gold) throws {
    let data = try AtomicFile.read(
      path, hint: "--translations takes a file with a translation a line.")
    let lines = DatasetReader.lines(try TextBytes.utf8(data, path: path)).map {
      String(decoding: $0, as: UTF8.self)
    }
    let tabbed = lines.count { $0.utf8.contains(0x09) }
    guard tabbed == 0 || tabbed == lines.count else {
      let line = lines.firstIndex { !$0.utf8.contains(0x09) } ?? 0
      throw TranslationFailure.badLine(
        path: path, line: line + 1, expected: "an id, a tab and a text, as on other lines",
        found: "no tab")
    }
    texts =
      tabbed == 0
      ? try Self.inOrder(lines, gold, path) : try Self.byName(lines, gold, path)
    (self.language, self.path) = (language, path)
    hash = Digest.of(texts.joined(separator: "\n"))
  }

  private static func inOrder(
    _ lines: [String], _ gold: Dataset.Gold, _ path: String
  ) throws -> [String] {
    guard lines.count == gold.captions.count else {
      throw TranslationFailure.count(
        path: path, expected: gold.captions.count, found: lines.count)
    }
    return try lines.enumerated().map { try text($1[...], line: $0 + 1, path) }
  }

  private static func byName(
    _ lines: [String], _ gold: Dataset.Gold, _ path: String
  ) throws -> [String] {
    var places: [String: Int] = [:]
    var number = 0
    for (place, image) in gold.imageOfCaption.enumerated() {
      number = place > 0 && gold.imageOfCaption[place - 1] == image ? number + 1 : 0
      places["\(gold.items[image].image)#\(number)"] = place
    }
    var found = [String?](repeating: nil, count: gold.captions.count)
    for (index, line) in lines.enumerated() {
      let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      let id = String(parts[0])
      // The only caption of a picture needs no number.
      let alone = places[id + "#1"] == nil ? places[id + "#0"] : nil
      guard let place = places[id] ?? alone else {
        throw TranslationFailure.badLine(
          path: path, line: index + 1,
          expected:
            "the id of a caption, such as \(gold.items[0].image) or \(gold.items[0].image)#0",
          found: "\"\(id)\"")
      }
      guard found[place] == nil else {
        throw TranslationFailure.badLine(
          path: path, line: index + 1, expected: "each caption once", found: "\"\(id)\" again")
      }
      found[place] = try text(parts[1], line: index + 1, path)
    }
    let missing = found.indices.filter { found[$0] == nil }
    guard missing.isEmpty else {
      let ids = Dictionary(places.map { ($1, $0) }) { first, _ in first }
      throw TranslationFailure.missing(
        path: path, ids: missing.prefix(3).compactMap { ids[$0] }, count: missing.count)
    }
    return found.compactMap { $0 }
  }

  private static func text(_ text: Substring, line: Int, _ path: String) throws -> String {
    let text = text.trimmingCharacters(in: .whitespaces)
    guard !text.isEmpty else {
      throw TranslationFailure.badLine(
        path: path, line: line, expected: "a translation", found: "nothing")
    }
    return text
  }
}

/// Translations that do not stand for the captions that are there.
public enum TranslationFailure: Failure, Equatable {
  /// `line` counts from 1.
  case badLine(path: String, line: Int, expected: String, found: String)
  case count(path: String, expected: Int, found: Int)
  case missing(path: String, ids: [String], count: Int)
  /// Translations are of one language, which is not that of the run.
  case languages(given: [String])
  case ownLanguage(String)

  public var exitStatus: ExitStatus {
    switch self {
    case .badLine, .count, .missing: .badData
    case .languages, .ownLanguage: .usage
    }
  }

  public var description: String {
    switch self {
    case .badLine(let path, let line, let expected, let found):
      "\(path), line \(line): expected \(expected), found \(TerminalText.visible(found)). Mend that line."
    case .count(let path, let expected, let found):
      "\(path): expected \(expected) lines, one a caption in the order of captions.jsonl, found \(found). "
        + "A line that is missing or stands twice moves every one behind it to another picture; with "
        + "ID<TAB>TEXT on each line the file says which is whose."
    case .missing(let path, let ids, let count):
      "\(path) lacks the translations of \(count) captions (\(ids.joined(separator: ", "))"
        + (count > ids.count ? ", …" : "") + "). Add them."
    case .languages(let given):
      "--translations are of one language, and "
        + (given.isEmpty ? "none is" : given.joined(separator: ", ") + " are")
        + " evaluated: name one by --lang."
    case .ownLanguage(let language):
      "--translations of \(language): the run was aligned on that language, so there is nothing to translate. "
        + "Name another --lang."
    }
  }
}
