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

  mutating func gather(_ columns: ArraySlice<Int>, of embeddings: Embeddings) {
    for (place, column) in columns.enumerated() {
      (gallery + place * width).update(from: embeddings.row(column), count: width)
    }
    gathered = columns.count
  }

  func multiply(_ queries: Embeddings, _ rows: Range<Int>) {
    let left = UnsafeMutablePointer(mutating: queries.row(rows.lowerBound))
    Matmul.multiply(
      Matrix(left, rows: rows.count, columns: width),
      Matrix(gallery, rows: gathered, columns: width),
      into: Matrix(scores, rows: rows.count, columns: gathered, stride: columns), transposeB: true)
  }
}

/// The limits and counters of a tile's columns, by level: level l is the l-th correct item of those
/// first columns that have one.
struct ColumnLimits {
  let columns: [Int]
  private var high: [Float] = []
  private var low: [Float] = []
  private var exact: [Double] = []
  private(set) var above: [Int32]
  private(set) var tied: [Int32]
  /// Where each level starts, and where the last one ends.
  private var starts = [0]
  private let gold: GoldRelation

  /// `columns` must be ordered by falling number of correct items.
  init(_ counts: GoldCounts, _ columns: ArraySlice<Int>, margin: (Int) -> Double) {
    self.columns = Array(columns)
    gold = counts.gold
    let levels = columns.first.map { counts.gold.range($0).count } ?? 0
    for level in 0..<levels {
      for column in columns {
        let range = counts.gold.range(column)
        guard range.count > level else { break }
        let limit = counts.exact[range.lowerBound + level]
        exact.append(limit)
        high.append(Float(limit + margin(column)).nextUp)
        low.append(Float(limit - margin(column)).nextDown)
      }
      starts.append(exact.count)
    }
    above = [Int32](repeating: 0, count: exact.count)
    tied = above
  }

  struct Level {
    let count: Int
    let high: UnsafePointer<Float>
    let low: UnsafePointer<Float>
    let exact: UnsafePointer<Double>
    let above: UnsafeMutablePointer<Int32>
    let tied: UnsafeMutablePointer<Int32>
  }

  mutating func withCounters(_ body: ([Level]) -> Void) {
    let starts = starts
    above.withUnsafeMutableBufferPointer { above in
      tied.withUnsafeMutableBufferPointer { tied in
        high.withUnsafeBufferPointer { high in
          low.withUnsafeBufferPointer { low in
            exact.withUnsafeBufferPointer { exact in
              guard let above = above.baseAddress, let tied = tied.baseAddress,
                let high = high.baseAddress, let low = low.baseAddress,
                let exact = exact.baseAddress
              else { return }
              body(
                zip(starts, starts.dropFirst()).map { start, end in
                  Level(
                    count: end - start, high: high + start, low: low + start, exact: exact + start,
                    above: above + start, tied: tied + start)
                })
            }
          }
        }
      }
    }
  }

  /// Each counter with its place among all correct items.
  func forEachCounter(_ body: (_ slot: Int, _ above: Int32, _ tied: Int32) -> Void) {
    for (level, start) in starts.dropLast().enumerated() {
      for index in start..<starts[level + 1] {
        body(gold.range(columns[index - start]).lowerBound + level, above[index], tied[index])
      }
    }
  }
}

extension GoldCounts {
  mutating func add(_ limits: ColumnLimits) {
    limits.forEachCounter { slot, above, tied in
      self.above[slot] += above
      self.tied[slot] += tied
    }
  }
}
