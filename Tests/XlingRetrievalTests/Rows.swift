import XlingRetrieval
import XlingTensor

/// Embeddings written out in a test.
extension Ranking {
  init(queries: [Float], gallery: [Float], width: Int, gold: GoldRelation) throws {
    self = try Ranking(
      queries: EmbeddingMatrix(queries, width: width, name: "query embeddings"),
      gallery: EmbeddingMatrix(gallery, width: width, name: "gallery embeddings"), gold: gold)
  }

  static func bothWays(
    texts: [Float], images: [Float], width: Int, gold: GoldRelation
  ) throws -> (textToImage: Ranking, imageToText: Ranking) {
    try bothWays(
      texts: EmbeddingMatrix(texts, width: width, name: "query embeddings"),
      images: EmbeddingMatrix(images, width: width, name: "gallery embeddings"), gold: gold)
  }
}

extension Neighbours {
  init(queries: [Float], gallery: [Float], width: Int, count: Int) throws {
    self = try Neighbours(
      queries: EmbeddingMatrix(queries, width: width, name: "query embeddings"),
      gallery: EmbeddingMatrix(gallery, width: width, name: "gallery embeddings"), count: count)
  }
}
