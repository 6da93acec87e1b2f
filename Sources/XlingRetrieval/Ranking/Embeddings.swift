import CKernels
import XlingCore

/// Rows of one space, [count, width] row-major, with their norms; borrowed storage.
public struct Embeddings {
  /// In messages: "query embeddings".
  public let name: String
  public let width: Int
  public let norms: [Double]
  let largestNorm: Double
  private let values: UnsafeBufferPointer<Float>

  public var count: Int { norms.count }

  /// `values` must outlive this. Throws ``RetrievalFailure/shape(what:expected:found:)``,
  /// ``RetrievalFailure/notFinite(what:rows:count:)``.
  public init(
    _ values: UnsafeBufferPointer<Float>, width: Int, name: String
  ) throws(RetrievalFailure) {
    guard width > 0, values.count % width == 0 else {
      throw .shape(
        what: name, expected: "rows of \(width) values", found: "\(values.count) values")
    }
    let count = values.count / width
    let norms = [Double](unsafeUninitializedCapacity: count) { norms, initialized in
      if let start = values.baseAddress, let norms = norms.baseAddress {
        Parallel.ranges(count, grain: 1_024) { part in
          for row in part {
            let values = start + row * width
            norms[row] = xk_exact_dot(values, values, Int64(width)).squareRoot()
          }
        }
      }
      initialized = count
    }
    let bad = norms.indices.filter { !norms[$0].isFinite }
    if !bad.isEmpty { throw .notFinite(what: name, rows: Array(bad.prefix(5)), count: bad.count) }
    self.name = name
    self.width = width
    self.norms = norms
    largestNorm = norms.max() ?? 0
    self.values = values
  }

  func row(_ index: Int) -> UnsafePointer<Float> { values.baseAddress! + index * width }

  func exactDot(_ row: Int, _ other: Embeddings, _ otherRow: Int) -> Double {
    xk_exact_dot(self.row(row), other.row(otherRow), Int64(width))
  }

  /// How far rounding can carry a float32 product from the exact one, whatever the order of its sum
  /// (Higham 2002, section 3.1), for a row against any row of `other`.
  func margin(_ row: Int, against other: Embeddings) -> Double {
    let factor = 1.01 * Double(width + 2) * 0x1p-24 * other.largestNorm
    return factor * norms[row] + Double(width + 2) * 0x1p-149
  }

  /// The same for the kernel that counts ranks.
  func rankMargin(_ row: Int, against other: Embeddings) -> Double {
    xk_rank_margin(Int64(width), norms[row], other.largestNorm)
  }
}

extension Ranking {
  /// Exact ranks of dot products, counted a tile at a time; the score matrix is never stored.
  /// `queries` [n, width] and `gallery` [m, width] are row-major.
  ///
  /// Throws ``RetrievalFailure``: see ``DotProductRanks``.
  public init(
    queries: [Float], gallery: [Float], width: Int, gold: GoldRelation
  ) throws(RetrievalFailure) {
    self = try Self.ranks(queries, gallery, width, gold, bothWays: false).queries
  }

  /// Both directions from one pass: captions over pictures, and over captions the pictures that have
  /// one. `texts` [n, width], `images` [m, width]; `gold`: the pictures of each caption.
  ///
  /// Throws ``RetrievalFailure``: see ``DotProductRanks``.
  public static func bothWays(
    texts: [Float], images: [Float], width: Int, gold: GoldRelation
  ) throws(RetrievalFailure) -> (textToImage: Ranking, imageToText: Ranking) {
    let ranks = try ranks(texts, images, width, gold, bothWays: true)
    guard let items = ranks.items else { throw .empty(what: "the gallery") }
    return (ranks.queries, items)
  }

  private static func ranks(
    _ queries: [Float], _ gallery: [Float], _ width: Int, _ gold: GoldRelation, bothWays: Bool
  ) throws(RetrievalFailure) -> (queries: Ranking, items: Ranking?) {
    try queries.withUnsafeBufferPointer { left throws(RetrievalFailure) in
      try gallery.withUnsafeBufferPointer { right throws(RetrievalFailure) in
        var ranks = try DotProductRanks(
          queries: Embeddings(left, width: width, name: "query embeddings"),
          gallery: Embeddings(right, width: width, name: "gallery embeddings"), gold: gold,
          bothWays: bothWays)
        for query in 0..<gold.queryCount where gold[query].isEmpty { throw .noGold(query: query) }
        ranks.count()
        return try ranks.counts.rankings()
      }
    }
  }
}
