import XlingCore
import XlingData
import XlingLanguages

/// A language that exists, but in which a dataset has no caption.
enum EvalLanguageFailure: Failure, Equatable {
  case notInDataset(given: String, dataset: String, split: String, has: [String])

  var exitStatus: ExitStatus { .missingInput }

  var description: String {
    switch self {
    case .notInDataset(let given, let dataset, let split, let has):
      "\(dataset) has no \(split) caption in \(given). It has, nearest first: "
        + has.joined(separator: ", ") + "."
    }
  }
}

/// From what a user calls a language to a dataset's code for it.
enum EvalLanguages {
  /// `all`, or codes and names; each once, in the order given. Throws
  /// `LanguageFailure.unknownLanguage` with suggestions, ``EvalLanguageFailure``.
  static func resolve(_ given: [String], in dataset: Dataset, split: Split) throws -> [String] {
    if given.contains("all") {
      return dataset.languages(in: split)
    }
    var seen: Set<String> = []
    return try given.map { try resolve($0, in: dataset, split: split) }
      .filter { seen.insert($0).inserted }
  }

  static func resolve(_ given: String, in dataset: Dataset, split: Split) throws -> String {
    // A dataset's own codes need no card.
    if dataset.coverage(given, split).n > 0 { return given }
    let present = dataset.languages(in: split)
    let cards = try Languages.load()
    let language = try cards.find(given)
    let codes = [language.code] + language.aliases
    if let code = codes.first(where: present.contains) { return code }
    throw EvalLanguageFailure.notInDataset(
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
