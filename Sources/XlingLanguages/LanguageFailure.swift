import XlingCore

/// Errors of the language cards.
public enum LanguageFailure: Failure, Equatable {
  case badCard(path: String, expected: String, found: String)
  case unknownLanguage(given: String, suggestions: [String])

  public var exitStatus: ExitStatus {
    switch self {
    case .badCard: .badData
    case .unknownLanguage: .usage
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
    }
  }
}
