import XlingCore
import XlingExperiments
import XlingRetrieval

/// How embeddings are compared.
public enum Similarity: String, Sendable, Codable, CaseIterable {
  /// Rows are scaled to unit length first, in double precision.
  case cosine
  /// The plain dot product.
  case dot
}

/// Captions and pictures that somebody embedded, and which belong together.
public struct EmbeddingPairs: Sendable {
  public let texts: EmbeddingFile
  public let images: EmbeddingFile
  public let gold: GoldFile
  public let similarity: Similarity

  /// Throws ``EvaluationFailure``, `EmbeddingFailure` for rows without a direction or with NaN or
  /// infinity, `TowerFailure`, `FileFailure`.
  public init(
    texts: String, images: String, gold: String, similarity: Similarity = .cosine,
    allowMissing: Bool = false
  ) throws {
    var texts = try EmbeddingFile(texts)
    var images = try EmbeddingFile(images)
    guard texts.width == images.width else {
      throw EvaluationFailure.widths(
        texts: texts.width, textPath: texts.path, images: images.width, imagePath: images.path)
    }
    self.gold = try GoldFile(
      gold, texts: texts.count, images: images.count, allowMissing: allowMissing)
    try texts.rows.checkDirections(texts.path)
    try images.rows.checkDirections(images.path)
    if similarity == .cosine {
      texts.rows.scaleToUnitLength()
      images.rows.scaleToUnitLength()
    }
    (self.texts, self.images, self.similarity) = (texts, images, similarity)
  }

  /// SHA-256 over both embeddings, the gold file and the similarity.
  public var inputsHash: String {
    let digest = Digest()
    digest.update(
      "\(similarity.rawValue) \(texts.count) \(images.count) \(texts.width) \(gold.hash)")
    for file in [texts, images] { file.rows.withUnsafeBytes { digest.update($0) } }
    return digest.hexadecimal()
  }

  /// Counts the ranks of the captions `rows`, all by default, and what they add to those of the
  /// pictures. `progress` is told the share done, first what the checkpoint has. Throws what `progress` throws and
  /// ``RetrievalFailure``. `relation` replaces the given one.
  public func count(
    rows: Range<Int>? = nil, of relation: GoldRelation? = nil,
    keptIn checkpoint: RankCheckpoint? = nil,
    progress: (Double) throws -> Void
  ) throws -> RankCounts {
    var ranks = try DotProductRanks(
      queries: texts.rows, gallery: images.rows, gold: relation ?? gold.relation, bothWays: true)
    let rows = rows ?? 0..<texts.count
    guard let checkpoint else {
      try ranks.count(rows: rows, progress: progress)
      return ranks.counts
    }
    return try checkpoint.count(
      rows, inputs: inputsHash, work: images.count * images.width, &ranks, progress: progress)
  }
}
