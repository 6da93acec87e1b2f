import XlingCore

/// Bootstrap draws of clusters with replacement (Efron 1979), made once and shared: every language
/// and method over the same number of pictures sees the same draws, which pairs them for free.
public struct Resamples: Sendable {
  public let clusterCount: Int
  public let count: Int
  /// [count, clusterCount], how often each cluster was drawn.
  private let multiplicities: [UInt16]

  public init(clusterCount: Int, count: Int = 1_000, seed: UInt64) {
    self.clusterCount = clusterCount
    self.count = count
    var drawn = [UInt16](repeating: 0, count: clusterCount * count)
    drawn.withUnsafeMutableBufferPointer { drawn in
      for resample in 0..<count {
        var stream = RandomStream(seed: seed, "bootstrap", clusterCount, resample)
        for _ in 0..<clusterCount {
          drawn[resample * clusterCount + stream.index(clusterCount)] += 1
        }
      }
    }
    multiplicities = drawn
  }

  var method: String { "bootstrap-percentile-\(count)" }

  /// `metric` over `ranking` with its 95 % percentile interval.
  ///
  /// Throws ``RetrievalFailure`` when the ranking is empty or the clusters do not fit it.
  public func estimate(
    _ metric: Metric, of ranking: Ranking, ties: TieBreaking = .pessimistic, clusters: Clusters
  ) throws(RetrievalFailure) -> Estimate {
    let value = try metric.value(ranking, ties: ties)
    let values = try metric.values(ranking, ties: ties)
    try check(clusters, queries: values.count)
    let replicates: [Double]
    switch metric.aggregation {
    case .mean: replicates = means(sums: clusters.sums(values), sizes: clusters.sizes)
    case .median: replicates = medians(values, clusters)
    }
    let (low, high) = Self.percentiles(replicates)
    return Estimate(value: value, low: low, high: high, n: values.count, method: method)
  }

  /// The mean of `values` with its 95 % percentile interval. Throws ``RetrievalFailure``.
  public func mean(
    of values: [Double], clusters: Clusters
  ) throws(RetrievalFailure) -> Estimate {
    guard !values.isEmpty else { throw .empty(what: "the mean") }
    try check(clusters, queries: values.count)
    let (low, high) = Self.percentiles(
      means(sums: clusters.sums(values), sizes: clusters.sizes))
    return Estimate(
      value: values.reduce(0, +) / Double(values.count), low: low, high: high, n: values.count,
      method: method)
  }

  func check(_ clusters: Clusters, queries: Int) throws(RetrievalFailure) {
    guard clusters.ofQuery.count == queries else {
      throw .shape(
        what: "clusters", expected: "one for each of \(queries) queries",
        found: "\(clusters.ofQuery.count)")
    }
    guard clusters.count == clusterCount else {
      throw .shape(
        what: "bootstrap draws", expected: "\(clusters.count) clusters", found: "\(clusterCount)")
    }
  }

  /// The ratio of drawn sums to drawn sizes, for each resample.
  func means(sums: [Double], sizes: [Double]) -> [Double] {
    var means = [Double](repeating: 0, count: count)
    multiplicities.withUnsafeBufferPointer { drawn in
      for resample in 0..<count {
        let row = resample * clusterCount
        var sum = 0.0
        var size = 0.0
        for cluster in 0..<clusterCount {
          let times = Double(drawn[row + cluster])
          sum += times * sums[cluster]
          size += times * sizes[cluster]
        }
        // A draw may miss a small language altogether: nothing was found then.
        means[resample] = size > 0 ? sum / size : 0
      }
    }
    return means
  }

  private func medians(_ values: [Double], _ clusters: Clusters) -> [Double] {
    // Sorted once; a resample then is a walk with weights.
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    let sorted = order.map { (value: values[$0], cluster: Int(clusters.ofQuery[$0])) }
    return (0..<count).map { resample in
      let row = resample * clusterCount
      let total = sorted.reduce(0) { $0 + Int(multiplicities[row + $1.cluster]) }
      var seen = 0
      var lower: Double?
      for entry in sorted {
        seen += Int(multiplicities[row + entry.cluster])
        if lower == nil, seen > (total - 1) / 2 { lower = entry.value }
        if seen > total / 2 { return ((lower ?? entry.value) + entry.value) / 2 }
      }
      return lower ?? 0
    }
  }

  /// 2.5 and 97.5 % by linear interpolation between order statistics (Hyndman and Fan's type 7).
  static func percentiles(_ values: [Double]) -> (low: Double, high: Double) {
    let sorted = values.sorted()
    func at(_ share: Double) -> Double {
      let place = share * Double(sorted.count - 1)
      let lower = Int(place)
      let upper = min(lower + 1, sorted.count - 1)
      // a + (b - a) f, exact where both are equal.
      return sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
    }
    return (at(0.025), at(0.975))
  }
}
