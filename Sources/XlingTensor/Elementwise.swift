import CKernels
import XlingCore

/// Passes over contiguous matrices, split by rows among the threads.
public enum Elementwise {
  /// About 64 kB a range: large enough to pay for a thread, small enough for a cache.
  static func grain(columns: Int) -> Int { max(1, 16_384 / max(columns, 1)) }

  /// Every row of y becomes `row`.
  public static func broadcast(_ row: UnsafePointer<Float>, into y: Matrix) {
    Parallel.ranges(y.rows, grain: grain(columns: y.columns)) { rows in
      for index in rows { y.row(index).update(from: row, count: y.columns) }
    }
  }

  /// y = x
  public static func copy(_ x: Matrix, into y: Matrix) {
    precondition(x.rows == y.rows && x.columns == y.columns)
    for index in 0..<x.rows { y.row(index).update(from: x.row(index), count: x.columns) }
  }

  /// y += x
  public static func add(_ x: Matrix, to y: Matrix) {
    precondition(x.count == y.count && x.isContiguous && y.isContiguous)
    Parallel.ranges(y.rows, grain: grain(columns: y.columns)) { rows in
      xk_add(y.row(rows.lowerBound), x.row(rows.lowerBound), Int64(rows.count * y.columns))
    }
  }

  /// y = a + b
  public static func sum(_ a: Matrix, _ b: Matrix, into y: Matrix) {
    precondition(a.count == y.count && b.count == y.count)
    precondition(a.isContiguous && b.isContiguous && y.isContiguous)
    Parallel.ranges(y.rows, grain: grain(columns: y.columns)) { rows in
      let first = rows.lowerBound
      xk_sum(a.row(first), b.row(first), y.row(first), Int64(rows.count * y.columns))
    }
  }

  /// y = a * b, element by element; y may be either.
  public static func product(_ a: Matrix, _ b: Matrix, into y: Matrix) {
    precondition(a.count == y.count && b.count == y.count)
    precondition(a.isContiguous && b.isContiguous && y.isContiguous)
    Parallel.ranges(y.rows, grain: grain(columns: y.columns)) { rows in
      let first = rows.lowerBound
      xk_product(a.row(first), b.row(first), y.row(first), Int64(rows.count * y.columns))
    }
  }

  /// out[c] += sum over rows of x[r, c]. Split by columns: each sum stays in one thread.
  public static func addColumnSums(_ x: Matrix, into out: UnsafeMutablePointer<Float>) {
    Parallel.ranges(x.columns, grain: 64) { columns in
      xk_column_sums(
        x.pointer, out, Int64(x.rows), Int64(x.stride), Int64(columns.lowerBound),
        Int64(columns.upperBound))
    }
  }
}
