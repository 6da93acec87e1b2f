import Testing
import XlingCore

@testable import XlingRetrieval

@Suite struct RankingTests {
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
    // A score does not depend on how many queries stand beside it.
    let alone = try Ranking(
      queries: Array(queries[22..<33]), gallery: gallery, width: 11, gold: GoldRelation([[2, 7]]))
    #expect(alone.above[0] == ranking.above[2])
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
  }

  @Test func infiniteScoresAreOrdered() throws {
    let ranking = try Ranking(
      scores: [-.infinity, 1, .infinity], gallerySize: 3, gold: GoldRelation([[0]]))
    #expect(ranking.above == [2] && ranking.tiedWrong == [0])
  }
}
