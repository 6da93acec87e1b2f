import XlingTensor

/// Dot products of a block of queries with the whole gallery.
struct Scores {
  /// Rows of every product. The last block is filled up with zero rows: BLAS may take another path
  /// for another shape, and a score must not depend on how many queries stand beside it.
  let blockRows: Int
  private let gallery: Matrix
  private let width: Int

  /// `gallery` [m, width], borrowed: it must outlive this value.
  init(gallery: UnsafeBufferPointer<Float>, width: Int) {
    self.width = width
    let rows = gallery.count / width
    // About 4 MiB of scores, whole kernel tiles of 16 rows, at most 256 rows.
    blockRows = max(16, min(256, (1 << 20) / max(1, rows)) & ~15)
    let start = UnsafeMutablePointer(mutating: gallery.baseAddress!)
    self.gallery = Matrix(start, rows: rows, columns: width)
  }

  /// `scores` [blockRows, m] = block · galleryᵀ, where `block` [blockRows, width] receives
  /// queries[rows].
  func fill(
    _ scores: UnsafeMutableBufferPointer<Float>, block: UnsafeMutableBufferPointer<Float>,
    queries: UnsafeBufferPointer<Float>, rows: Range<Int>
  ) {
    let values = queries[rows.lowerBound * width..<rows.upperBound * width]
    let end = block.update(fromContentsOf: values)
    block[end...].update(repeating: 0)
    let left = Matrix(block.baseAddress!, rows: blockRows, columns: width)
    let output = Matrix(scores.baseAddress!, rows: blockRows, columns: gallery.rows)
    Matmul.multiply(left, gallery, into: output, transposeB: true)
  }
}
