import CKernels
import XlingCore
import XlingTensor

/// Exact ranks of dot products in both directions from one pass over the score matrix, a tile at a
/// time; the matrix is never stored.
///
/// A score is the dot product in double precision (`xk_exact_dot`): the same bits whatever the BLAS,
/// the batch, the threads. The fast float32 product only sorts out what is decided: a score that is
/// farther from a correct item's than rounding can carry it is above or below for certain; the few
/// others are computed exactly. Counts add up, so ranges of queries may be counted apart and merged.
public struct DotProductRanks {
  public private(set) var counts: RankCounts
  let left: Embeddings
  let right: Embeddings

  /// `queries` [n, width], `gallery` [m, width], borrowed: both must outlive this value.
  ///
  /// Throws ``RetrievalFailure`` for shapes that disagree and correct items that are not there.
  public init(
    queries left: Embeddings, gallery right: Embeddings, gold: GoldRelation, bothWays: Bool
  ) throws(RetrievalFailure) {
    guard left.width == right.width else {
      throw .shape(
        what: "embeddings", expected: "one width",
        found: "\(left.name) of \(left.width), \(right.name) of \(right.width)")
    }
    guard gold.queryCount == left.count else {
      throw .shape(
        what: "gold relation", expected: "\(left.count) queries", found: "\(gold.queryCount)")
    }
    try gold.check(gallerySize: right.count)
    self.left = left
    self.right = right
    counts = RankCounts(
      queries: GoldCounts(gold) { left.exactDot($0, right, $1) },
      items: bothWays
        ? GoldCounts(try gold.inverted(galleryCount: right.count)) { right.exactDot($0, left, $1) }
        : nil,
      gallerySize: right.count)
  }

  /// Rows and columns of one tile: its scores (2 MiB) stay in the cache.
  private static let tileRows = 512
  private static let tileColumns = 1_024

  /// Counts the scores of some queries against the whole gallery; each query once in all.
  /// `progress` is told the share that is done.
  public mutating func count<Stop: Error>(
    rows: Range<Int>, progress: (Double) throws(Stop) -> Void
  ) throws(Stop) {
    guard !rows.isEmpty, right.count > 0 else { return }
    let order = columnOrder()
    var tile = ScoreTile(
      rows: Self.tileRows, columns: min(Self.tileColumns, right.count), left.width)
    defer { tile.deallocate() }
    for start in stride(from: 0, to: right.count, by: Self.tileColumns) {
      let columns = order[start..<min(right.count, start + Self.tileColumns)]
      tile.gather(columns, of: right)
      var limits = counts.items.map {
        ColumnLimits($0, columns) { right.margin($0, against: left) }
      }
      for row in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.tileRows) {
        let part = row..<min(rows.upperBound, row + Self.tileRows)
        tile.multiply(left, part)
        countRows(tile, part, columns)
        if limits != nil { countColumns(tile, part, &limits!) }
        let cells = (part.upperBound - rows.lowerBound) * columns.count + start * rows.count
        try progress(Double(cells) / Double(rows.count * right.count))
      }
      if let limits { counts.items?.add(limits) }
    }
  }

  /// Takes over what was counted before, of the same embeddings, for rows that are not counted here.
  /// Throws ``RetrievalFailure/shape(what:expected:found:)`` when it is of others.
  public mutating func add(_ counted: RankCounts) throws(RetrievalFailure) {
    try counts.add(counted)
  }

  /// Counts everything.
  public mutating func count() { count(rows: 0..<left.count) { _ in } }

  /// Columns with most correct items first, so that those with an l-th one are the first of a tile.
  private func columnOrder() -> [Int] {
    guard let gold = counts.items?.gold else { return Array(0..<right.count) }
    return (0..<right.count).sorted {
      (gold.range($1).count, $0) < (gold.range($0).count, $1)
    }
  }
}

extension DotProductRanks {
  private mutating func countRows(_ tile: ScoreTile, _ rows: Range<Int>, _ columns: ArraySlice<Int>)
  {
    let gold = counts.queries.gold
    let exact = counts.queries.exact
    let (left, right) = (left, right)
    counts.queries.above.withUnsafeMutableBufferPointer { above in
      counts.queries.tied.withUnsafeMutableBufferPointer { tied in
        let (above, tied) = (above, tied)
        Parallel.ranges(rows.count, grain: 32) { part in
          withUnsafeTemporaryAllocation(of: Int32.self, capacity: columns.count) { near in
            for offset in part {
              let query = rows.lowerBound + offset
              let scores = tile.scores + offset * tile.columns
              let (width, first) = (left.margin(query, against: right), columns.startIndex)
              for slot in gold.range(query) {
                let limit = exact[slot]
                let undecided = xk_count_above(
                  scores, Int64(columns.count), Float(limit + width).nextUp,
                  Float(limit - width).nextDown, &above[slot], near.baseAddress)
                for place in 0..<Int(undecided) {
                  let score = left.exactDot(query, right, columns[first + Int(near[place])])
                  if score > limit { above[slot] += 1 } else if score == limit { tied[slot] += 1 }
                }
              }
            }
          }
        }
      }
    }
  }

  private func countColumns(_ tile: ScoreTile, _ rows: Range<Int>, _ limits: inout ColumnLimits) {
    let (left, right) = (left, right)
    let columns = limits.columns
    let chunk = Int(XK_RANK_COLUMNS)
    limits.withCounters { levels in
      for level in levels {
        Parallel.ranges((level.count + chunk - 1) / chunk, grain: 1) { part in
          withUnsafeTemporaryAllocation(of: Int32.self, capacity: rows.count * chunk) { near in
            for start in part.map({ $0 * chunk }) {
              let undecided = xk_count_above_columns(
                tile.scores + start, Int64(tile.columns), Int64(rows.count),
                Int64(min(chunk, level.count - start)), level.high + start, level.low + start,
                level.above + start, near.baseAddress)
              for place in 0..<Int(undecided) {
                let column = start + Int(near[place]) % chunk
                let score = right.exactDot(
                  columns[column], left, rows.lowerBound + Int(near[place]) / chunk)
                let limit = level.exact[column]
                if score > limit {
                  level.above[column] += 1
                } else if score == limit {
                  level.tied[column] += 1
                }
              }
            }
          }
        }
      }
    }
  }
}
