import XlingTensor

/// Scores of some queries with some gallery items, and copies of those items' embeddings.
struct ScoreTile {
  /// [rows, columns]
  let scores: UnsafeMutablePointer<Float>
  let columns: Int
  private let gallery: UnsafeMutablePointer<Float>
  private let width: Int
  private var gathered = 0

  init(rows: Int, columns: Int, _ width: Int) {
    scores = .allocate(capacity: rows * columns)
    gallery = .allocate(capacity: columns * width)
    self.columns = columns
    self.width = width
  }

  func deallocate() {
    scores.deallocate()
    gallery.deallocate()
  }

  mutating func gather(_ columns: ArraySlice<Int>, of embeddings: EmbeddingMatrix) {
    for (place, column) in columns.enumerated() {
      (gallery + place * width).update(from: embeddings.row(column), count: width)
    }
    gathered = columns.count
  }

  func multiply(_ queries: EmbeddingMatrix, _ rows: Range<Int>) {
    let left = UnsafeMutablePointer(mutating: queries.row(rows.lowerBound))
    Matmul.multiply(
      Matrix(left, rows: rows.count, columns: width),
      Matrix(gallery, rows: gathered, columns: width),
      into: Matrix(scores, rows: rows.count, columns: gathered, stride: columns), transposeB: true)
  }
}
