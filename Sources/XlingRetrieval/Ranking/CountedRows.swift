import CKernels

/// The correct items of some queries while their scores are counted.
final class CountedRows {
  let rows: Range<Int>
  private let counters: GoldCounters
  /// [rows + 1], from 0.
  private let offsets: UnsafeMutableBufferPointer<Int32>

  /// `margin(query)`: ``Embeddings/rankMargin(_:against:)``.
  init(_ rows: Range<Int>, _ counts: GoldCounts, margin: (Int) -> Double) {
    self.rows = rows
    let gold = counts.gold
    let first = gold.offsets[rows.lowerBound]
    counters = GoldCounters(Int(gold.offsets[rows.upperBound] - first))
    offsets = .allocate(capacity: rows.count + 1)
    _ = offsets.initialize(
      from: gold.offsets[rows.lowerBound...rows.upperBound].lazy.map { $0 - first })
    for query in rows {
      let margin = margin(query)
      for slot in gold.range(query) {
        counters.set(slot - Int(first), exact: counts.exact[slot], margin: margin)
      }
    }
  }

  deinit { offsets.deallocate() }

  func describe(_ tile: inout xk_rank_tile) {
    tile.offsets = UnsafePointer(offsets.baseAddress)
    tile.correct_items = counters.kernel
  }

  func add(to counts: inout GoldCounts) {
    let first = Int(counts.gold.offsets[rows.lowerBound])
    for index in 0..<counters.count {
      counts.above[first + index] += counters.above(index)
      counts.tied[first + index] += counters.tied(index)
    }
  }
}
