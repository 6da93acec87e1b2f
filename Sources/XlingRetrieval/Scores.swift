import XlingCore

/// Dot products of a block of queries with the whole gallery.
enum Scores {
  /// Rows of one block: about 4 MiB of scores at the most, and never a single row.
  static func blockRows(gallerySize: Int) -> Int {
    max(2, min(64, (1 << 20) / max(1, gallerySize)))
  }

  /// `scores` [rows.count, m] = queries[rows] · galleryᵀ. Each dot product is summed in one fixed
  /// order, so equal embeddings have equal scores wherever they stand and however many there are.
  static func fill(
    _ scores: UnsafeMutableBufferPointer<Float>, queries: UnsafeBufferPointer<Float>,
    rows: Range<Int>, gallery: UnsafeBufferPointer<Float>, width: Int
  ) {
    guard let query = queries.baseAddress, let item = gallery.baseAddress,
      let output = scores.baseAddress
    else { return }
    let gallerySize = gallery.count / width
    for row in rows {
      let target = output + (row - rows.lowerBound) * gallerySize
      for column in 0..<gallerySize {
        target[column] = dot(query + row * width, item + column * width, width)
      }
    }
  }

  private static func dot(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ width: Int
  ) -> Float {
    var sums = SIMD8<Float>.zero
    let whole = width & ~7
    for start in stride(from: 0, to: whole, by: 8) {
      let a = UnsafeRawPointer(left + start).loadUnaligned(as: SIMD8<Float>.self)
      let b = UnsafeRawPointer(right + start).loadUnaligned(as: SIMD8<Float>.self)
      sums += a * b
    }
    var sum = sums.sum()
    for index in whole..<width { sum += left[index] * right[index] }
    return sum
  }
}
