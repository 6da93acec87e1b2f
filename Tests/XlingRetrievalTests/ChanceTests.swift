import Foundation
import Testing
import XlingCore

@testable import XlingRetrieval

@Suite struct ChanceTests {
  /// Every way in which `gold` correct items can stand among `items`, one a query.
  private func allOrders(gold: Int, items: Int) throws -> Ranking {
    let sets = (0..<1 << items).filter { $0.nonzeroBitCount == gold }
    let golds = sets.map { set in (0..<items).filter { set >> $0 & 1 == 1 }.map(Int32.init) }
    let falling = (0..<items).map { Float(-$0) }
    return try Ranking(
      scores: sets.flatMap { _ in falling }, gallerySize: items, gold: GoldRelation(golds))
  }

  private static let metrics =
    Metric.standard.filter { $0.aggregation == .mean }
    + [1, 3, 7, 20].flatMap { k in
      ["R@", "nDCG@", "P@", "recall fraction@"].compactMap { Metric.named($0 + "\(k)") }
    }

  /// The mean over all orders is the expectation over uniformly random ones, whichever way ties count.
  @Test(arguments: 1...7)
  func isTheMeanOverAllOrders(gold: Int) throws {
    let ranking = try allOrders(gold: gold, items: 7)
    for metric in Self.metrics {
      for ties in TieBreaking.allCases {
        let mean = try metric.value(ranking, ties: ties)
        let chance = try #require(metric.chance(ranking))
        #expect(abs(mean - chance) < 1e-12, "\(metric.name), \(gold)")
      }
    }
  }

  /// A constant scorer's ties, averaged over all orders, are what chance is.
  @Test func isWhatAConstantScorerReachesOnAverage() throws {
    let gold = GoldRelation((0..<9).map { query in (0...Int32(query % 4)).map { $0 * 3 } })
    let ranking = try Ranking(
      scores: [Float](repeating: 1, count: 9 * 23), gallerySize: 23, gold: gold)
    for metric in Self.metrics {
      let chance = try #require(metric.chance(ranking))
      #expect(abs(try metric.value(ranking, ties: .expected) - chance) < 1e-12, "\(metric.name)")
    }
  }

  /// All triples and quadruples of independent ranks of 5 items.
  @Test(arguments: [3, 4], [1, 2])
  func medianRankIsTheMeanOverAllTuples(queries: Int, gold: Int) throws {
    let ranks = try allOrders(gold: gold, items: 5)
    var (sum, count) = (0.0, 0)
    func walk(_ chosen: [Int]) throws {
      if chosen.count == queries {
        sum += try Metric.medianRank.value(ranks.subset(chosen))
        count += 1
        return
      }
      for next in 0..<ranks.count { try walk(chosen + [next]) }
    }
    try walk([])
    let some = ranks.subset((0..<queries).map { $0 % ranks.count })
    let chance = try #require(Metric.medianRank.chance(some))
    #expect(abs(chance - sum / Double(count)) < 1e-10)
  }

  /// Simulated: 400 studies of 300 queries with 1 to 5 correct items of 80.
  @Test func agreesWithSimulation() throws {
    let counts = (0..<300).map { $0 % 5 + 1 }
    var sums = [Double](repeating: 0, count: Self.metrics.count)
    var chances: [Double?] = []
    for study in 0..<400 {
      var stream = RandomStream(seed: 4, "chance", study)
      let scores = (0..<300 * 80).map { _ in Float(stream.uniform()) }
      let ranking = try Ranking(
        scores: scores, gallerySize: 80, gold: GoldRelation(counts.map { Array(0..<Int32($0)) }))
      for (index, metric) in Self.metrics.enumerated() { sums[index] += try metric.value(ranking) }
      chances = Self.metrics.map { $0.chance(ranking) }
      #expect(Metric.medianRank.chance(ranking) == nil)
    }
    for (index, metric) in Self.metrics.enumerated() {
      let chance = try #require(chances[index])
      // A rate's mean over 120,000 queries strays by 0.0015 at the most.
      let tolerance = metric.isRate ? 0.006 : 0.3
      #expect(abs(sums[index] / 400 - chance) < tolerance, "\(metric.name)")
    }
  }

  @Test func largeGalleries() throws {
    // Continuous uniforms have their median at m / (n + 1); a place is half a place beyond.
    let median = Chance.medianRank(count: 25_000, gold: 1, items: 5_000)
    #expect(abs(median - 2_500.5) < 1e-6)
    #expect(abs(Chance.success(within: 10, gold: 1, items: 5_000) - 0.002) < 1e-15)
    #expect(abs(Chance.reciprocalRank(gold: 1, items: 1_000) - 0.007485470860550345) < 1e-15)
    // Against the plain sum of binomial probabilities.
    #expect(abs(Chance.atLeast(3, of: 5, probability: 0.3) - 0.16308) < 1e-12)
    #expect(Chance.atLeast(1, of: 5, probability: 0) == 0)
  }

  @Test func sumsAndMeans() throws {
    let one = try allOrders(gold: 1, items: 7)
    let two = try allOrders(gold: 2, items: 7)
    let sum = try #require(Metric.recallSumChance([one, two]))
    #expect(abs(sum - (1 / 7.0 + 5 / 7.0 + 1 + 2 / 7.0 + (1 - 1 / 21.0) + 1)) < 1e-12)
    let mean = try #require(Metric.recall(at: 1).meanChance([one, two]))
    #expect(abs(mean - 1.5 / 7) < 1e-12)
    let estimate = Estimate(value: 0.1, low: 0.05, high: 0.2, n: 9, method: "")
    #expect([0.05, 0.2, 0.21].map(estimate.covers) == [true, true, false])
  }
}
