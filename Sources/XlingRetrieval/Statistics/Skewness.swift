extension Resamples {
  /// The skewness of `values`, one a cluster (m3 / m2^1.5 of central moments, Fisher-Pearson), with its
  /// 95 % percentile interval; 0 where all are equal. Throws ``RetrievalFailure``.
  public func skewness(of values: [Double]) throws(RetrievalFailure) -> Estimate {
    guard !values.isEmpty else { throw .empty(what: "the skewness") }
    try check(Clusters(independent: values.count), queries: values.count)
    let ones = [Double](repeating: 1, count: values.count)
    // About the mean, where the powers lose nothing to cancellation.
    let mean = values.reduce(0, +) / Double(values.count)
    let powers = (1...3).map { power in
      values.map { value in (0..<power).reduce(1.0) { product, _ in product * (value - mean) } }
    }
    let drawn = replicates(of: powers.map { .mean(sums: $0, sizes: ones) })
    let replicates = drawn[0].indices.map {
      Self.skewness(drawn[0][$0], drawn[1][$0], drawn[2][$0])
    }
    let moments = powers.map { $0.reduce(0, +) / Double(values.count) }
    return Estimate(
      value: Self.skewness(moments[0], moments[1], moments[2]),
      interval: interval(replicates, [Clusters(independent: values.count)]), n: values.count,
      method: method)
  }

  /// From the means of the first three powers.
  private static func skewness(_ first: Double, _ second: Double, _ third: Double) -> Double {
    let variance = second - first * first
    guard variance > 1e-12 else { return 0 }
    let cubed = third - 3 * first * second + 2 * first * first * first
    return cubed / (variance * variance.squareRoot())
  }
}
