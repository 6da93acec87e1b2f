import Testing
import XlingCore

@testable import XlingRetrieval

@Suite struct AmbiguityTests {
  /// Captions 0, 1 and 3 read alike; pictures 1 and 2 are one file.
  private let ambiguity = Ambiguity(
    queries: ["photo", "photo", "dog", "photo"], items: ["a", "b", "b", "c"])
  private let gold = GoldRelation(single: [0, 1, 2, 0])

  @Test func lenientGoldIsOfTheContent() {
    #expect(ambiguity.repeatedQueries == 3 && ambiguity.repeatedItems == 2)
    #expect(
      ambiguity.lenient(gold) == GoldRelation([[0, 1, 2], [0, 1, 2], [1, 2], [0, 1, 2]]))
    #expect(Ambiguity(queries: [1, 2], items: [1, 2]).isEmpty)
    #expect(
      ambiguity.inverted.lenient(GoldRelation([[0, 3], [1], [2], []]))
        == GoldRelation([[0, 1, 3], [0, 1, 2, 3], [0, 1, 2, 3], []]))
  }

  @Test func upperBoundByHand() {
    // "photo" first shows picture 0: two of its three captions are right. The dog's picture has a
    // twin before it.
    let share: Double = 2 / 3
    let first: [Double] = [share, share, 0, share]
    #expect(ambiguity.upperBound(gold, within: 1) == first)
    let second: [Double] = [1, 1, 1, 1]
    #expect(ambiguity.upperBound(gold, within: 2) == second)
  }

  /// No scorer that cannot tell equal contents apart is above the bound.
  @Test(arguments: 0..<40)
  func noScorerIsAboveTheBound(seed: Int) throws {
    var stream = RandomStream(seed: 7, "ambiguity", seed)
    let texts = (0..<12).map { _ in stream.index(4) }
    let pictures = (0..<9).map { _ in stream.index(5) }
    let gold = GoldRelation(
      (0..<12).map { _ in (0...stream.index(2)).map { _ in Int32(stream.index(9)) } })
    let ambiguity = Ambiguity(queries: texts, items: pictures)
    let affinity = (0..<20).map { _ in Float(stream.uniform()) }
    let scores = texts.flatMap { text in pictures.map { affinity[text * 5 + $0] } }
    let strict = try Ranking(scores: scores, gallerySize: 9, gold: gold)
    let lenient = try Ranking(scores: scores, gallerySize: 9, gold: ambiguity.lenient(gold))
    for k in [1, 2, 3, 5, 9] {
      let found = try Metric.recall(at: k).value(strict)
      let bound = ambiguity.upperBound(gold, within: k).reduce(0, +) / 12
      #expect(found <= bound + 1e-12, "k \(k)")
      #expect(try Metric.recall(at: k).value(lenient) >= found)
    }
  }
}
