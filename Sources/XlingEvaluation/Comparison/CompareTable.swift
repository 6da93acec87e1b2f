import XlingExperiments
import XlingRetrieval

/// All runs by language, as LilT's Table 2 (Khan and Fu 2023): one block a direction, one row a
/// run, and the languages that it won, tied and lost against the first run.
public struct CompareTable: Codable, Sendable, Equatable {
  /// Languages whose corrected p is below 5 %, and the others that were tested.
  public struct Tally: Codable, Sendable, Equatable {
    public let won: Int
    public let tied: Int
    public let lost: Int
  }

  public struct Row: Codable, Sendable, Equatable {
    public let label: String
    /// Language by language; nil where the run lacks it.
    public let cells: [EstimateRow?]
    /// nil for the first run, and where nothing is tested.
    public let tally: Tally?
  }

  public struct Block: Codable, Sendable, Equatable {
    public let direction: String
    public let rows: [Row]
    /// What chance is expected to reach, on the scale of the cells; nil where it has no closed
    /// form.
    public let chance: [Double?]
  }

  public let languages: [String]
  /// Those of ``languages`` that some run was aligned on; they do not count as won or lost.
  public let aligned: [String]
  public let blocks: [Block]

  /// `rows` are those of `tests`. Throws `RetrievalFailure`.
  public init(_ tests: CompareTests, _ rows: [CompareRow]) throws {
    let evaluations = tests.evaluations
    let scale = tests.metric.isRate ? 100.0 : 1
    languages = evaluations.languages
    aligned = evaluations.languages.filter(evaluations.aligned.contains)
    blocks = try Direction.allCases.reversed().map { direction in
      Block(
        direction: direction.words,
        rows: try evaluations.labels.enumerated().map { entry, label in
          Row(
            label: label,
            cells: try evaluations.languages.map { language in
              let parts = try tests.parts(entry, [language], direction)
              guard !parts.isEmpty else { return nil }
              return EstimateRow(
                try tests.resamples.macroAverage(tests.metric, of: parts, ties: tests.ties),
                scale: scale)
            }, tally: entry == 0 ? nil : Self.tally(rows, tests, entry, direction))
        },
        // All runs answer the same queries.
        chance: try evaluations.languages.map { language in
          tests.metric.meanChance(try tests.parts(0, [language], direction).map(\.ranking))
            .map { scale * $0 }
        })
    }
  }

  private static func tally(
    _ rows: [CompareRow], _ tests: CompareTests, _ entry: Int, _ direction: Direction
  ) -> Tally? {
    let evaluations = tests.evaluations
    let counted = rows.filter {
      $0.second == evaluations.labels[entry] && $0.direction == direction.words
        && $0.language != CompareRow.mean && !evaluations.aligned.contains($0.language)
    }
    .filter { $0.p != nil }
    let areAllUntested = counted.isEmpty && !rows.isEmpty && rows.allSatisfy { $0.p == nil }
    guard !areAllUntested else { return nil }
    let decided = counted.filter { ($0.pHolm ?? $0.p ?? 1) < 0.05 && $0.difference != 0 }
    // Differences are first minus second.
    let won = decided.count { ($0.difference < 0) == tests.metric.higherIsBetter }
    return Tally(won: won, tied: counted.count - decided.count, lost: decided.count - won)
  }
}
