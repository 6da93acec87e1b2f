import XlingCore
import XlingTensor

/// The gallery items of the highest scores for each query, best first. Scores are exact dot products,
/// as in ``DotProductRanks``; the float32 product only sorts out what is too low for certain.
public struct Neighbours: Sendable, Equatable {
  public struct Item: Sendable, Equatable {
    public let index: Int32
    public let score: Double

    /// Higher scores first, of equal ones the lower index.
    static func comesBefore(_ one: Item, _ other: Item) -> Bool {
      (other.score, one.index) < (one.score, other.index)
    }
  }

  /// Of each query at most so many as were asked for; fewer where the gallery is smaller.
  public let items: [[Item]]

  /// The `count` best of `gallery` for each of `queries`. Memory beside them is one tile of scores and
  /// a few candidates a query. Throws ``RetrievalFailure/shape(what:expected:found:)``.
  public init(
    queries: EmbeddingMatrix, gallery: EmbeddingMatrix, count: Int
  ) throws(RetrievalFailure) {
    guard queries.width == gallery.width else {
      throw .shape(
        what: "gallery embeddings", expected: "rows of \(queries.width) values",
        found: "rows of \(gallery.width)")
    }
    items = Self.search(queries, gallery, max(0, count))
  }

  private static let tileRows = 512
  private static let tileColumns = 1_024

  private static func search(
    _ left: EmbeddingMatrix, _ right: EmbeddingMatrix, _ count: Int
  ) -> [[Item]] {
    var found = [[Item]](repeating: [], count: left.count)
    guard count > 0 else { return found }
    var tile = ScoreTile(
      rows: Self.tileRows, columns: min(Self.tileColumns, max(1, right.count)), left.width)
    defer { tile.deallocate() }
    let order = Array(0..<right.count)
    for row in stride(from: 0, to: left.count, by: Self.tileRows) {
      let rows = row..<min(left.count, row + Self.tileRows)
      var candidates = rows.map { Candidates(count, margin: left.margin($0, against: right)) }
      for start in stride(from: 0, to: right.count, by: Self.tileColumns) {
        let columns = order[start..<min(right.count, start + Self.tileColumns)]
        tile.gather(columns, of: right)
        tile.multiply(left, rows)
        candidates.withUnsafeMutableBufferPointer { slots in
          // One slot is written by one thread only.
          nonisolated(unsafe) let slots = slots
          nonisolated(unsafe) let scores = tile.scores
          let width = tile.columns
          Parallel.ranges(slots.count, grain: 16) { part in
            for place in part {
              slots[place].add(scores + place * width, columns)
            }
          }
        }
      }
      for (place, query) in rows.enumerated() {
        let exact = candidates[place].indices.map {
          Item(index: Int32($0), score: left.exactDot(query, right, $0))
        }
        found[query] = Array(exact.sorted(by: Item.comesBefore).prefix(count))
      }
    }
    return found
  }

  /// Those of a query that may be among its best.
  private struct Candidates {
    private let count: Int
    /// Two float32 scores farther apart than this are in the order of the exact ones.
    private let distance: Float
    private var scored: [(score: Float, index: Int)] = []
    private var floor = -Float.infinity

    init(_ count: Int, margin: Double) {
      self.count = count
      distance = Float(2 * margin).nextUp
    }

    var indices: [Int] { scored.map(\.index) }

    mutating func add(_ scores: UnsafePointer<Float>, _ columns: ArraySlice<Int>) {
      for (place, column) in columns.enumerated() where scores[place] >= floor {
        scored.append((scores[place], column))
      }
      guard scored.count > count else { return }
      scored.sort { $0.score > $1.score }
      floor = (scored[count - 1].score - distance).nextDown
      let end = scored.firstIndex { $0.score < floor } ?? scored.count
      scored.removeSubrange(end...)
    }
  }
}
