import CKernels
import Foundation
import Testing
import XlingCore
import XlingTensor

@testable import XlingRetrieval

extension GoldCounts {
  /// `scores(query)`: of all items.
  fileprivate mutating func count(_ scores: (Int) -> [Double]) {
    for query in 0..<gold.queryCount {
      let row = scores(query)
      for slot in gold.range(query) {
        above[slot] = Int32(row.count { $0 > exact[slot] })
        tied[slot] = Int32(row.count { $0 == exact[slot] })
      }
    }
  }
}

/// Serialized: one of them chooses the kernel for the others.
@Suite(.serialized) struct RankingTests {
  @Test func byHand() throws {
    // Query 0: gold 1 (score 3), one above. Query 1: gold 0 and 2, best is 5, tied with item 3.
    let ranking = try Ranking(
      scores: [4, 3, 2, 1, 1, 0, 5, 5], gallerySize: 4, gold: GoldRelation([[1], [2, 0]]))
    #expect(ranking.above == [1, 0])
    #expect(ranking.tiedWrong == [0, 1])
    #expect(ranking.tiedGold == [1, 1])
    #expect(ranking.goldCount == [1, 2])
    #expect(ranking.tieCount == 1)
    #expect(ranking.rank(1) == 2 && ranking.rank(1, .optimistic) == 1)
    #expect(ranking.rank(1, .expected) == 1.5)
    #expect(ranking.found(1, within: 1, .expected) == 0.5)
    #expect(ranking.reciprocalRank(1, .expected) == 0.75)
    #expect(try Metric.recall(at: 1).value(ranking) == 0)
    #expect(try Metric.recall(at: 2).value(ranking) == 1)
  }

  /// 37 and 1003 leave ragged edges in every kernel tile; equal rows must still score equal.
  @Test(arguments: [(37, 9), (40, 192), (1_003, 61)])
  func constantScorerFindsNothing(count: Int, width: Int) throws {
    var stream = RandomStream(seed: 1, "constant")
    let one = (0..<width).map { _ in Float(stream.uniform(-1, 1)) }
    let embeddings = (0..<count).flatMap { _ in one }
    let gold = GoldRelation(single: (0..<count).map(Int32.init))
    let ranking = try Ranking(queries: embeddings, gallery: embeddings, width: width, gold: gold)
    #expect(ranking.tieCount == count)
    #expect(try Metric.recall(at: 10).value(ranking) == 0)
    #expect(try Metric.recall(at: 10).value(ranking, ties: .optimistic) == 1)
    let expected = try Metric.recall(at: 10).value(ranking, ties: .expected)
    #expect(abs(expected - 10 / Double(count)) < 1e-12)
  }

  @Test func embeddingsAgreeWithTheirScoreMatrix() throws {
    var stream = RandomStream(seed: 3, "test")
    let queries = (0..<70 * 11).map { _ in Float(stream.uniform(-1, 1)) }
    let gallery = (0..<33 * 11).map { _ in Float(stream.uniform(-1, 1)) }
    let gold = GoldRelation((0..<70).map { [Int32($0 % 33), Int32(($0 + 5) % 33)] })
    let ranking = try Ranking(queries: queries, gallery: gallery, width: 11, gold: gold)
    var scores: [Float] = []
    for query in 0..<70 {
      for item in 0..<33 {
        var sum = 0.0
        for i in 0..<11 { sum += Double(queries[query * 11 + i]) * Double(gallery[item * 11 + i]) }
        scores.append(Float(sum))
      }
    }
    #expect(try ranking == Ranking(scores: scores, gallerySize: 33, gold: gold))
    let both = try Ranking.bothWays(texts: queries, images: gallery, width: 11, gold: gold)
    #expect(both.textToImage == ranking)
    let transposed = (0..<scores.count).map { scores[$0 % 70 * 33 + $0 / 70] }
    #expect(
      try both.imageToText
        == Ranking(scores: transposed, gallerySize: 70, gold: gold.inverted(galleryCount: 33)))
    // A score does not depend on how many queries stand beside it.
    let alone = try Ranking(
      queries: Array(queries[22..<33]), gallery: gallery, width: 11, gold: GoldRelation([[2, 7]]))
    #expect(alone.above[0] == ranking.above[2])
  }

  /// One query with all items, one item with all queries, and many ties among them: counted over sorted
  /// scores, in parts as well.
  @Test func hundredsOfCorrectItems() throws {
    var stream = RandomStream(seed: 4, "many")
    func rows(_ count: Int, of kinds: Int) -> [Float] {
      let all = (0..<kinds).map { _ in (0..<3).map { _ in Float(stream.index(7)) - 3 } }
      return (0..<count).flatMap { all[$0 % kinds] }
    }
    let (queries, gallery) = (rows(600, of: 50), rows(300, of: 40))
    let gold = GoldRelation(
      (0..<600).map { $0 == 0 ? (0..<300).map(Int32.init) : [0, Int32($0 % 300)] })
    let scores = (0..<600).map { query in
      (0..<300).map { item in
        (0..<3).reduce(Float(0)) { $0 + queries[query * 3 + $1] * gallery[item * 3 + $1] }
      }
    }
    let both = try Ranking.bothWays(texts: queries, images: gallery, width: 3, gold: gold)
    #expect(
      try both.textToImage == Ranking(scores: scores.flatMap { $0 }, gallerySize: 300, gold: gold))
    let transposed = (0..<300).flatMap { item in scores.map { $0[item] } }
    #expect(
      try both.imageToText
        == Ranking(scores: transposed, gallerySize: 600, gold: gold.inverted(galleryCount: 300)))
    var parts = try DotProductRanks(
      queries: EmbeddingMatrix(queries, width: 3, name: "queries"),
      gallery: EmbeddingMatrix(gallery, width: 3, name: "gallery"), gold: gold, bothWays: true)
    for part in [0..<200, 200..<600] { parts.count(rows: part) { _ in } }
    let ranks = try parts.counts.rankings()
    #expect(ranks.queries == both.textToImage && ranks.items == both.imageToText)
  }

  @Test func badInput() {
    #expect(throws: RetrievalFailure.notANumber(query: 1, item: 0)) {
      try Ranking(scores: [1, 2, .nan, 3], gallerySize: 2, gold: GoldRelation([[0], [1]]))
    }
    #expect(throws: RetrievalFailure.notANumber(query: 0, item: 1)) {
      try Ranking(scores: [1, .nan], gallerySize: 2, gold: GoldRelation([[1]]))
    }
    #expect(throws: RetrievalFailure.noGold(query: 1)) {
      try Ranking(scores: [1, 2, 2, 3], gallerySize: 2, gold: GoldRelation([[0], []]))
    }
    #expect(throws: RetrievalFailure.goldOutOfRange(query: 0, item: 2, gallerySize: 2)) {
      try Ranking(scores: [1, 2], gallerySize: 2, gold: GoldRelation([[2]]))
    }
    #expect(throws: RetrievalFailure.self) {
      try Ranking(scores: [1, 2, 3], gallerySize: 2, gold: GoldRelation([[1]]))
    }
  }

  @Test func goldRelation() throws {
    let gold = GoldRelation([[2, 0, 2], [1]])
    #expect(gold.items == [0, 2, 1] && gold.offsets == [0, 2, 3])
    #expect(try gold.inverted(galleryCount: 3) == GoldRelation([[0], [1], [0]]))
    #expect(GoldRelation(single: [4, 1]) == GoldRelation([[4], [1]]))
    #expect(GoldRelation([[], [1], [0, 2], [], [2, 1]]).byFallingCount() == [2, 4, 1, 0, 3])
  }

  @Test func infiniteScoresAreOrdered() throws {
    let ranking = try Ranking(
      scores: [-.infinity, 1, .infinity], gallerySize: 3, gold: GoldRelation([[0]]))
    #expect(ranking.above == [2] && ranking.tiedWrong == [0])
  }

  @Test func everyCorrectItemByHand() throws {
    // Correct are items 0, 2 and 5: scores 9, 5, 1; item 1 is between, items 3 and 4 tie with 2.
    let ranking = try Ranking(
      scores: [9, 7, 5, 5, 5, 1], gallerySize: 6, gold: GoldRelation([[0, 2, 5]]))
    #expect(ranking.golds?.wrongAbove == [0, 1, 3] && ranking.golds?.tiedWrong == [0, 2, 0])
    // Pessimistic ranks 1, 5, 6; optimistic 1, 3, 6; the middle one expected at 3, 4 or 5.
    let map = Metric.meanAveragePrecision
    let third = 1.0 / 3
    #expect(abs(try map.value(ranking) - third * (1 + 2 / 5.0 + 3 / 6.0)) < 1e-12)
    #expect(abs(try map.value(ranking, ties: .optimistic) - third * (1 + 2 / 3.0 + 0.5)) < 1e-12)
    let middle = third * (2 / 3.0 + 2 / 4.0 + 2 / 5.0)
    #expect(abs(try map.value(ranking, ties: .expected) - third * (1 + middle + 0.5)) < 1e-12)
    let gain = Metric.normalizedGain(at: 3)
    let ideal = 1 + 1 / log2(3.0) + 0.5
    #expect(abs(try gain.value(ranking) - 1 / ideal) < 1e-12)
    #expect(abs(try gain.value(ranking, ties: .optimistic) - 1.5 / ideal) < 1e-12)
    #expect(abs(try gain.value(ranking, ties: .expected) - (1 + third * 0.5) / ideal) < 1e-12)
    #expect(try Metric.recallFraction(at: 3).value(ranking, ties: .optimistic) == 2 / 3.0)
    #expect(abs(try Metric.precision(at: 3).value(ranking, ties: .expected) - 4 / 9.0) < 1e-12)
    let second = try Ranking(scores: [1, 0], gallerySize: 1, gold: GoldRelation([[0], [0]]))
    #expect(second.subset([1]).golds == second.golds?.subset([1]))
  }

  @Test func metricsByName() throws {
    #expect(Metric.named("r@3")?.name == "R@3" && Metric.named("map")?.name == "MAP")
    #expect(Metric.named("nDCG@20")?.name == "nDCG@20" && Metric.named("P@5")?.name == "P@5")
    #expect(Metric.named("R@0") == nil && Metric.named("R@x") == nil && Metric.named("F1") == nil)
  }

  /// Many duplicates, one to forty correct items; more queries than a section,
  /// more items than a block, ragged edges of both: counts are exact.
  @Test(
    arguments: [(1_100, 1_090, 5), (16_500, 45, 3), (70, 1_000, 1_100), (13, 33, 40)])
  func tilesCountWhatTheWholeMatrixHas(texts: Int, images: Int, width: Int) throws {
    var stream = RandomStream(seed: 5, "tiles")
    // Sums of their products have few bits, so they are exact in any order.
    let values: [Float] = [-1, 0.5, 2, 0x1p-3]
    func rows(_ count: Int) -> [Float] { (0..<count * width).map { _ in values[stream.index(4)] } }
    let (left, right) = (rows(texts), rows(images))
    let gold = GoldRelation(
      (0..<texts).map { text in
        (0...(text % 50 == 0 ? 40 : text % 3)).map { Int32((text * 7 + $0 * 31) % images) }
      })
    var scores: [Float] = []
    for text in 0..<texts {
      for image in 0..<images {
        var sum = 0.0
        for i in 0..<width {
          sum += Double(left[text * width + i]) * Double(right[image * width + i])
        }
        scores.append(Float(sum))
      }
    }
    let both = try Ranking.bothWays(texts: left, images: right, width: width, gold: gold)
    #expect(try both.textToImage == Ranking(scores: scores, gallerySize: images, gold: gold))
    #expect(width > 5 || both.textToImage.tieCount > texts / 4)
    let transposed = (0..<scores.count).map { scores[$0 % texts * images + $0 / texts] }
    let inverted = try gold.inverted(galleryCount: images)
    let asked = (0..<images).filter { !inverted[$0].isEmpty }
    #expect(
      try both.imageToText
        == Ranking(
          scores: asked.flatMap { transposed[$0 * texts..<($0 + 1) * texts] }, gallerySize: texts,
          gold: GoldRelation(asked.map { Array(inverted[$0]) })))
  }

  /// Every kernel that this machine has, on wide and narrow, huge and tiny rows: the counts are those of
  /// the exact scores. Widths are those of half a step, of several, and between.
  @Test(arguments: [1, 16, 31, 64, 100])
  func everyKernelCountsTheSame(width: Int) throws {
    let best = String(cString: xk_rank_kernel())
    defer { #expect(xk_use_rank_kernel(best) == 1) }
    var stream = RandomStream(seed: 6, "kernels")
    let (texts, images) = (217, 131)
    func rows(_ count: Int) -> [Float] {
      (0..<count).flatMap { row in
        let size = [1, 1, 1, 0x1p-70, 0x1p60][row % 5]
        return (0..<width).map { _ in Float(size * stream.uniform(-1, 1)) }
      }
    }
    var (left, right) = (rows(texts), rows(images))
    // Near ties: rows that differ in their last bits.
    for row in 1..<9 {
      for i in 0..<width {
        right[row * 5 * width + i] = right[i] * (1 + Float(row % 3) * 0x1p-23)
        left[row * 5 * width + i] = left[i] * (1 + Float(row % 4) * 0x1p-23)
      }
    }
    let gold = GoldRelation((0..<texts).map { [Int32($0 * 5 % images), Int32($0 * 3 % images)] })
    let queries = try EmbeddingMatrix(left, width: width, name: "queries")
    let gallery = try EmbeddingMatrix(right, width: width, name: "gallery")
    var expected = try DotProductRanks(
      queries: queries, gallery: gallery, gold: gold, bothWays: true
    ).counts
    let scores = (0..<texts).map { text in
      (0..<images).map { queries.exactDot(text, gallery, $0) }
    }
    expected.queries.count { query in scores[query] }
    expected.items?.count { item in scores.map { $0[item] } }
    for kernel in ["plain", "avx2", "avx512", "amx"] where xk_use_rank_kernel(kernel) == 1 {
      var ranks = try DotProductRanks(
        queries: queries, gallery: gallery, gold: gold, bothWays: true)
      ranks.count()
      #expect(ranks.counts == expected, "\(kernel)")
    }
    #expect(expected.queries.tied.contains { $0 > 1 } || width > 1)
  }

  @Test func embeddingsThatAreNoNumbers() {
    let gold = GoldRelation(single: [0, 1, 2])
    let good: [Float] = [1, 0, 0, 1, 1, 1]
    #expect(
      throws: EmbeddingFailure.notFinite(what: "gallery embeddings", rows: [1], count: 1)
    ) {
      try Ranking(queries: good, gallery: [1, 0, .nan, 1, 1, 1], width: 2, gold: gold)
    }
    #expect(
      throws: EmbeddingFailure.notFinite(what: "query embeddings", rows: [0, 2], count: 2)
    ) {
      try Ranking(queries: [.infinity, 0, 0, 1, 1, .nan], gallery: good, width: 2, gold: gold)
    }
  }

  /// Products beyond float32 are still ordered: they are computed in double precision.
  @Test func hugeValues() throws {
    let ranking = try Ranking(
      queries: [1e30, 1e30], gallery: [1e30, 1e30, 2e30, -1e30, 1e30, 1.5e30], width: 2,
      gold: GoldRelation([[0]]))
    #expect(ranking.above == [1] && ranking.tiedWrong == [0])
  }
}
