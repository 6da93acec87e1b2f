import CKernels
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
    multiplicities = [UInt16](unsafeUninitializedCapacity: clusterCount * count) { drawn, filled in
      drawn.initialize(repeating: 0)
      let drawn = drawn
      Parallel.ranges(count, grain: 64) { part in
        for resample in part {
          var stream = RandomStream(seed: seed, "bootstrap", clusterCount, resample)
          for _ in 0..<clusterCount {
            drawn[resample * clusterCount + stream.index(clusterCount)] += 1
          }
        }
      }
      filled = clusterCount * count
    }
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
    let totals = drawn(sizes)
    // A draw may miss a small language altogether: nothing was found then.
    return zip(drawn(sums), totals).map { $1 > 0 ? $0 / $1 : 0 }
  }

  /// The sum of what was drawn of `values` [clusterCount], for each resample.
  private func drawn(_ values: [Double]) -> [Double] {
    precondition(values.count == clusterCount)
    return [Double](unsafeUninitializedCapacity: count) { sums, initialized in
      multiplicities.withUnsafeBufferPointer { weights in
        values.withUnsafeBufferPointer { values in
          guard let out = sums.baseAddress, let weights = weights.baseAddress else { return }
          Parallel.ranges(count, grain: 256) { part in
            xk_weighted_sums(
              weights + part.lowerBound * clusterCount, values.baseAddress, out + part.lowerBound,
              Int64(part.count), Int64(clusterCount))
          }
        }
      }
      initialized = count
    }
  }

  private func medians(_ values: [Double], _ clusters: Clusters) -> [Double] {
    // Sorted once; a resample then is a walk with weights, half of the way.
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    let sorted = order.map { values[$0] }
    let owners = order.map { Int(clusters.ofQuery[$0]) }
    let totals = drawn(clusters.sizes)
    return [Double](unsafeUninitializedCapacity: count) { medians, initialized in
      let out = medians
      Parallel.ranges(count, grain: 256) { part in
        for resample in part {
          let row = resample * clusterCount
          let (lower, upper) = ((Int(totals[resample]) - 1) / 2, Int(totals[resample]) / 2)
          var seen = 0
          var low: Double?
          out[resample] = 0
          for (place, owner) in owners.enumerated() {
            seen += Int(multiplicities[row + owner])
            if low == nil, seen > lower { low = sorted[place] }
            if let low, seen > upper {
              out[resample] = (low + sorted[place]) / 2
              break
            }
          }
        }
      }
      initialized = count
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
