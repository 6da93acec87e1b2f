import Testing
import XlingCore
import XlingTensor

@testable import XlingRetrieval

@Suite struct NeighboursTests {
  private func random(_ rows: Int, _ width: Int, _ name: String) -> [Float] {
    var stream = RandomStream(seed: 9, name)
    return (0..<rows * width).map { _ in Float(stream.uniform(-1, 1)) }
  }

  /// More queries and items than a tile has, against a sort of all scores.
  @Test(arguments: [(3, 5, 2), (600, 2_100, 10)])
  func theBestOfAllScores(queries: Int, items: Int, count: Int) throws {
    let (left, right) = (random(queries, 12, "queries"), random(items, 12, "items"))
    let found = try Neighbours(queries: left, gallery: right, width: 12, count: count)
    #expect(found.items.count == queries)
    for query in stride(from: 0, to: queries, by: 37) {
      let scores = (0..<items).map { item in
        (0..<12).reduce(0.0) {
          $0 + Double(left[query * 12 + $1]) * Double(right[item * 12 + $1])
        }
      }
      let best = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(count)
      #expect(found.items[query].map { Int($0.index) } == Array(best))
      for item in found.items[query] {
        #expect(abs(item.score - scores[Int(item.index)]) < 1e-12)
      }
    }
  }

  @Test func equalScoresComeInTheOrderOfTheGallery() throws {
    let row: [Float] = [0.1, 0.7, -0.3]
    let gallery = (0..<3_000).flatMap { _ in row }
    let found = try Neighbours(queries: row, gallery: gallery, width: 3, count: 4)
    #expect(found.items[0].map(\.index) == [0, 1, 2, 3])
    #expect(Set(found.items[0].map(\.score)).count == 1)
  }

  /// What float32 cannot tell apart, double precision does.
  @Test func scoresAreOrderedExactly() throws {
    let tiny: Float = 0x1p-30
    let found = try Neighbours(
      queries: [1, 1], gallery: [1, 0, 1, tiny, 1, -tiny], width: 2, count: 3)
    #expect(found.items[0].map(\.index) == [1, 0, 2])
  }

  @Test func aSmallGalleryIsAllThereIs() throws {
    #expect(
      try Neighbours(queries: [1], gallery: [2, 3], width: 1, count: 10).items[0].map(\.index)
        == [1, 0])
    #expect(try Neighbours(queries: [1], gallery: [2], width: 1, count: 0).items == [[]])
    #expect(throws: RetrievalFailure.self) {
      try Neighbours(
        queries: EmbeddingMatrix([1, 2], width: 2, name: "queries"),
        gallery: EmbeddingMatrix([1], width: 1, name: "gallery"), count: 1)
    }
  }

  /// Against scipy.stats.skew.
  @Test func skewness() throws {
    let eight: [Double] = [0, 0, 1, 2, 9, 3, 0, 1]
    // Moments of four copies are those of one.
    let values = (0..<4).flatMap { _ in eight }
    let draws = Resamples(clusterCount: values.count, count: 500, seed: 1)
    let estimate = try draws.skewness(of: values)
    #expect(abs(estimate.value - 1.7567184) < 1e-6 && estimate.n == 32)
    let (low, high) = (try #require(estimate.low), try #require(estimate.high))
    #expect(low < estimate.value && estimate.value < high)
    #expect(try draws.skewness(of: [Double](repeating: 3, count: 32)).value == 0)
  }
}
