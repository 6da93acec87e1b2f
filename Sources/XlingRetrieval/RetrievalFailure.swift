import XlingCore

/// Errors of ranking and of its statistics.
public enum RetrievalFailure: Failure, Equatable {
  /// A score that is not a number has no place in any order.
  case notANumber(query: Int, item: Int)
  /// MAP and nDCG of a query with several correct items, of which only the best rank was kept.
  case onlyBestRanks(query: Int)
  case shape(what: String, expected: String, found: String)
  case noGold(query: Int)
  case goldOutOfRange(query: Int, item: Int, gallerySize: Int)
  case unpaired(what: String, first: Int, second: Int)
  case empty(what: String)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .notANumber(let query, let item):
      "the score of query \(query) and gallery item \(item) is not a number (NaN); a ranking needs "
        + "ordered scores. Look for a tower or a checkpoint that produces NaN."
    case .onlyBestRanks(let query):
      "query \(query) has several correct items, but this stored result has kept only the rank of "
        + "the best: MAP and nDCG need all. Evaluate again."
    case .shape(let what, let expected, let found):
      "\(what): expected \(expected), found \(found)."
    case .noGold(let query):
      "query \(query) has no correct item in the gallery: it can never be found. Leave it out "
        + "and count it, or add its item to the gallery."
    case .goldOutOfRange(let query, let item, let gallerySize):
      "query \(query) names gallery item \(item) as correct, but the gallery has items "
        + "0..<\(gallerySize)."
    case .unpaired(let what, let first, let second):
      "a paired test needs both systems on the same queries: \(what) \(first) against \(second). "
        + "Evaluate both on the same data, language and direction."
    case .empty(let what): "\(what) is empty: there is nothing to estimate."
    }
  }
}
