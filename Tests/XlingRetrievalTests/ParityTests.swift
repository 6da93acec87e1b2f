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
    try expectInformationRetrieval(toText, name, "text_retrieval")
    try expectInformationRetrieval(toImage, name, "image_retrieval")
    try expectPeers(toText: toText, toImage: toImage, name)
  }

  /// Scores are float64 products, as the reference's: nothing may move.
  @Test func ranksOfEmbeddings() throws {
    let file = try ParityFixture("embeddings.safetensors")
    let both = try Ranking.bothWays(
      texts: file.floats("text_embeddings"), images: file.floats("image_embeddings"), width: 24,
      gold: GoldRelation(single: file.integers("txt2img")))
    try expectRanks(both.textToImage, "embeddings", "image_retrieval")
    try expectRanks(both.imageToText, "embeddings", "text_retrieval")
    try expectMetrics(both.textToImage, "embeddings", "image_retrieval")
    try expectMetrics(both.imageToText, "embeddings", "text_retrieval")
    try expectInformationRetrieval(both.imageToText, "embeddings", "text_retrieval")
  }

  private func expectRanks(_ ranking: Ranking, _ name: String, _ direction: String) throws {
    let file = try ParityFixture("ranks.safetensors")
    #expect(try ranking.above == file.integers("\(name).\(direction).above"))
    #expect(try ranking.tiedWrong == file.integers("\(name).\(direction).tied_wrong"))
    #expect(try ranking.tiedGold == file.integers("\(name).\(direction).tied_correct"))
  }

  private func expectMetrics(_ ranking: Ranking, _ name: String, _ direction: String) throws {
    let expected = try #require(try Self.expected(name)[direction] as? [String: Any])
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

  /// ranx, which ir_measures confirmed, on the cases without ties.
  private func expectInformationRetrieval(
    _ ranking: Ranking, _ name: String, _ direction: String
  ) throws {
    guard let all = try Self.expected(name)["ir"] as? [String: Any],
      let expected = all[direction] as? [String: Any]
    else { return }
    var metrics: [(String, Metric)] = [
      ("mrr", .meanReciprocalRank), ("ndcg@10", .normalizedGain(at: 10)),
      ("precision@5", .precision(at: 5)),
      ("median_rank", .medianRank),
    ]
    // Items beyond the depth at which its rankings were cut count nothing.
    if expected["depth"] as? Int == ranking.gallerySize {
      metrics.append(("map", .meanAveragePrecision))
    }
    for k in [1, 5, 10] {
      metrics += [("recall@\(k)", .recallFraction(at: k)), ("hit_rate@\(k)", .recall(at: k))]
    }
    for (key, metric) in metrics {
      let value = try #require(expected[key] as? Double, "\(key)")
      for ties in TieBreaking.allCases {
        #expect(abs(try metric.value(ranking, ties: ties) - value) < 1e-6, "\(name) \(key)")
      }
    }
  }

  /// LilT's `itm_eval` and CLIP_benchmark's `recall_at_k`: with ties, both depend on a sort that is
  /// not stable, so only the cases without are comparable.
  private func expectPeers(toText: Ranking, toImage: Ranking, _ name: String) throws {
    let expected = try Self.expected(name)
    guard expected["tie_free_at_1_5_10"] as? Bool == true else { return }
    let lilt = try #require(
      (expected["lilt_itm_eval"] as? [String: Any])?["full"] as? [String: Double])
    let bench = try #require(expected["clip_benchmark"] as? [String: Double])
    for (side, key, ranking) in [("txt", "text", toText), ("img", "image", toImage)] {
      for k in [1, 5, 10] {
        let recall = try Metric.recall(at: k).value(ranking)
        #expect(abs(100 * recall - (lilt["\(side)_r\(k)"] ?? -1)) < 1e-9)
        // It has no value for a k beyond the gallery.
        guard k <= ranking.gallerySize else { continue }
        #expect(abs(recall - (bench["\(key)_retrieval_recall@\(k)"] ?? -1)) < 1e-6)
        let fraction = try Metric.recallFraction(at: k).value(ranking)
        #expect(abs(fraction - (bench["\(key)_retrieval_recall_fraction@\(k)"] ?? -1)) < 1e-6)
      }
    }
  }

  private static func expected(_ name: String) throws -> [String: Any] {
    let path = SharedData.path(ParityFixture.folder + "/expected.json")
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
    return try #require((json as? [String: Any])?[name] as? [String: Any])
  }
}
