import XlingEvaluation
import XlingExperiments
import XlingRetrieval

/// The numbers of embeddings that were made elsewhere.
public struct EvaluatedEmbeddings: Codable, Sendable, Equatable {
  /// Of captions, or of pictures.
  public struct Side: Codable, Sendable, Equatable {
    public let count: Int
    /// Those that have gold.
    public let queries: Int
    public let ties: Int
    /// Those whose content another one has too; nil where nothing was said of contents.
    public var repeated: Int?
  }

  /// What the captions' language is called; a label only.
  public let language: String
  public let measured: EvaluationProtocol
  public private(set) var captions: Side
  public private(set) var pictures: Side
  public private(set) var rows: [ResultRow]

  /// `counted` must be complete. `repeats`: contents by row, and the pairs that were counted.
  /// Throws `RetrievalFailure`.
  init(
    _ counted: CountedPairs, _ plan: EmbeddingPlan, language: String,
    repeats: (Ambiguity, EmbeddingPairs)? = nil
  ) throws {
    let result = try EmbeddingResult(
      counted.counts, gold: counted.gold, imageCount: counted.imageCount, plan: plan)
    let measured = EvaluationProtocol(
      dataset: "given embeddings", datasetHash: counted.goldHash, ties: plan.ties.rawValue,
      captions: "as embedded", imagePreprocessing: "as embedded, \(counted.similarity.rawValue)",
      blasCore: "none", missingAllowed: counted.missingAllowed, resamples: plan.resamples,
      seed: plan.seed)
    (self.language, self.measured) = (language, measured)
    captions = Side(
      count: counted.gold.queryCount, queries: result.textToImage.count,
      ties: result.textToImage.tieCount)
    pictures = Side(
      count: counted.imageCount, queries: result.imageToText.count,
      ties: result.imageToText.tieCount)
    var metrics = result.metrics
    if let (ambiguity, pairs) = repeats {
      let found = try result.ambiguity(ambiguity, in: pairs, ties: plan.ties)
      captions.repeated = found.repeatedCaptions
      pictures.repeated = found.repeatedPictures
      metrics += found.metrics
    }
    rows = metrics.map { ResultRow($0, language: language, measured: measured) }
  }

  /// All shards of one evaluation, in any order, as one. Throws `EvaluationFailure`,
  /// `RetrievalFailure`, `FileFailure`.
  public init(shards paths: [String], _ plan: EmbeddingPlan, language: String) throws {
    let merged = try RankShard.merged(try paths.map { ($0, try RankShard.read($0)) })
    try self.init(merged, plan, language: language)
  }
}
