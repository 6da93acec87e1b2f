import XlingCore

/// Errors of the language cards.
public enum LanguageFailure: Failure, Equatable {
  case badCard(path: String, expected: String, found: String)
  case unknownLanguage(given: String, suggestions: [String])
  /// No card has this value of a filter ("script", "family", "model or evaluation set").
  case unknownFilter(kind: String, given: String, nearest: String?, known: [String])
  /// Every filter has languages ("script Cyrl: 12"), all together have none.
  case noLanguage(filters: [String])

  public var exitStatus: ExitStatus {
    switch self {
    case .badCard: .badData
    case .unknownLanguage, .unknownFilter, .noLanguage: .usage
    }
  }

  public var description: String {
    switch self {
    case .badCard(let path, let expected, let found):
      "\(path): expected \(expected), found \(found). Mend the card."
    case .unknownLanguage(let given, let suggestions):
      "there is no language \"\(given)\"."
        + (suggestions.isEmpty ? "" : " Did you mean \(suggestions.joined(separator: " or "))?")
        + " A language is its code (tr) or English name (Turkish); one card in languages/ each."
    case .unknownFilter(let kind, let given, let nearest, let known):
      "no language has the \(kind) \"\(given)\"."
        + (nearest.map { " Did you mean \($0)?" } ?? "")
        + " There are: \(MessageList.of(known, limit: 100))."
    case .noLanguage(let filters):
      "no language has all of it: \(filters.joined(separator: "; ")). Leave a filter out."
    }
  }
}
