/// Sums over blocks of consecutive lines, for the bootstrap: as many lines a block as leave at most
/// ``limit`` blocks, one while they are few. What a block holds depends on the number of lines only.
public struct LineBlocks: Sendable, Equatable {
  /// Blocks, at most.
  public static let limit = 8_192

  /// Lines in each block but the last.
  public private(set) var linesPerBlock = 1
  /// Lines taken, blank ones among them.
  public private(set) var lineCount = 0
  /// [blocks, columns].
  private(set) var sums: [Int] = []

  private static let columns = Column.allCases.count

  public init() {}

  public var count: Int { sums.count / Self.columns }

  mutating func append(_ row: UnsafePointer<Int32>) {
    if lineCount == count * linesPerBlock {
      if count == Self.limit { halve() }
      if lineCount == count * linesPerBlock {
        sums.append(contentsOf: repeatElement(0, count: Self.columns))
      }
    }
    lineCount += 1
    let start = sums.count - Self.columns
    sums.withUnsafeMutableBufferPointer { sums in
      for column in 0..<Self.columns { sums[start + column] += Int(row[column]) }
    }
  }

  /// Joins blocks two by two.
  private mutating func halve() {
    let half = count / 2
    for block in 0..<half {
      for column in 0..<Self.columns {
        sums[block * Self.columns + column] =
          sums[2 * block * Self.columns + column] + sums[(2 * block + 1) * Self.columns + column]
      }
    }
    sums.removeLast(sums.count - half * Self.columns)
    linesPerBlock *= 2
  }

  /// One number a block.
  func values(_ column: Column) -> [Int] {
    (0..<count).map { sums[$0 * Self.columns + column.rawValue] }
  }

  /// Whether blocks of both hold the same lines.
  func hasLines(of other: LineBlocks) -> Bool {
    count == other.count && linesPerBlock == other.linesPerBlock && lineCount == other.lineCount
  }
}
