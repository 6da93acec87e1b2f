/// How well forecasts of what was left out came out. Rates and errors are shares: 0.05 is 5 points.
public struct ForecastSkill: Sendable, Equatable, Codable {
  public let languages: Int
  /// What was left out at a time: languages, or families with all of theirs.
  public let folds: Int
  /// Mean absolute error, and that of predicting the mean of the languages that were not left out.
  public let error: Estimate
  public let errorOfMean: Estimate
  /// Shares of the languages.
  public let within5: Estimate
  public let within5OfMean: Estimate
  public let within10: Estimate
  public let rankCorrelation: Estimate
  /// Of the prediction intervals: what share covers, and how wide they are; nil where the rest is too small
  /// for any.
  public let coverage: Estimate?
  public let width: Estimate?
  /// Mean of width + (2 / α) × the distance of what was measured from the interval (Gneiting and Raftery
  /// 2007): low is good.
  public let intervalScore: Estimate?

  public var ratio: Double { errorOfMean.value > 0 ? error.value / errorOfMean.value : 1 }

  /// One language when it was left out.
  struct Outcome {
    var measured: Double
    var forecast: Double
    var mean: Double
    var interval: (low: Double, high: Double)?
  }

  /// `folds`: of each outcome. Languages of a fold are drawn together.
  init(_ outcomes: [Outcome], folds: [Int], level: Double) throws(RetrievalFailure) {
    let count = (folds.max() ?? -1) + 1
    let clusters = try Clusters(numbered: folds.map(Int32.init), count: count)
    let resamples = Resamples(clusterCount: count, seed: 0)
    func mean(_ values: [Double]) throws(RetrievalFailure) -> Estimate {
      let estimate = try resamples.mean(of: values, clusters: clusters)
      return count < Clusters.fewest ? estimate.withoutInterval : estimate
    }
    let errors = outcomes.map { abs($0.measured - $0.forecast) }
    let meanErrors = outcomes.map { abs($0.measured - $0.mean) }
    func within(_ errors: [Double], _ limit: Double) -> [Double] {
      errors.map { $0 <= limit + 1e-12 ? 1 : 0 }
    }
    (languages, self.folds) = (outcomes.count, count)
    error = try mean(errors)
    errorOfMean = try mean(meanErrors)
    within5 = try mean(within(errors, 0.05))
    within5OfMean = try mean(within(meanErrors, 0.05))
    within10 = try mean(within(errors, 0.1))
    rankCorrelation = RankCorrelation.spearman(
      outcomes.map(\.measured), outcomes.map(\.forecast))
    let intervals = outcomes.compactMap(\.interval)
    guard intervals.count == outcomes.count else {
      (coverage, width, intervalScore) = (nil, nil, nil)
      return
    }
    let missed = zip(outcomes, intervals).map { outcome, interval in
      max(0, interval.low - outcome.measured, outcome.measured - interval.high)
    }
    coverage = try mean(missed.map { $0 == 0 ? 1 : 0 })
    width = try mean(intervals.map { $0.high - $0.low })
    intervalScore = try mean(
      zip(intervals, missed).map { $0.high - $0.low + 2 / (1 - level) * $1 })
  }
}
