import CKernels
import XlingCore
import XlingTensor

/// Some gallery items, the columns, while their scores are counted: copies of their embeddings and the
/// correct queries of each, in panels of `XK_RANK_COLUMNS` columns.
///
/// A panel has levels: level l holds the l-th correct query of each of its columns, so that one
/// comparison serves sixteen columns. Columns in the order of falling numbers leave few gaps.
final class CountedColumns {
  let counters: GoldCounters
  private let gold: GoldRelation?
  private let items: UnsafeMutableBufferPointer<Int32>
  private let panels: UnsafeMutableRawPointer
  private let floors: UnsafeMutableBufferPointer<Float>
  /// [panels + 1], the first level of each.
  private let levels: UnsafeMutableBufferPointer<Int32>

  private static let lanes = Int(XK_RANK_COLUMNS)

  /// Of copies of embeddings.
  static func roundedWidth(_ width: Int) -> Int {
    let unit = Int(XK_RANK_WIDTH)
    return (width + unit - 1) / unit * unit
  }

  /// `counts` nil: nothing is asked of the columns. `margin(item)`: ``EmbeddingMatrix/rankMargin(_:against:)``.
  init(
    _ columns: ArraySlice<Int32>, of embeddings: EmbeddingMatrix, _ counts: GoldCounts?,
    margin: (Int) -> Double
  ) {
    let (lanes, width) = (Self.lanes, Self.roundedWidth(embeddings.width))
    gold = counts?.gold
    let panelCount = (columns.count + lanes - 1) / lanes
    items = .allocate(capacity: columns.count)
    _ = items.initialize(from: columns)
    panels = .allocate(byteCount: panelCount * lanes * width * 4, alignment: 64)
    floors = .allocate(capacity: panelCount * lanes)
    floors.initialize(repeating: .infinity)
    levels = .allocate(capacity: panelCount + 1)
    levels.initialize(repeating: 0)
    for panel in 0..<panelCount {
      levels[panel + 1] = levels[panel]
      guard let counts else { continue }
      let first = Int(columns[columns.startIndex + panel * lanes])
      levels[panel + 1] += Int32(Self.depth(first, counts.gold))
    }
    counters = GoldCounters(Int(levels[panelCount]) * lanes)
    forEachCounter { column, slot, index in
      guard let counts else { return }
      counters.set(index, exact: counts.exact[slot], margin: margin(Int(items[column])))
      // Best first: the last one is the lowest.
      floors[column] = counters.low(index)
    }
    Self.pack(items, of: embeddings, to: panels)
  }

  /// Correct queries that have a counter; of items with more, SortedScores counts.
  private static func depth(_ item: Int, _ gold: GoldRelation) -> Int {
    let count = gold.range(item).count
    return count < SortedScores.limit ? count : 0
  }

  private static func pack(
    _ items: UnsafeMutableBufferPointer<Int32>, of embeddings: EmbeddingMatrix,
    to panels: UnsafeMutableRawPointer
  ) {
    guard let start = items.baseAddress else { return }
    let size = 4 * lanes * roundedWidth(embeddings.width)
    Parallel.ranges((items.count + lanes - 1) / lanes, grain: 8) { part in
      for panel in part {
        xk_pack_columns(
          embeddings.row(0), Int64(embeddings.width), start + panel * lanes,
          Int64(items.count - panel * lanes), panels + panel * size)
      }
    }
  }

  deinit {
    items.deallocate()
    panels.deallocate()
    floors.deallocate()
    levels.deallocate()
  }

  /// `slot`: of the relation's items, best first within a column; `index`: of the counters.
  private func forEachCounter(_ body: (_ column: Int, _ slot: Int, _ index: Int) -> Void) {
    guard let gold else { return }
    for (column, item) in items.enumerated() {
      let (panel, lane) = (column / Self.lanes, column % Self.lanes)
      for (level, slot) in gold.range(Int(item)).prefix(Self.depth(Int(item), gold)).enumerated() {
        body(column, slot, (Int(levels[panel]) + level) * Self.lanes + lane)
      }
    }
  }

  func describe(_ tile: inout xk_rank_tile) {
    tile.columns = UnsafePointer(items.baseAddress)
    tile.column_count = Int64(items.count)
    tile.panels = UnsafeRawPointer(panels)
    tile.floors = UnsafePointer(floors.baseAddress)
    tile.levels = UnsafePointer(levels.baseAddress)
    tile.correct_queries = counters.kernel
  }

  func add(to counts: inout GoldCounts?) {
    forEachCounter { _, slot, index in
      counts?.above[slot] += counters.above(index)
      counts?.tied[slot] += counters.tied(index)
    }
  }
}
