import CKernels

/// The correct items of some queries while their scores are counted.
final class CountedRows {
  let rows: Range<Int>
  private let counters: GoldCounters
  /// [rows + 1], from 0, of those with a counter for each correct item.
  private let offsets: UnsafeMutableBufferPointer<Int32>

  /// `margin(query)`: ``EmbeddingMatrix/rankMargin(_:against:)``.
  init(_ rows: Range<Int>, _ counts: GoldCounts, margin: (Int) -> Double) {
    self.rows = rows
    let gold = counts.gold
    offsets = .allocate(capacity: rows.count + 1)
    var total: Int32 = 0
    offsets[0] = total
    for (place, query) in rows.enumerated() {
      let count = gold.range(query).count
      // Those with more are counted by SortedScores.
      total += count < SortedScores.limit ? Int32(count) : 0
      offsets[place + 1] = total
    }
    counters = GoldCounters(Int(total))
    forEachCounter(gold) { query, slot, index in
      counters.set(index, exact: counts.exact[slot], margin: margin(query))
    }
  }

  private func forEachCounter(
    _ gold: GoldRelation, _ body: (_ query: Int, _ slot: Int, _ index: Int) -> Void
  ) {
    for (place, query) in rows.enumerated() {
      let first = gold.range(query).lowerBound - Int(offsets[place])
      for index in Int(offsets[place])..<Int(offsets[place + 1]) {
        body(query, first + index, index)
      }
    }
  }

  deinit { offsets.deallocate() }

  func describe(_ tile: inout xk_rank_tile) {
    tile.offsets = UnsafePointer(offsets.baseAddress)
    tile.correct_items = counters.kernel
  }

  func add(to counts: inout GoldCounts) {
    let gold = counts.gold
    forEachCounter(gold) { _, slot, index in
      counts.above[slot] += counters.above(index)
      counts.tied[slot] += counters.tied(index)
    }
  }
}
