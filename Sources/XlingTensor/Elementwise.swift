import CKernels
import XlingCore

/// The forms of GELU (Hendrycks and Gimpel 2016): x Phi(x), and its approximations by tanh and by the
/// logistic function, x sigmoid(1.702 x), which OpenAI's CLIP has ("quick").
public enum GELU: Sendable, Equatable {
  case erf
  case tanh
  case quick
}

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

  /// y = GELU(x).
  public static func gelu(_ x: Matrix, into y: Matrix, form: GELU = .erf) {
    precondition(x.count == y.count && x.isContiguous && y.isContiguous)
    let kernel =
      switch form {
      case .erf: xk_gelu
      case .tanh: xk_gelu_tanh
      case .quick: xk_gelu_quick
      }
    Parallel.ranges(y.rows, grain: grain(columns: y.columns)) { rows in
      kernel(x.row(rows.lowerBound), y.row(rows.lowerBound), Int64(rows.count * y.columns))
    }
  }

  /// dy becomes dx = dy * GELU'(x).
  public static func geluBackward(_ x: Matrix, dy: Matrix, form: GELU = .erf) {
    precondition(x.count == dy.count && x.isContiguous && dy.isContiguous)
    let kernel =
      switch form {
      case .erf: xk_gelu_backward
      case .tanh: xk_gelu_tanh_backward
      case .quick: xk_gelu_quick_backward
      }
    Parallel.ranges(dy.rows, grain: grain(columns: dy.columns)) { rows in
      let first = rows.lowerBound
      kernel(x.row(first), dy.row(first), dy.row(first), Int64(rows.count * dy.columns))
    }
  }

  /// y = max(x, 0).
  public static func relu(_ x: Matrix, into y: Matrix) {
    precondition(x.count == y.count && x.isContiguous && y.isContiguous)
    Parallel.ranges(y.rows, grain: grain(columns: y.columns)) { rows in
      let (source, target) = (x.row(rows.lowerBound), y.row(rows.lowerBound))
      for index in 0..<rows.count * y.columns { target[index] = max(source[index], 0) }
    }
  }

  /// dy becomes dx: zero where x is not above zero, as PyTorch has it.
  public static func reluBackward(_ x: Matrix, dy: Matrix) {
    precondition(x.count == dy.count && x.isContiguous && dy.isContiguous)
    Parallel.ranges(dy.rows, grain: grain(columns: dy.columns)) { rows in
      let (source, target) = (x.row(rows.lowerBound), dy.row(rows.lowerBound))
      for index in 0..<rows.count * dy.columns where !(source[index] > 0) { target[index] = 0 }
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
