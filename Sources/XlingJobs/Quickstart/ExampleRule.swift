import XlingRetrieval

/// Which queries a report shows: right and wrong ones in equal parts, drawn and not chosen.
///
/// The languages take turns: of the first a query whose picture is found first, of the second one whose
/// picture is found within ten, of the third one that is missed, and so on. Among those it is the one whose
/// picture stands first in a given order that no result decides, and that was not shown before.
struct ExampleRule {
  enum Outcome: Int, CaseIterable {
    case first, withinTen, missed

    init(rank: Double) { self = rank <= 1 ? .first : rank <= 10 ? .withinTen : .missed }

    var words: String {
      switch self {
      case .first: "found first"
      case .withinTen: "found within ten"
      case .missed: "missed"
      }
    }
  }

  /// A query of a language: its place among the language's queries, its picture, and the rank of that.
  typealias Query = (place: Int, picture: Int, rank: Double)
  typealias Drawn = (language: String, place: Int, picture: Int, outcome: Outcome)

  /// The method whose results part right from wrong.
  let method: String

  /// For the page.
  var words: String {
    "Drawn by a rule, not chosen: a language each, in turn one query whose picture \(method) finds first, "
      + "finds within ten, and misses; of these the one whose picture comes first in an order by a hash of "
      + "the pictures' names."
  }

  /// `order` has all pictures. As many languages as make equal parts; one that has no query of its part
  /// is left out.
  func draw(_ languages: [(code: String, queries: [Query])], order: [Int]) -> [Drawn] {
    let parts = Outcome.allCases
    let place = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
    var shown: Set<Int> = []
    return languages.prefix(languages.count / parts.count * parts.count).enumerated()
      .compactMap { turn, language in
        let outcome = parts[turn % parts.count]
        let fitting = language.queries.filter {
          Outcome(rank: $0.rank) == outcome && !shown.contains($0.picture)
        }
        guard
          let query = fitting.min(by: {
            place[$0.picture, default: .max] < place[$1.picture, default: .max]
          })
        else { return nil }
        shown.insert(query.picture)
        return (language.code, query.place, query.picture, outcome)
      }
  }
}
