import CKernels
import XlingCore

/// Bootstrap draws of clusters with replacement (Efron 1979), made once and shared: every language
/// and method over the same number of pictures sees the same draws, which pairs them for free.
public struct Resamples: Sendable {
  public let clusterCount: Int
  public let count: Int
  private let seed: UInt64
  /// [count, clusterCount], how often each cluster was drawn; nil for many clusters, which are drawn
  /// again whenever they are asked for.
  private let kept: [UInt16]?

  /// Draws (64 MiB) that are kept.
  private static let keptLimit = 1 << 25

  public init(clusterCount: Int, count: Int = 1_000, seed: UInt64) {
    self.init(clusterCount: clusterCount, count: count, seed: seed, keptLimit: Self.keptLimit)
  }

  init(clusterCount: Int, count: Int, seed: UInt64, keptLimit: Int) {
    self.clusterCount = clusterCount
    self.count = count
    self.seed = seed
    guard clusterCount <= keptLimit / max(1, count) else {
      kept = nil
      return
    }
    kept = [UInt16](unsafeUninitializedCapacity: clusterCount * count) { drawn, filled in
      if let drawn = drawn.baseAddress {
        Parallel.ranges(count, grain: 16) { part in
          Self.draw(part, clusterCount, seed, into: drawn + part.lowerBound * clusterCount)
        }
      }
      filled = clusterCount * count
    }
  }

  /// Draws [resamples, clusterCount].
  private static func draw(
    _ resamples: Range<Int>, _ clusterCount: Int, _ seed: UInt64,
    into rows: UnsafeMutablePointer<UInt16>
  ) {
    rows.initialize(repeating: 0, count: resamples.count * clusterCount)
    for (place, resample) in resamples.enumerated() {
      let row = rows + place * clusterCount
      var stream = RandomStream(seed: seed, "bootstrap", clusterCount, resample)
      for _ in 0..<clusterCount { row[stream.index(clusterCount)] += 1 }
    }
  }

  /// Gives `body` all draws, [resamples, clusterCount] at a time, on all threads.
  private func forEachDraw(_ body: (Range<Int>, UnsafePointer<UInt16>) -> Void) {
    // Few enough that they stay in the cache while several sums are formed.
    let grain = max(1, min(16, (1 << 19) / max(1, clusterCount)))
    if let kept {
      kept.withUnsafeBufferPointer { draws in
        guard let draws = draws.baseAddress else { return }
        Parallel.ranges(count, grain: grain) { body($0, draws + $0.lowerBound * clusterCount) }
      }
      return
    }
    Parallel.ranges(count, grain: grain) { part in
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: part.count * clusterCount) { rows in
        guard let rows = rows.baseAddress else { return }
        Self.draw(part, clusterCount, seed, into: rows)
        body(part, rows)
      }
    }
  }

  var method: String { "bootstrap-percentile-\(count)" }

  /// `metric` over `ranking` with its 95 % percentile interval.
  ///
  /// Throws ``RetrievalFailure`` when the ranking is empty or the clusters do not fit it.
  public func estimate(
    _ metric: Metric, of ranking: Ranking, ties: TieBreaking = .pessimistic, clusters: Clusters
  ) throws(RetrievalFailure) -> Estimate {
    try estimates([metric], of: RankedQueries(ranking, clusters: clusters), ties: ties)[0]
  }

  /// The same for several metrics, which is faster than one at a time.
  public func estimates(
    _ metrics: [Metric], of queries: RankedQueries, ties: TieBreaking = .pessimistic
  ) throws(RetrievalFailure) -> [Estimate] {
    let clusters = queries.clusters
    try check(clusters, queries: queries.ranking.count)
    let sizes = clusters.sizes
    var estimates: [Estimate] = []
    // One pass over the draws for as many columns as 64 MiB hold.
    let group = max(1, (1 << 23) / max(1, clusterCount))
    for start in stride(from: 0, to: metrics.count, by: group) {
      let some = metrics[start..<min(metrics.count, start + group)]
      var values: [Double] = []
      var replicated: [Replicated] = []
      for metric in some {
        let own = try metric.values(queries.ranking, ties: ties)
        values.append(try metric.value(of: own))
        switch metric.aggregation {
        case .mean: replicated.append(.mean(sums: clusters.sums(own), sizes: sizes))
        case .median: replicated.append(.median(SortedValues(own, clusters), sizes: sizes))
        }
      }
      for (value, replicates) in zip(values, replicates(of: replicated)) {
        estimates.append(
          Estimate(
            value: value, interval: interval(replicates, [clusters]), n: queries.ranking.count,
            method: method))
      }
    }
    return estimates
  }

  /// The mean of `values` with its 95 % percentile interval. Throws ``RetrievalFailure``.
  public func mean(
    of values: [Double], clusters: Clusters
  ) throws(RetrievalFailure) -> Estimate {
    guard !values.isEmpty else { throw .empty(what: "the mean") }
    try check(clusters, queries: values.count)
    let replicates = means(sums: clusters.sums(values), sizes: clusters.sizes)
    return Estimate(
      value: values.reduce(0, +) / Double(values.count),
      interval: interval(replicates, [clusters]), n: values.count, method: method)
  }

  /// Of the replicates of a figure over `parts`; nil where too few independent clusters lie behind it
  /// (``Clusters/fewest``).
  func interval(_ replicates: [Double], _ parts: [Clusters]) -> (low: Double, high: Double)? {
    Clusters.occupied(parts) < Clusters.fewest ? nil : Self.percentiles(replicates)
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
    replicates(of: [.mean(sums: sums, sizes: sizes)])[0]
  }

  /// Queries in the order of their values: a resample's median then is a walk with weights, half of the
  /// way.
  struct SortedValues {
    fileprivate let values: [Double]
    fileprivate let clusters: [Int32]

    init(_ values: [Double], _ clusters: Clusters) {
      let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
      self.values = order.map { values[$0] }
      self.clusters = order.map { clusters.ofQuery[$0] }
    }

    /// Of a draw of `size` queries.
    fileprivate func median(_ draw: UnsafePointer<UInt16>, size: Int) -> Double {
      let (lower, upper) = ((size - 1) / 2, size / 2)
      var seen = 0
      var low: Double?
      for (value, cluster) in zip(values, clusters) {
        seen += Int(draw[Int(cluster)])
        if low == nil, seen > lower { low = value }
        if let low, seen > upper { return (low + value) / 2 }
      }
      return 0
    }
  }

  /// A number of each resample. Sums and sizes are of the clusters.
  enum Replicated {
    /// The ratio of what was drawn of either.
    case mean(sums: [Double], sizes: [Double])
    case median(SortedValues, sizes: [Double])

    fileprivate var sizes: [Double] {
      switch self {
      case .mean(_, let sizes), .median(_, let sizes): sizes
      }
    }
  }

  /// A number of each cluster. Hits and sizes are whole numbers, whose sums are exact in any form.
  private enum Column {
    case counts([Int16])
    case values([Double])

    init(_ values: [Double]) {
      let counts = values.compactMap { Int16(exactly: $0) }
      // A draw holds as many clusters as there are: no sum is larger than that many of the largest.
      let largest = counts.reduce(0) { max($0, Int($1.magnitude)) }
      let fits =
        counts.count == values.count && values.count <= Int(Int16.max)
        && values.count * largest <= Int(Int32.max)
      self = fits ? .counts(counts) : .values(values)
    }

    /// Of `rows` draws [rows, clusters].
    func sum(
      _ draws: UnsafePointer<UInt16>, _ rows: Int, _ clusters: Int,
      into sums: UnsafeMutablePointer<Double>
    ) {
      switch self {
      case .counts(let counts):
        xk_weighted_counts(draws, counts, sums, Int64(rows), Int64(clusters))
      case .values(let values):
        xk_weighted_sums(draws, values, sums, Int64(rows), Int64(clusters))
      }
    }
  }

  /// One number a resample for each of `wanted`, from one pass over the draws.
  func replicates(of wanted: [Replicated]) -> [[Double]] {
    // Columns of clusters whose drawn sums are needed; most share their sizes.
    var columns: [[Double]] = []
    func column(_ values: [Double]) -> Int {
      precondition(values.count == clusterCount)
      if let place = columns.firstIndex(of: values) { return place }
      columns.append(values)
      return columns.count - 1
    }
    let sizes = wanted.map { column($0.sizes) }
    let sums: [Int?] = wanted.map {
      if case .mean(let sums, _) = $0 { column(sums) } else { nil }
    }
    let summed = columns.map(Column.init)
    let drawn = UnsafeMutablePointer<Double>.allocate(capacity: max(1, columns.count * count))
    let medians = UnsafeMutablePointer<Double>.allocate(capacity: max(1, wanted.count * count))
    defer {
      drawn.deallocate()
      medians.deallocate()
    }
    forEachDraw { part, rows in
      for (place, column) in summed.enumerated() {
        column.sum(rows, part.count, clusterCount, into: drawn + place * count + part.lowerBound)
      }
      for (place, one) in wanted.enumerated() {
        guard case .median(let sorted, _) = one else { continue }
        for resample in part {
          medians[place * count + resample] = sorted.median(
            rows + (resample - part.lowerBound) * clusterCount,
            size: Int(drawn[sizes[place] * count + resample]))
        }
      }
    }
    return wanted.indices.map { place in
      guard let sum = sums[place] else {
        return Array(UnsafeBufferPointer(start: medians + place * count, count: count))
      }
      // A draw may miss a small language altogether: nothing was found then.
      return (0..<count).map { resample in
        let size = drawn[sizes[place] * count + resample]
        return size > 0 ? drawn[sum * count + resample] / size : 0
      }
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
