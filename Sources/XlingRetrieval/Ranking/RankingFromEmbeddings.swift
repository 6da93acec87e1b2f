import CKernels
import XlingTensor

extension EmbeddingMatrix {
  func exactDot(_ row: Int, _ other: EmbeddingMatrix, _ otherRow: Int) -> Double {
    xk_exact_dot(self.row(row), other.row(otherRow), Int64(width))
  }

  /// How far rounding can carry a float32 product from the exact one, whatever the order of its sum
  /// (Higham 2002, section 3.1), for a row against any row of `other`.
  func margin(_ row: Int, against other: EmbeddingMatrix) -> Double {
    let factor = 1.01 * Double(width + 2) * 0x1p-24 * other.largestNorm
    return factor * norms[row] + Double(width + 2) * 0x1p-149
  }

  /// The same for the kernel that counts ranks.
  func rankMargin(_ row: Int, against other: EmbeddingMatrix) -> Double {
    xk_rank_margin(Int64(width), norms[row], other.largestNorm)
  }
}

extension Ranking {
  /// Exact ranks of dot products, counted a tile at a time; the score matrix is never stored.
  ///
  /// Throws ``RetrievalFailure``: see ``DotProductRanks``.
  public init(
    queries: EmbeddingMatrix, gallery: EmbeddingMatrix, gold: GoldRelation
  ) throws(RetrievalFailure) {
    self = try Self.ranks(queries, gallery, gold, bothWays: false).queries
  }

  /// Both directions from one pass: captions over pictures, and over captions the pictures that have
  /// one. `gold`: the pictures of each caption.
  ///
  /// Throws ``RetrievalFailure``: see ``DotProductRanks``.
  public static func bothWays(
    texts: EmbeddingMatrix, images: EmbeddingMatrix, gold: GoldRelation
  ) throws(RetrievalFailure) -> (textToImage: Ranking, imageToText: Ranking) {
    let ranks = try ranks(texts, images, gold, bothWays: true)
    guard let items = ranks.items else { throw .empty(what: "the gallery") }
    return (ranks.queries, items)
  }

  private static func ranks(
    _ queries: EmbeddingMatrix, _ gallery: EmbeddingMatrix, _ gold: GoldRelation, bothWays: Bool
  ) throws(RetrievalFailure) -> (queries: Ranking, items: Ranking?) {
    var ranks = try DotProductRanks(
      queries: queries, gallery: gallery, gold: gold, bothWays: bothWays)
    for query in 0..<gold.queryCount where gold[query].isEmpty { throw .noGold(query: query) }
    ranks.count()
    return try ranks.counts.rankings()
  }
}
