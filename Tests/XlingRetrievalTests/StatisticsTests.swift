import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingRetrieval

@Suite struct StatisticsTests {
  private func ranking(_ above: [Int32]) throws -> Ranking {
    let ones = [Int32](repeating: 1, count: above.count)
    return try Ranking(
      above: above, tiedWrong: [Int32](repeating: 0, count: above.count), tiedGold: ones,
      goldCount: ones, gallerySize: 100)
  }

  @Test func sameSeedSameInterval() throws {
    let ranks = try ranking((0..<60).map { Int32($0 * 7 % 30) })
    let clusters = Clusters(independent: 60)
    let first = try Resamples(clusterCount: 60, count: 300, seed: 5)
      .estimate(.recall(at: 10), of: ranks, clusters: clusters)
    let second = try Resamples(clusterCount: 60, count: 300, seed: 5)
      .estimate(.recall(at: 10), of: ranks, clusters: clusters)
    #expect(first == second)
    let bounds = (try #require(first.low), try #require(first.high))
    #expect(bounds.0 < first.value && first.value < bounds.1 && first.n == 60)
    let other = try Resamples(clusterCount: 60, count: 300, seed: 6)
      .estimate(.medianRank, of: ranks, clusters: clusters)
    #expect(try #require(other.low) <= other.value && other.value <= (try #require(other.high)))
  }

  /// Whole numbers are summed as such: halves, which are not, come to half of that to the bit.
  @Test func wholeNumbersAreSummedExactly() {
    for clusters in [5, 64, 300, 40_000] {
      let resamples = Resamples(clusterCount: clusters, count: 40, seed: 5)
      var stream = RandomStream(seed: 3, "whole numbers", clusters)
      let sizes = [Double](repeating: 1, count: clusters)
      for largest in [6, 32_767] {
        let whole = (0..<clusters).map { _ in Double(stream.index(2 * largest + 1) - largest) }
        let halves = resamples.means(sums: whole.map { $0 / 2 }, sizes: sizes)
        #expect(resamples.means(sums: whole, sizes: sizes) == halves.map { $0 * 2 })
      }
    }
  }

  /// Many clusters are drawn again for every use; the numbers are those of draws that are kept.
  @Test func drawsThatAreNotKeptAreTheSame() throws {
    let ranks = try ranking((0..<90).map { Int32($0 * 7 % 30) })
    let queries = RankedQueries(ranks, clusters: Clusters((0..<90).map { $0 / 3 }))
    func estimates(keptLimit: Int) throws -> [Estimate] {
      let resamples = Resamples(clusterCount: 30, count: 200, seed: 5, keptLimit: keptLimit)
      return try resamples.estimates(Metric.standard, of: queries)
        + [try resamples.recallSum(of: [queries, queries])]
    }
    let kept = try estimates(keptLimit: 6_000)
    #expect(try estimates(keptLimit: 5_999) == kept)
    let draws = Resamples(clusterCount: 30, count: 200, seed: 5)
    let alone = try Metric.standard.map {
      try draws.estimate($0, of: ranks, clusters: queries.clusters)
    }
    #expect(alone == Array(kept.dropLast()))
  }

  /// 2,000 studies of 300 coins: 95 % of the intervals should hold the truth, and the share found
  /// strays by half a point.
  @Test(arguments: [0.15, 0.4, 0.8])
  func intervalsCoverTheTruth(truth: Double) throws {
    let resamples = Resamples(clusterCount: 300, count: 1_000, seed: 1)
    var covered = 0
    for study in 0..<2_000 {
      var stream = RandomStream(seed: 11, "study", study)
      let ranks = try ranking((0..<300).map { _ in stream.uniform() < truth ? 0 : 50 })
      let estimate = try resamples.estimate(
        .recall(at: 10), of: ranks, clusters: Clusters(independent: 300))
      if estimate.covers(truth) == true { covered += 1 }
    }
    #expect((0.93...0.97).contains(Double(covered) / 2_000), "\(covered) of 2,000")
  }

  /// The interval of five captions a picture that share its luck, against the variance of cluster
  /// means that the simulation itself has.
  @Test func clusteredIntervalsCoverTheTruth() throws {
    let resamples = Resamples(clusterCount: 200, count: 1_000, seed: 2)
    let clusters = Clusters((0..<1_000).map { Int32($0 / 5) })
    var covered = 0
    for study in 0..<1_000 {
      var stream = RandomStream(seed: 12, "clustered", study)
      let ranks = try ranking(
        (0..<200).flatMap { _ -> [Int32] in
          let share = stream.uniform()
          return (0..<5).map { _ in stream.uniform() < share ? 0 : 50 }
        })
      let estimate = try resamples.estimate(.recall(at: 10), of: ranks, clusters: clusters)
      if estimate.covers(0.5) == true { covered += 1 }
    }
    #expect((0.93...0.97).contains(Double(covered) / 1_000), "\(covered) of 1,000")
  }

  private struct SciPy: Decodable {
    let first: [Double]
    let second: [Double]
    let meanInterval: [Double]
    let pairedInterval: [Double]
    let small: Int
    let exactP: Double
  }

  /// Percentile bootstrap and paired permutation test of scipy (scripts/generate_retrieval_goldens.py).
  @Test func agreesWithSciPy() throws {
    let url = URL(fileURLWithPath: Fixtures.path("retrieval/statistics.json"))
    let golden = try JSONDecoder().decode(SciPy.self, from: Data(contentsOf: url))
    func ranks(_ hits: [Double]) throws -> Ranking { try ranking(hits.map { $0 == 1 ? 0 : 50 }) }
    let (first, second) = (try ranks(golden.first), try ranks(golden.second))
    let clusters = Clusters(independent: golden.first.count)
    let resamples = Resamples(clusterCount: golden.first.count, count: 20_000, seed: 3)
    let mean = try resamples.estimate(.recall(at: 1), of: first, clusters: clusters)
    // A step of the mean is 1/60; 20,000 resamples find the same step or its neighbour.
    #expect(abs(try #require(mean.low) - golden.meanInterval[0]) < 1.01 / 60)
    #expect(abs(try #require(mean.high) - golden.meanInterval[1]) < 1.01 / 60)
    let paired = try Comparison(
      .recall(at: 1), of: first, minus: second, clusters: clusters, resamples: resamples, seed: 1)
    #expect(abs(try #require(paired.difference.low) - golden.pairedInterval[0]) < 1.01 / 60)
    #expect(abs(try #require(paired.difference.high) - golden.pairedInterval[1]) < 1.01 / 60)
    let differences = zip(golden.first, golden.second).map { $0 - $1 }.prefix(golden.small)
    let p = SignFlip.pValue(Array(differences), flips: 50_000, seed: 5)
    #expect(abs(p - golden.exactP) < 0.01)
  }

  @Test func linkedCaptionsAndPicturesAreOneCluster() throws {
    // Caption 1 shows pictures 0 and 2, so 0, 1 and 2 hang together; picture 3 has no caption.
    let gold = GoldRelation([[0], [2, 0], [1], [], [2]])
    let clusters = try Clusters.linked(gold, imageCount: 4)
    #expect(clusters.texts.ofQuery == [0, 0, 1, 0] && clusters.texts.count == 2)
    #expect(clusters.images.ofQuery == [0, 1, 0] && clusters.images.count == 2)
    let single = try Clusters.linked(GoldRelation(single: [1, 0, 1]), imageCount: 2)
    #expect(single.texts.ofQuery == [1, 0, 1])
  }

  @Test func sumOfRecalls() throws {
    let ranks = try ranking((0..<40).map { [0, 3, 7, 50][$0 % 4] })
    let part = RankedQueries(ranks, clusters: Clusters(independent: 40))
    let sum = try Resamples(clusterCount: 40, count: 100, seed: 1).recallSum(of: [part, part])
    #expect(abs(sum.value - 2 * (0.25 + 0.5 + 0.75)) < 1e-12 && sum.n == 80)
    let (low, high) = (try #require(sum.low), try #require(sum.high))
    #expect(low >= 0 && high <= 6 && low < high)
  }

  /// Sixty captions of twelve pictures are twelve observations.
  @Test(arguments: [(12, false), (29, false), (30, true)])
  func fewClustersClaimNoInterval(pictures: Int, claims: Bool) throws {
    let ranks = try ranking((0..<pictures * 5).map { Int32($0 % 3) })
    let none = try ranking((0..<pictures * 5).map { _ in 40 })
    let clusters = Clusters((0..<pictures * 5).map { Int32($0 / 5) })
    #expect(clusters.occupied == pictures)
    let part = RankedQueries(ranks, clusters: clusters)
    let resamples = Resamples(clusterCount: pictures, count: 200, seed: 1)
    let values = (0..<pictures).map { Double($0 * $0) }
    for estimate in try resamples.estimates(Metric.standard, of: part) + [
      resamples.recallSum(of: [part, part]),
      resamples.macroAverage(.meanReciprocalRank, of: [part]),
      resamples.skewness(of: values),
    ] {
      #expect(estimate.hasInterval == claims && (estimate.halfWidth != nil) == claims)
      #expect((estimate.covers(0.5) != nil) == claims)
    }
    let paired = try Comparison(
      .recall(at: 1), of: ranks, minus: none, clusters: clusters, resamples: resamples, seed: 1)
    #expect(
      paired.difference.hasInterval == claims && abs(paired.difference.value - 1 / 3.0) < 0.02)
    #expect((paired.pValue != nil) == claims && (paired.detectable != nil) == claims)
    let macro = try Comparison(
      macro: .recall(at: 1), of: [part], minus: [RankedQueries(none, clusters: clusters)],
      resamples: resamples, seed: 1)
    #expect((macro.pValue != nil) == claims && (macro.detectable != nil) == claims)
  }

  /// Clusters of a small language among those of the split: those without a query do not count, and
  /// parts of a mean count together.
  @Test func emptyClustersDoNotCount() throws {
    let few = try Clusters(numbered: Array(0..<20), count: 40)
    let others = try Clusters(numbered: Array(20..<40), count: 40)
    let ranks = try ranking((0..<20).map { Int32($0 % 2) })
    let resamples = Resamples(clusterCount: 40, count: 100, seed: 1)
    #expect(
      try !resamples.estimate(.recall(at: 1), of: ranks, clusters: few).hasInterval)
    let parts = [few, others].map { RankedQueries(ranks, clusters: $0) }
    #expect(try resamples.macroAverage(.recall(at: 1), of: parts).hasInterval)
    #expect(try !resamples.macroAverage(.recall(at: 1), of: [parts[0], parts[0]]).hasInterval)
  }

  /// JSON says that there is none: a key that is left out would say nothing.
  @Test func noIntervalIsNull() throws {
    let bare = Estimate(value: 0.5, low: nil, high: nil, n: 12, method: "m")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = String(decoding: try encoder.encode(bare), as: UTF8.self)
    #expect(json == #"{"high":null,"low":null,"method":"m","n":12,"value":0.5}"#)
    #expect(try JSONDecoder().decode(Estimate.self, from: Data(json.utf8)) == bare)
    let short = Data(#"{"method":"m","n":12,"value":0.5}"#.utf8)
    #expect(try JSONDecoder().decode(Estimate.self, from: short) == bare)
  }

  @Test func clustersWidenIntervals() throws {
    // Five captions a picture that are all found or all missed are one fact, not five.
    let above = (0..<200).map { Int32($0 / 5 % 2 == 0 ? 0 : 50) }
    let ranks = try ranking(above)
    let pictures = Clusters((0..<200).map { Int32($0 / 5) })
    let wide = try Resamples(clusterCount: 40, seed: 2)
      .estimate(.recall(at: 1), of: ranks, clusters: pictures)
    let narrow = try Resamples(clusterCount: 200, seed: 2)
      .estimate(.recall(at: 1), of: ranks, clusters: Clusters(independent: 200))
    #expect(try #require(wide.halfWidth) > 1.7 * (try #require(narrow.halfWidth)))
    #expect(wide.value == 0.5 && narrow.value == 0.5)
  }

  @Test func comparesPairs() throws {
    let good = try ranking([Int32](repeating: 0, count: 50))
    let bad = try ranking((0..<50).map { $0 < 12 ? 40 : 0 })
    let clusters = Clusters(independent: 50)
    let resamples = Resamples(clusterCount: 50, count: 500, seed: 3)
    let comparison = try Comparison(
      .recall(at: 1), of: good, minus: bad, clusters: clusters, resamples: resamples, seed: 4)
    #expect(abs(comparison.difference.value - 0.24) < 1e-12)
    #expect(try #require(comparison.difference.low) > 0)
    // 12 differing queries of one sign: the exact p is 2 / 4096.
    #expect(try #require(comparison.pValue) < 0.004)
    let same = try Comparison(
      .recall(at: 1), of: good, minus: good, clusters: clusters, resamples: resamples, seed: 4)
    #expect(same.pValue == 1 && same.difference.value == 0 && same.difference.high == 0)
    #expect(throws: RetrievalFailure.unpaired(what: "queries", first: 50, second: 1)) {
      try Comparison(
        .recall(at: 1), of: good, minus: ranking([0]), clusters: clusters, resamples: resamples,
        seed: 4)
    }
  }

  @Test func averagesOverLanguages() throws {
    let good = try ranking((0..<40).map { $0 % 4 == 3 ? 50 : 0 })
    let bad = try ranking([0, 50])
    let all = try Clusters(numbered: Array(0..<40), count: 40)
    let part = try Clusters(numbered: [1, 2], count: 40)
    let resamples = Resamples(clusterCount: 40, count: 200, seed: 9)
    let same = try resamples.macroAverage(
      .recall(at: 1), of: [RankedQueries(good, clusters: all), RankedQueries(good, clusters: all)])
    let plain = try resamples.estimate(.recall(at: 1), of: good, clusters: all)
    #expect(same.value == plain.value && same.low == plain.low && same.high == plain.high)
    #expect(same.hasInterval)
    let mixed = try resamples.macroAverage(
      .recall(at: 1), of: [RankedQueries(good, clusters: all), RankedQueries(bad, clusters: part)])
    #expect(abs(mixed.value - 0.625) < 1e-12 && mixed.n == 42)
    let one = [RankedQueries(good, clusters: all)]
    let macro = try Comparison(
      macro: .recall(at: 1), of: one,
      minus: [
        RankedQueries(ranking((0..<40).map { [0, 50, 0, 50][$0 % 4] }), clusters: all)
      ],
      resamples: resamples, seed: 1)
    #expect(abs(macro.difference.value - 0.25) < 1e-12)
    // Ten differences of one sign: the exact p is 2 / 1024.
    #expect(try #require(macro.pValue) < 0.01)
    #expect(throws: RetrievalFailure.self) { try Clusters(numbered: [4], count: 4) }
  }

  @Test func holm() {
    let adjusted = Holm.adjusted([0.04, 0.01, 0.03])
    #expect(zip(adjusted, [0.06, 0.03, 0.06]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(Holm.adjusted([0.9, 0.8]) == [1, 1])
    #expect(Holm.adjusted([]).isEmpty)
  }

  @Test func detectableDifference() {
    #expect(abs(Detectable.normalQuantile(0.975) - 1.959963984540054) < 1e-9)
    // Half +1, half -1: variance 100/99, error 0.1005, times 2.8016.
    let sums = (0..<100).map { $0 % 2 == 0 ? 1.0 : -1.0 }
    #expect(abs(Detectable.difference(clusterSums: sums, queries: 100) - 0.28157) < 1e-4)
    #expect(Detectable.difference(clusterSums: [1], queries: 1) == .infinity)
  }

  @Test func percentiles() {
    let (low, high) = Resamples.percentiles((0...1000).map(Double.init))
    #expect(abs(low - 25) < 1e-9 && abs(high - 975) < 1e-9)
  }
}

@Suite struct FamilyResolutionTests {
  /// One clear difference stays significant among hundreds of tests: with too few flips Holm's
  /// correction could never find any.
  @Test(arguments: [2, 58, 240])
  func theLeastPValueSurvivesHolm(family: Int) {
    let sums = [Double](repeating: 1, count: 400)
    let p = SignFlip.pValue(sums, flips: Comparison.flips(family: family), seed: 0)
    let adjusted = Holm.adjusted([p] + [Double](repeating: 1, count: family - 1))
    #expect(adjusted[0] <= 0.01)
  }
}
