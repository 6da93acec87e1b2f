import XlingExperiments

extension ResultRow {
  public init(
    _ metric: MeasuredMetric, language: String, run: String? = nil, measured: EvaluationProtocol
  ) {
    self.init(
      metric.name, metric.estimate, chance: metric.chance, isRate: metric.isRate,
      direction: metric.direction, language: language, ties: metric.ties, run: run,
      measured: measured)
  }
}
