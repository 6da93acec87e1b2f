import CKernels
import XlingCore
import XlingTensor

/// Exact ranks of dot products in both directions from one pass over the score matrix, some queries and
/// some items at a time; the matrix is never stored.
///
/// A score is the dot product in double precision (`xk_exact_dot`): the same bits whatever the
/// processor, the batch, the threads. The fast float32 product only sorts out what is decided: a score
/// that is farther from a correct item's than rounding can carry it is above or below for certain; the
/// few others are computed exactly. Counts add up, so ranges of queries may be counted apart and merged.
public struct DotProductRanks {
  public private(set) var counts: RankCounts
  let left: EmbeddingMatrix
  let right: EmbeddingMatrix
  /// The gallery's items, those with most correct queries first: neighbours then have as many.
  private let columns: [Int32]

  /// Throws ``RetrievalFailure`` for shapes that disagree and correct items that are not there.
  public init(
    queries left: EmbeddingMatrix, gallery right: EmbeddingMatrix, gold: GoldRelation,
    bothWays: Bool
  ) throws(RetrievalFailure) {
    guard left.width == right.width else {
      throw .shape(
        what: "embeddings", expected: "one width",
        found: "queries of \(left.width), a gallery of \(right.width)")
    }
    guard gold.queryCount == left.count else {
      throw .shape(
        what: "gold relation", expected: "\(left.count) queries", found: "\(gold.queryCount)")
    }
    try gold.check(gallerySize: right.count)
    self.left = left
    self.right = right
    let queries = GoldCounts(gold) { left.exactDot($0, right, $1) }
    let items =
      bothWays
      ? GoldCounts(try gold.inverted(galleryCount: right.count)) { right.exactDot($0, left, $1) }
      : nil
    counts = RankCounts(queries: queries, items: items, gallerySize: right.count)
    // Those with very many are counted apart (SortedScores), and stand last here.
    let falling = items?.gold.byFallingCount() ?? (0..<right.count).map(Int32.init)
    let many = items.map { items in
      falling.prefix { items.gold.range(Int($0)).count >= SortedScores.limit }.count
    }
    columns = Array(falling.dropFirst(many ?? 0) + falling.prefix(many ?? 0))
  }

  /// Numbers in a copy of some items (4 MiB): they come from the cache again for the next queries.
  private static let blockSize = 1 << 20
  /// Numbers in a copy of some queries (256 KiB), which one thread holds against a block of items.
  private static let chunkSize = 1 << 16
  /// Queries between two reports of progress.
  private static let sectionRows = 16_384

  /// `size` numbers as whole `units` of rows of `width`, at least one.
  private static func rows(_ size: Int, width: Int, unit: Int32) -> Int {
    max(1, size / width / Int(unit)) * Int(unit)
  }

  /// Counts the scores of some queries against the whole gallery; each query once in all.
  /// `progress` is told the share that is done, first 0.
  public mutating func count<Stop: Error>(
    rows: Range<Int>, progress: (Double) throws(Stop) -> Void
  ) throws(Stop) {
    guard !rows.isEmpty, right.count > 0 else { return }
    try progress(0)
    let queries = CountedRows(rows, counts.queries) { left.rankMargin($0, against: right) }
    let size = Self.rows(Self.blockSize, width: left.width, unit: Int32(XK_RANK_COLUMNS))
    for start in stride(from: 0, to: right.count, by: size) {
      let some = columns[start..<min(right.count, start + size)]
      let block = CountedColumns(some, of: right, counts.items) {
        right.rankMargin($0, against: left)
      }
      for first in stride(from: 0, to: rows.count, by: Self.sectionRows) {
        let section = first..<min(rows.count, first + Self.sectionRows)
        count(queries, section, block)
        let cells = section.upperBound * some.count + start * rows.count
        try progress(Double(cells) / Double(rows.count * right.count))
      }
      block.add(to: &counts.items)
    }
    queries.add(to: &counts.queries)
    SortedScores.count(
      SortedScores.items(counts.queries.gold, in: rows), against: 0..<right.count,
      in: &counts.queries
    ) { left.exactDot($0, right, $1) }
    guard var items = counts.items else { return }
    counts.items = nil
    SortedScores.count(
      SortedScores.items(items.gold, in: 0..<right.count), against: rows, in: &items
    ) { right.exactDot($0, left, $1) }
    counts.items = items
  }

  /// `section`: of the rows.
  private func count(_ rows: CountedRows, _ section: Range<Int>, _ columns: CountedColumns) {
    var whole = xk_rank_tile()
    (whole.queries, whole.items) = (left.row(rows.rows.lowerBound), right.row(0))
    whole.width = Int64(left.width)
    rows.describe(&whole)
    columns.describe(&whole)
    let (template, slots) = (whole, columns.counters.count)
    let width = CountedColumns.roundedWidth(left.width)
    let chunk = Self.rows(Self.chunkSize, width: width, unit: Int32(XK_RANK_ROWS))
    Parallel.ranges(section.count, grain: chunk) { part in
      withUnsafeTemporaryAllocation(byteCount: 4 * chunk * (width + 1), alignment: 64) { packed in
        // Columns are counted by all threads: each counts for itself and adds at the end.
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * slots + 1) { own in
          own.initialize(repeating: 0)
          guard let counts = own.baseAddress else { return }
          var tile = template
          tile.first_query = Int64(section.lowerBound + part.lowerBound)
          tile.query_count = Int64(part.count)
          tile.correct_queries.above = counts
          tile.correct_queries.tied = counts + slots
          xk_count_ranks(&tile, packed.baseAddress)
          xk_add_counts(template.correct_queries.above, counts, Int64(slots))
          xk_add_counts(template.correct_queries.tied, counts + slots, Int64(slots))
        }
      }
    }
  }

  /// Takes over ``RankCounts/columns`` counted before, of the same embeddings, for rows that are not
  /// counted here. Throws ``RetrievalFailure/shape(what:expected:found:)`` when they are of others.
  public mutating func add(columns: [[Int32]]) throws(RetrievalFailure) {
    try counts.add(columns: columns)
  }

  /// Counts everything.
  public mutating func count() { count(rows: 0..<left.count) { _ in } }
}
