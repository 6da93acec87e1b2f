/// One language in one direction, for averages over languages.
public struct RankedQueries: Sendable {
  public let ranking: Ranking
  /// Numbered alike in all parts of an average.
  public let clusters: Clusters

  public init(_ ranking: Ranking, clusters: Clusters) {
    self.ranking = ranking
    self.clusters = clusters
  }
}

extension Resamples {
  /// The mean over `parts` (languages, directions) of a mean metric, each part weighing the same.
  /// Pictures are drawn once for all parts, so their dependence is in the interval. `n` counts the
  /// queries of all parts.
  ///
  /// Throws ``RetrievalFailure`` for no parts, an empty one, or clusters that do not fit.
  public func macroAverage(
    _ metric: Metric, of parts: [RankedQueries], ties: TieBreaking = .pessimistic
  ) throws(RetrievalFailure) -> Estimate {
    var values: [[Double]] = []
    for part in parts { values.append(try metric.values(part.ranking, ties: ties)) }
    return try macroAverage(values: values, parts, metric)
  }

  func macroAverage(
    values: [[Double]], _ parts: [RankedQueries], _ metric: Metric
  ) throws(RetrievalFailure) -> Estimate {
    guard !parts.isEmpty else { throw .empty(what: "the average") }
    guard metric.aggregation == .mean else {
      throw .shape(what: "average", expected: "a metric that is a mean", found: metric.name)
    }
    var value = 0.0
    var replicates = [Double](repeating: 0, count: count)
    var wanted: [Replicated] = []
    for (values, part) in zip(values, parts) {
      guard !values.isEmpty else { throw .empty(what: "a part of the average") }
      try check(part.clusters, queries: values.count)
      value += values.reduce(0, +) / Double(values.count)
      wanted.append(.mean(sums: part.clusters.sums(values), sizes: part.clusters.sizes))
    }
    for means in self.replicates(of: wanted) {
      for index in 0..<count { replicates[index] += means[index] }
    }
    let share = 1 / Double(parts.count)
    return Estimate(
      value: value * share,
      interval: interval(replicates.map { $0 * share }, parts.map(\.clusters)),
      n: parts.reduce(0) { $0 + $1.ranking.count }, method: "macro-" + method)
  }
}

extension Resamples {
  /// The sum of R@1, R@5 and R@10 in both directions, 0...6. Throws ``RetrievalFailure``.
  public func recallSum(
    of parts: [RankedQueries], ties: TieBreaking = .pessimistic
  ) throws(RetrievalFailure) -> Estimate {
    var values: [[Double]] = []
    var repeated: [RankedQueries] = []
    let metrics = [1, 5, 10].map { Metric.recall(at: $0) }
    for part in parts {
      for metric in metrics {
        values.append(try metric.values(part.ranking, ties: ties))
        repeated.append(part)
      }
    }
    let mean = try macroAverage(values: values, repeated, metrics[0])
    let scale = Double(values.count)
    let sum = mean.scaled(by: scale)
    return Estimate(
      value: sum.value, low: sum.low, high: sum.high,
      n: parts.reduce(0) { $0 + $1.ranking.count }, method: "sum-" + method)
  }
}

extension Comparison {
  /// The difference of two macro averages over the same parts, tested with one sign a picture for
  /// all parts together. Throws ``RetrievalFailure``.
  public init(
    macro metric: Metric, of first: [RankedQueries], minus second: [RankedQueries],
    ties: TieBreaking = .pessimistic, resamples: Resamples, flips: Int = 2_000, seed: UInt64
  ) throws(RetrievalFailure) {
    guard first.count == second.count else {
      throw .unpaired(what: "parts", first: first.count, second: second.count)
    }
    var values: [[Double]] = []
    var sums = [Double](repeating: 0, count: resamples.clusterCount)
    for (one, other) in zip(first, second) {
      guard one.ranking.count == other.ranking.count, one.clusters == other.clusters else {
        throw .unpaired(what: "queries", first: one.ranking.count, second: other.ranking.count)
      }
      let differences = zip(
        try metric.values(one.ranking, ties: ties), try metric.values(other.ranking, ties: ties)
      ).map { $0 - $1 }
      try resamples.check(one.clusters, queries: differences.count)
      let weight = 1 / Double(max(1, differences.count) * first.count)
      for (cluster, sum) in one.clusters.sums(differences).enumerated() {
        sums[cluster] += sum * weight
      }
      values.append(differences)
    }
    let average = try resamples.macroAverage(values: values, first, metric)
    self.init(
      difference: Estimate(
        value: average.value, low: average.low, high: average.high, n: average.n,
        method: "paired-" + average.method),
      pValue: average.hasInterval ? SignFlip.pValue(sums, flips: flips, seed: seed) : nil,
      detectable: average.hasInterval
        ? Detectable.difference(clusterSums: sums, queries: 1) : nil)
  }
}
