import Foundation
import XlingData
import XlingExperiments
import XlingRetrieval

extension Direction {
  /// As printed and in JSON.
  var words: String { self == .textToImage ? "text-to-image" : "image-to-text" }
}

/// One number of `xling eval --json`; the list of them is the whole output.
struct EvalRow: Encodable {
  let schema = "xling.eval/1"
  let metric: String
  let direction: String
  let language: String
  /// Percent for rates, places for ranks; `low` to `high` is the 95 % interval.
  let value: Double
  let low: Double
  let high: Double
  let unit: String
  let n: Int
  let ties: Int
  let partial: Bool
  let subset: String
  let run: String
  let `protocol`: String

  static func rows(_ evaluation: Evaluation, partial: Bool) -> [EvalRow] {
    Metric.standard.compactMap { metric in
      guard let estimate = evaluation.metrics[metric.name] else { return nil }
      let scale = metric.isRate ? 100.0 : 1
      return EvalRow(
        metric: metric.name, direction: evaluation.direction.words,
        language: evaluation.language, value: scale * estimate.value, low: scale * estimate.low,
        high: scale * estimate.high, unit: metric.isRate ? "percent" : "rank", n: estimate.n,
        ties: evaluation.ranking.tieCount, partial: partial, subset: evaluation.measured.subset,
        run: evaluation.run, protocol: evaluation.measured.hash)
    }
  }
}

/// Columns under one another: the first `leading` to the left, figures to the right.
enum EvalTable {
  static func text(_ rows: [[String]], leading: Int) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].unicodeScalars.count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
        line += (column == 0 ? "" : "  ") + (column < leading ? cell + padding : padding + cell)
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }

  /// Recall in percent with its interval, one row a language and direction.
  static func evaluations(_ evaluations: [Evaluation], partial: Set<String>) -> String {
    let names = ["R@1", "R@5", "R@10"]
    var rows = [["language", "direction", "n"] + names + ["ties"]]
    for evaluation in evaluations {
      let mark = partial.contains(evaluation.language) ? "*" : ""
      rows.append(
        [evaluation.language + mark, evaluation.direction.words, "\(evaluation.ranking.count)"]
          + names.map { evaluation.metrics[$0].map(percent) ?? "-" }
          + ["\(evaluation.ranking.tieCount)"])
    }
    return text(rows, leading: 2)
  }

  static func percent(_ estimate: Estimate) -> String {
    String(
      format: "%.1f [%.1f, %.1f]", 100 * estimate.value, 100 * estimate.low, 100 * estimate.high)
  }
}
