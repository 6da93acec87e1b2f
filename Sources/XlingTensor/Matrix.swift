/// A row-major float32 view, [rows, columns], `stride` elements from row to row. It owns nothing:
/// its memory belongs to a ``Workspace`` or a ``Parameter``.
public struct Matrix {
  public let pointer: UnsafeMutablePointer<Float>
  public let rows: Int
  public let columns: Int
  public let stride: Int

  public init(_ pointer: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
  }

  public var count: Int { rows * columns }
  public var isContiguous: Bool { stride == columns }

  public subscript(row: Int, column: Int) -> Float {
    get { pointer[row * stride + column] }
    nonmutating set { pointer[row * stride + column] = newValue }
  }

  public func row(_ index: Int) -> UnsafeMutablePointer<Float> { pointer + index * stride }

  /// The rows of `range`, in place.
  public func slice(rows range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    return Matrix(
      pointer + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  /// The columns of `range`, in place.
  public func slice(columns range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns)
    return Matrix(
      pointer + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  public func fill(_ value: Float) {
    for index in 0..<rows { row(index).update(repeating: value, count: columns) }
  }

  /// A copy that outlives the workspace.
  public func array() -> [Float] {
    (0..<rows).flatMap { UnsafeBufferPointer(start: row($0), count: columns) }
  }
}
