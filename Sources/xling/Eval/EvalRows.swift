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

extension TextTable {
  /// Recall in percent with its interval, one row a language and direction, and what chance would reach.
  init(_ evaluations: [Evaluation], _ metrics: [Metric], partial: Set<String>) {
    let names = metrics.map(\.name)
    var rows = [["language", "direction", "n"] + names + ["ties", "chance"]]
    for evaluation in evaluations {
      let mark = partial.contains(evaluation.language) ? "*" : ""
      rows.append(
        [evaluation.language + mark, evaluation.direction.words, "\(evaluation.ranking.count)"]
          + metrics.map { metric in
            evaluation.metrics[metric.name].map {
              Figures.estimate(
                $0, isRate: metric.isRate, chance: metric.chance(evaluation.ranking))
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
    self.init(rows, leading: 2)
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
