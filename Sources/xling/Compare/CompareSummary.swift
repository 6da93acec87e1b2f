import Foundation
import XlingExperiments
import XlingReports
import XlingRetrieval

/// All runs by language, as LilT's Table 2 (Khan and Fu 2023): one block a direction, one row a run,
/// and the languages that it won, tied and lost against the first run.
struct CompareSummary {
  private let tests: CompareTests
  private let rows: [CompareRow]

  init(_ tests: CompareTests, _ rows: [CompareRow]) {
    self.tests = tests
    self.rows = rows
  }

  /// Won and lost are languages whose corrected p is below 5 %; languages that some run was aligned
  /// on do not count. Throws `RetrievalFailure`.
  var text: String {
    get throws {
      let evaluations = tests.evaluations
      var blocks: [String] = []
      for direction in Direction.allCases.reversed() {
        var table = [["run"] + evaluations.languages + ["W/T/L"]]
        for (entry, label) in evaluations.labels.enumerated() {
          let cells = try evaluations.languages.map { try cell(entry, $0, direction) }
          table.append([label] + cells + [tally(entry, direction)])
        }
        let chances = try evaluations.languages.map { try chance($0, direction) }
        table.append(["chance"] + chances.map { ChanceText.figure($0.map { scale * $0 }) } + ["–"])
        blocks.append(direction.words + "\n" + TextTable(table, leading: 1).text)
      }
      blocks.append(
        "± the larger half of the 95 % interval; n below. W/T/L: languages won, tied, lost against "
          + "\(evaluations.labels[0]) (Holm, 5 %)\(excluded). "
          + ChanceText.note(
            metrics: 1, marked: blocks.contains { $0.contains(ChanceText.mark) }))
      return blocks.joined(separator: "\n\n")
    }
  }

  private var excluded: String {
    let aligned = tests.evaluations.languages.filter(tests.evaluations.aligned.contains)
    return aligned.isEmpty ? "" : ", without \(aligned.joined(separator: " "))"
  }

  private func cell(_ entry: Int, _ language: String, _ direction: Direction) throws -> String {
    let parts = try tests.parts(entry, [language], direction)
    guard !parts.isEmpty else { return "–" }
    let estimate = try tests.resamples.macroAverage(tests.metric, of: parts, ties: tests.ties)
    let chance = try chance(language, direction)
    return String(format: "%.1f ±%.1f", scale * estimate.value, scale * estimate.halfWidth)
      + (chance.map(estimate.covers) == true ? ChanceText.mark : "")
  }

  private var scale: Double { tests.metric.isRate ? 100 : 1 }

  /// All runs answer the same queries.
  private func chance(_ language: String, _ direction: Direction) throws -> Double? {
    tests.metric.meanChance(try tests.parts(0, [language], direction).map(\.ranking))
  }

  private func tally(_ entry: Int, _ direction: Direction) -> String {
    guard entry > 0 else { return "–" }
    var (wins, ties, losses) = (0, 0, 0)
    for row in rows
    where row.second == tests.evaluations.labels[entry] && row.direction == direction.words
      && row.language != CompareRow.mean && !tests.evaluations.aligned.contains(row.language)
    {
      // Differences are first minus second.
      let isBetter = (row.difference < 0) == tests.metric.higherIsBetter
      if (row.pHolm ?? row.p) >= 0.05 || row.difference == 0 {
        ties += 1
      } else if isBetter {
        wins += 1
      } else {
        losses += 1
      }
    }
    return "\(wins)/\(ties)/\(losses)"
  }
}
