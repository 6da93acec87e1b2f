/// Queries, keys and values of all heads, or their gradients: what attention's dense layers give.
public struct AttentionProjections {
  /// [rows, heads * size], or of ``read``'s rows alone.
  public let queries: Matrix
  /// [rows, heads * size]; keys and values lie in rows of one length.
  public let keys: Matrix
  public let values: Matrix
  /// nil: all.
  public let read: ReadRows?
  /// All three, [rows, 3 * heads * size], where they lie so.
  public let sideBySide: Matrix?

  /// Rows of a batch whose context is wanted, ascending.
  public struct ReadRows {
    let rows: [Int32]
    /// Those of sequence s are rows[offsets[s]..<offsets[s + 1]].
    let offsets: [Int32]

    public var count: Int { rows.count }

    public init(_ rows: [Int], of layout: SequenceLayout) {
      precondition(zip(rows, rows.dropFirst()).allSatisfy(<), "rows ascend")
      precondition(rows.allSatisfy { (0..<layout.rows).contains($0) }, "rows of the batch")
      self.rows = rows.map(Int32.init)
      var offsets: [Int32] = []
      var next = 0
      for start in layout.offsets {
        while next < rows.count, rows[next] < Int(start) { next += 1 }
        offsets.append(Int32(next))
      }
      self.offsets = offsets
    }
  }

  /// All three side by side, [rows, 3 * heads * size].
  public init(sideBySide all: Matrix) {
    let width = all.columns / 3
    sideBySide = all
    queries = all.slice(columns: 0..<width)
    keys = all.slice(columns: width..<2 * width)
    values = all.slice(columns: 2 * width..<3 * width)
    read = nil
  }

  /// Queries of some rows [read rows, heads * size] beside keys and values of all, [rows, 2 * heads * size].
  public init(queries: Matrix, keysAndValues: Matrix, read: ReadRows) {
    let width = keysAndValues.columns / 2
    precondition(queries.columns == width && queries.rows == read.rows.count)
    (self.queries, sideBySide) = (queries, nil)
    keys = keysAndValues.slice(columns: 0..<width)
    values = keysAndValues.slice(columns: width..<2 * width)
    self.read = read
  }
}
