import Foundation
import Testing
import XlingTestSupport

@testable import XlingRetrieval

@Suite(.enabled(if: ParityFixture.isPresent, "needs ../shared/fixtures"))
struct ParityTests {
  static let cases = [
    "varying_captions", "one_to_one", "ties", "all_equal", "duplicate_columns", "smaller_than_k",
    "extreme_values", "shuffled_captions",
  ]

  @Test(arguments: cases)
  func ranksOfScoreMatrices(name: String) throws {
    let sims = try ParityFixture("sims.safetensors")
    let shape = try sims.shape(name + ".sims_i2t")
    let (images, texts) = (shape[0], shape[1])
    let scores = try sims.floats(name + ".sims_i2t")
    let imageOfText = GoldRelation(single: try sims.integers(name + ".txt2img"))
    let transposed = (0..<texts * images).map { scores[$0 % images * texts + $0 / images] }
    let toText = try Ranking(
      scores: scores, gallerySize: texts, gold: imageOfText.inverted(galleryCount: images))
    let toImage = try Ranking(scores: transposed, gallerySize: images, gold: imageOfText)
    try expectRanks(toText, name, "text_retrieval")
    try expectRanks(toImage, name, "image_retrieval")
    try expectMetrics(toText, name, "text_retrieval")
    try expectMetrics(toImage, name, "image_retrieval")
  }

  @Test func ranksOfEmbeddings() throws {
    let file = try ParityFixture("embeddings.safetensors")
    let texts = try file.floats("text_embeddings")
    let images = try file.floats("image_embeddings")
    let gold = GoldRelation(single: try file.integers("txt2img"))
    let ranking = try Ranking(queries: texts, gallery: images, width: 24, gold: gold)
    let expected = try ParityFixture("ranks.safetensors")
      .integers("embeddings.image_retrieval.above")
    let moved = zip(ranking.above, expected).filter { $0 != $1 }
    // Float32 against float64 products: queries with a margin below 2e-6 may move by one.
    #expect(moved.allSatisfy { abs($0 - $1) <= 1 })
    #expect(moved.count <= 25)
  }

  private func expectRanks(_ ranking: Ranking, _ name: String, _ direction: String) throws {
    let file = try ParityFixture("ranks.safetensors")
    #expect(try ranking.above == file.integers("\(name).\(direction).above"))
    #expect(try ranking.tiedWrong == file.integers("\(name).\(direction).tied_wrong"))
    #expect(try ranking.tiedGold == file.integers("\(name).\(direction).tied_correct"))
  }

  private func expectMetrics(_ ranking: Ranking, _ name: String, _ direction: String) throws {
    let path = SharedData.path(ParityFixture.folder + "/expected.json")
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
    let all = try #require(json as? [String: Any])
    let expected = try #require((all[name] as? [String: Any])?[direction] as? [String: Any])
    for ties in TieBreaking.allCases {
      let recall = try #require(expected[ties.rawValue] as? [String: Double])
      for k in [1, 5, 10] {
        let found = try Metric.recall(at: k).value(ranking, ties: ties)
        #expect(abs(100 * found - (recall["R@\(k)"] ?? -1)) < 1e-9, "\(ties) R@\(k)")
      }
      for (key, metric) in [("median_rank", Metric.medianRank), ("mean_rank", .meanRank)] {
        let values = try #require(expected[key] as? [String: Double])
        let found = try metric.value(ranking, ties: ties)
        #expect(abs(found - (values[ties.rawValue] ?? -1)) < 1e-9, "\(ties) \(key)")
      }
      if let value = (expected["mrr"] as? [String: Double])?[ties.rawValue] {
        let found = try Metric.meanReciprocalRank.value(ranking, ties: ties)
        #expect(abs(found - value) < 1e-9)
      }
    }
  }
}
