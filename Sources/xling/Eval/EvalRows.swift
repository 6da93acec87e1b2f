import Foundation
import XlingCore
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRetrieval

extension ResultRow {
  init(
    _ metric: MeasuredMetric, language: String, run: String? = nil, measured: EvaluationProtocol
  ) {
    self.init(
      metric.name, metric.estimate, chance: metric.chance, isRate: metric.isRate,
      direction: metric.direction, language: language, ties: metric.ties, run: run,
      measured: measured)
  }
}

/// Columns under one another: the first `leading` to the left, figures to the right.
enum EvalTable {
  static func text(_ cells: [[String]], leading: Int) -> String {
    let rows = cells.map { $0.map { TerminalText.visible($0) } }
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

  /// Recall in percent with its interval, one row a language and direction, and what chance would reach.
  static func evaluations(
    _ evaluations: [Evaluation], _ metrics: [Metric], partial: Set<String>
  ) -> String {
    let names = metrics.map(\.name)
    var rows = [["language", "direction", "n"] + names + ["ties", "chance"]]
    for evaluation in evaluations {
      let mark = partial.contains(evaluation.language) ? "*" : ""
      rows.append(
        [evaluation.language + mark, evaluation.direction.words, "\(evaluation.ranking.count)"]
          + metrics.map { metric in
            evaluation.metrics[metric.name].map {
              figure($0, isRate: metric.isRate, chance: metric.chance(evaluation.ranking))
            } ?? "-"
          }
          + [
            "\(evaluation.ranking.tieCount)",
            ChanceText.column(
              metrics.map { metric in
                metric.chance(evaluation.ranking).map { (metric.isRate ? 100 : 1) * $0 }
              }),
          ])
    }
    return text(rows, leading: 2)
  }

  /// Percent for rates, places for ranks; marked where the interval covers `chance`.
  static func figure(_ estimate: Estimate, isRate: Bool, chance: Double? = nil) -> String {
    let scale = isRate ? 100.0 : 1
    return String(
      format: "%.1f [%.1f, %.1f]", scale * estimate.value, scale * estimate.low,
      scale * estimate.high) + (chance.map(estimate.covers) == true ? ChanceText.mark : "")
  }

  /// Whether a figure of these is marked.
  static func isMarked(_ evaluations: [Evaluation], _ metrics: [Metric]) -> Bool {
    evaluations.contains { evaluation in
      metrics.contains { metric in
        guard let estimate = evaluation.metrics[metric.name] else { return false }
        return metric.chance(evaluation.ranking).map(estimate.covers) == true
      }
    }
  }
}
