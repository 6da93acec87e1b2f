import Foundation
import XlingCore
import XlingLanguages

/// A language that exists, but in which a dataset has no caption.
public enum DatasetLanguageFailure: Failure, Equatable {
  case notInDataset(given: String, dataset: String, split: String, has: [String])

  public var exitStatus: ExitStatus { .missingInput }

  public var description: String {
    switch self {
    case .notInDataset(let given, let dataset, let split, let has):
      has.isEmpty
        ? "\(dataset) has no \(split) captions at all, in \(given) or otherwise. `xling data show` lists "
          + "what it has; name another split or dataset."
        : "\(dataset) has no \(split) caption in \(given). It has, nearest first: "
          + MessageList.of(has) + "."
    }
  }
}

/// From what a user calls a language to a dataset's code for it.
public enum DatasetLanguages {
  /// Words as they are given: `tr,de` are two languages.
  public static func words(_ given: [String]) -> [String] {
    given.flatMap { $0.split(separator: ",") }.map(String.init)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  /// Before data are read: refuses what no card knows and what is no code of two or three letters,
  /// which a dataset may have without a card (`x-…` too). Other words are looked for in `file`, a
  /// list of captions or class names, byte by byte: a key of that name is there or not. Throws
  /// `LanguageFailure.unknownLanguage`.
  public static func check(_ given: [String], file: String? = nil) throws {
    let unclear = given.filter { $0 != "all" && !isShortCode($0) }
    guard !unclear.isEmpty else { return }
    let cards = try Languages.load()
    for text in unclear {
      do {
        _ = try cards.find(text)
      } catch {
        if let file, holds("\"\(text)\"", file) { continue }
        throw error
      }
    }
  }

  private static func isShortCode(_ text: String) -> Bool {
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "_" }
    let isPrivate = parts.count > 1 && ["x", "i"].contains(parts[0].lowercased())
    return (isPrivate || (2...3).contains(parts[0].utf8.count))
      && parts.allSatisfy { part in
        (1...8).contains(part.utf8.count)
          && part.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
          }
      }
  }

  private static func holds(_ text: String, _ file: String) -> Bool {
    let bytes = try? Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
    return bytes?.range(of: Data(text.utf8)) != nil
  }

  /// `all`, or codes and names; each once, in the order given. Throws
  /// `LanguageFailure.unknownLanguage` with suggestions, ``DatasetLanguageFailure``.
  public static func resolve(_ given: [String], in dataset: Dataset, split: Split) throws
    -> [String]
  {
    if given.contains("all") {
      return dataset.languages(in: split)
    }
    var seen: Set<String> = []
    return try given.map { try resolve($0, in: dataset, split: split) }
      .filter { seen.insert($0).inserted }
  }

  public static func resolve(_ given: String, in dataset: Dataset, split: Split) throws -> String {
    // A dataset's own codes need no card.
    if dataset.coverage(given, split).n > 0 { return given }
    let present = dataset.languages(in: split)
    if let code = try LanguageSpellings.load().language(given), present.contains(code) {
      return code
    }
    let cards = try Languages.load()
    let language = try cards.find(given)
    let codes = [language.code] + language.aliases
    if let code = codes.first(where: present.contains) { return code }
    throw DatasetLanguageFailure.notInDataset(
      given: "\(language.code) (\(language.name))", dataset: dataset.folder,
      split: split.rawValue, has: nearest(to: language, among: present, cards))
  }

  /// Variants of the same language first, then the same script, then names spelled alike.
  static func nearest(
    to language: Language, among codes: [String], _ cards: Languages
  ) -> [String] {
    func subtag(_ code: String) -> Substring { code.prefix { $0 != "-" && $0 != "_" } }
    let order = codes.map { code -> (kind: Int, distance: Int, code: String) in
      let card = cards[code: code]
      let kind =
        subtag(code) == subtag(language.code) ? 0 : card?.script == language.script ? 1 : 2
      return (kind, Spelling.distance(card?.name ?? code, language.name), code)
    }
    return order.sorted { $0 < $1 }.map(\.code)
  }
}
