extension CrossedFigure {
  public var variance: CrossedVariance { CrossedVariance(parts) }

  /// How much wider than drawn the distances of the draws from their mean have to be: to the standard error of
  /// ``variance``, and from the normal distribution's 1.96 to Student's quantile for its degrees of freedom.
  var widening: Double {
    let deviation = Moments(replicates).deviation
    guard deviation > 0 else { return 0 }
    let variance = variance
    return variance.total.squareRoot() / deviation * StudentT.critical(freedom: variance.freedom)
      / Detectable.normalQuantile(0.975)
  }

  /// The value with its 95 % interval over seeds and pictures, over pictures alone of one seed: Student's t with
  /// the standard error and the degrees of freedom of ``variance``, as ``pValue`` has it.
  public var estimate: Estimate {
    let variance = variance
    let half = StudentT.critical(freedom: variance.freedom) * variance.total.squareRoot()
    return estimate("t") { (value - half, value + half) }
  }

  /// ``estimate`` of a rate, whose interval lies within 0...1 and is skewed near them: Wilson's (1927) for as many
  /// queries as would have the standard error of ``variance``, with Student's quantile (Korn and Graubard 1998 for
  /// that number of queries). Where nothing varies, for as many as there are pictures.
  public var rate: Estimate {
    estimate("wilson") {
      let variance = variance
      let quantile = StudentT.critical(freedom: variance.freedom)
      let square = quantile * quantile
      let spread = value * (1 - value)
      let queries =
        variance.total > 0 && spread > 0
        ? spread / variance.total : Double(max(1, isSeen.count { $0 }))
      let centre = (value + square / (2 * queries)) / (1 + square / queries)
      let half =
        quantile * (max(0, spread) / queries + square / (4 * queries * queries)).squareRoot()
        / (1 + square / queries)
      return (max(0, min(value, centre - half)), min(1, max(value, centre + half)))
    }
  }

  private func estimate(
    _ form: String, _ interval: () -> (low: Double, high: Double)
  ) -> Estimate {
    Estimate(
      value: value, interval: hasInterval ? interval() : nil, n: queries,
      method: (seeds > 1 ? "seeds-and-pictures-" : "pictures-") + form)
  }

  /// Two-sided, of no difference from 0: Student's t with the standard error of ``variance``. Nil where nothing
  /// is tested.
  public var pValue: Double? {
    guard hasInterval else { return nil }
    let variance = variance
    guard variance.total > 0 else { return value == 0 ? 1 : 0 }
    return StudentT.twoSided(value / variance.total.squareRoot(), freedom: variance.freedom)
  }

  /// The smallest true difference that would be found with power 80 % at level 5 %; nil without a test.
  public var detectable: Double? {
    guard hasInterval else { return nil }
    let variance = variance
    let quantiles =
      StudentT.critical(freedom: variance.freedom)
      + StudentT.critical(freedom: variance.freedom, level: 0.4)
    return quantiles * variance.total.squareRoot()
  }
}

/// Mean and standard deviation of draws.
struct Moments {
  let mean: Double
  let deviation: Double

  init(_ values: [Double]) {
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    deviation = (squares / Double(max(1, values.count - 1))).squareRoot()
  }
}
