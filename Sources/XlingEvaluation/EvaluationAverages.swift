import XlingExperiments
import XlingRetrieval

/// What several evaluations of one run say together; drawn pictures are the same in all of them.
public struct EvaluationAverages {
  private let evaluations: [Evaluation]
  private let evaluator: Evaluator
  private let subsets: [String]

  public init(_ evaluations: [Evaluation], _ evaluator: Evaluator) {
    self.evaluations = evaluations
    self.evaluator = evaluator
    var subsets: [String] = []
    for evaluation in evaluations where !subsets.contains(evaluation.measured.subset) {
      subsets.append(evaluation.measured.subset)
    }
    self.subsets = subsets
  }

  /// The mean over languages, each weighing the same, of every metric that is a mean; nothing for one
  /// language. Throws `RetrievalFailure`.
  public func means(_ metrics: [Metric]) throws -> [ResultRow] {
    var rows: [ResultRow] = []
    for subset in subsets {
      for direction in Direction.allCases.reversed() {
        let parts = evaluations.filter {
          $0.measured.subset == subset && $0.direction == direction
        }
        guard parts.count > 1 else { continue }
        let ranked = try parts.map(queries)
        for metric in metrics where metric.aggregation == .mean {
          let mean = try evaluator.resamples.macroAverage(
            metric, of: ranked, ties: evaluator.plan.ties)
          let chance = metric.meanChance(parts.map(\.ranking))
          rows.append(row(metric.name, mean, chance, metric.isRate, direction, "mean", parts))
        }
      }
    }
    return rows
  }

  /// rsum of each language, where R@1, R@5 and R@10 are measured. Throws `RetrievalFailure`.
  public func sums(_ metrics: [Metric]) throws -> [ResultRow] {
    let measured = Set(metrics.map(\.name))
    guard ["R@1", "R@5", "R@10"].allSatisfy(measured.contains) else { return [] }
    var rows: [ResultRow] = []
    for subset in subsets {
      let parts = evaluations.filter { $0.measured.subset == subset }
      var languages: [String] = []
      for part in parts where !languages.contains(part.language) { languages.append(part.language) }
      for language in languages {
        let both = parts.filter { $0.language == language }
        guard both.count == 2 else { continue }
        let sum = try evaluator.resamples.recallSum(
          of: try both.map(queries), ties: evaluator.plan.ties)
        let chance = Metric.recallSumChance(both.map(\.ranking))
        rows.append(row("rsum", sum, chance, true, nil, language, both))
      }
    }
    return rows
  }

  private func queries(_ evaluation: Evaluation) throws -> RankedQueries {
    RankedQueries(
      evaluation.ranking,
      clusters: try Clusters(numbered: evaluation.pictures, count: evaluator.items.count))
  }

  private func row(
    _ metric: String, _ estimate: Estimate, _ chance: Double?, _ isRate: Bool,
    _ direction: Direction?, _ language: String, _ parts: [Evaluation]
  ) -> ResultRow {
    ResultRow(
      metric, estimate, chance: chance, isRate: isRate, direction: direction, language: language,
      ties: parts.reduce(0) { $0 + $1.ranking.tieCount }, run: parts[0].run,
      measured: parts[0].measured)
  }
}
