import XlingCore

/// Two systems on the same queries.
public struct Comparison: Sendable, Equatable, Codable {
  /// First minus second, with its paired bootstrap interval.
  public let difference: Estimate
  /// Two-sided p of the paired randomization test; nil where nothing is tested, since fewer than
  /// ``Clusters/fewest`` independent clusters lie behind it.
  @OrNull public private(set) var pValue: Double?
  /// The smallest true difference that this test finds with power 80 % at level 5 %; nil without a test.
  @OrNull public private(set) var detectable: Double?

  public init(difference: Estimate, pValue: Double?, detectable: Double?) {
    self.difference = difference
    self.pValue = pValue
    self.detectable = detectable
  }
}

extension Comparison {
  /// Sign flips that a family of tests needs: with f flips no p value is below 1 / (f + 1), and
  /// Holm's correction multiplies it by up to the family's size; this many leave the least
  /// corrected p at 1 %.
  public static func flips(family: Int) -> Int { max(2_000, 100 * family) }

  /// Compares a mean metric (rates, mean rank) of two rankings over the same queries.
  ///
  /// The interval is a percentile bootstrap over the clusters' differences; the p value is a
  /// sign-flip randomization test over clusters (Smucker, Allan and Carterette 2007).
  /// Throws ``RetrievalFailure/unpaired(what:first:second:)`` and those of `Resamples`.
  public init(
    _ metric: Metric, of first: Ranking, minus second: Ranking,
    ties: TieBreaking = .pessimistic, clusters: Clusters, resamples: Resamples,
    flips: Int = 2_000, seed: UInt64
  ) throws(RetrievalFailure) {
    guard first.count == second.count else {
      throw .unpaired(what: "queries", first: first.count, second: second.count)
    }
    guard first.gallerySize == second.gallerySize else {
      throw .unpaired(
        what: "gallery sizes", first: first.gallerySize, second: second.gallerySize)
    }
    guard metric.aggregation == .mean else {
      throw .shape(what: "paired test", expected: "a metric that is a mean", found: metric.name)
    }
    guard first.count > 0 else { throw .empty(what: "the ranking") }
    try resamples.check(clusters, queries: first.count)
    let differences = zip(
      try metric.values(first, ties: ties), try metric.values(second, ties: ties)
    )
    .map { $0 - $1 }
    let sums = clusters.sums(differences)
    let n = differences.count
    let isTested = clusters.occupied >= Clusters.fewest
    self.init(
      difference: Estimate(
        value: differences.reduce(0, +) / Double(n),
        interval: isTested
          ? Resamples.percentiles(resamples.means(sums: sums, sizes: clusters.sizes)) : nil,
        n: n, method: "paired-" + resamples.method),
      pValue: isTested ? SignFlip.pValue(sums, flips: flips, seed: seed) : nil,
      detectable: isTested ? Detectable.difference(clusterSums: sums, queries: n) : nil)
  }
}

/// The paired randomization test: under no difference each cluster's sign is a coin.
enum SignFlip {
  /// (1 + at least as extreme) / (1 + flips), which is never zero.
  static func pValue(_ sums: [Double], flips: Int, seed: UInt64) -> Double {
    let moving = sums.filter { $0 != 0 }
    let observed = abs(moving.reduce(0, +))
    // Sums in another order differ in their last bits; those count as equal.
    let slack = 1e-9 * moving.reduce(0) { $0 + abs($1) }
    var extreme = 0
    for flip in 0..<flips {
      var stream = RandomStream(seed: seed, "sign-flip", flip)
      var bits: UInt64 = 0
      var sum = 0.0
      for (index, value) in moving.enumerated() {
        if index & 63 == 0 { bits = stream.next() }
        sum += bits & 1 == 0 ? value : -value
        bits >>= 1
      }
      if abs(sum) >= observed - slack { extreme += 1 }
    }
    return Double(extreme + 1) / Double(flips + 1)
  }
}
