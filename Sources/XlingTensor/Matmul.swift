import COpenBLAS
import XlingCore

/// The one door for matrix products. Another backend (bf16 through oneDNN, packed weights) comes in
/// here and nowhere else; only attention's per-head products, too small for a library, stay in
/// their fused kernel.
public enum Matmul {
  /// The BLAS kernel set in use. Bits may differ between kernel sets.
  public static let coreName: String = {
    xling_blas_single_threaded()
    return String(cString: xling_blas_core_name())
  }()

  /// C[m, n] = alpha * op(A)[m, k] op(B)[k, n] + beta * C, float32.
  ///
  /// The rows of C are split among the threads; each element's sum over k is never split, so the
  /// result does not depend on the number of threads. A single row is computed as two, because
  /// BLAS takes another path (and other bits) for one.
  public static func multiply(
    _ a: Matrix, _ b: Matrix, into c: Matrix, transposeA: Bool = false, transposeB: Bool = false,
    alpha: Float = 1, beta: Float = 0
  ) {
    let m = transposeA ? a.columns : a.rows
    let k = transposeA ? a.rows : a.columns
    let n = transposeB ? b.rows : b.columns
    precondition(
      c.rows == m && c.columns == n && (transposeB ? b.columns : b.rows) == k,
      "product of [\(m), \(k)] and [\(transposeB ? b.columns : b.rows), \(n)] into "
        + "[\(c.rows), \(c.columns)]")
    _ = coreName
    guard m > 0, n > 0 else { return }
    if m == 1 {
      multiplySingleRow(a, transposeA, b, transposeB, into: c, alpha: alpha, beta: beta)
      return
    }
    let share = (m + Parallel.threads - 1) / Parallel.threads
    let grain = 2 * m * n * k < 4_000_000 ? m : max(64, (share + 15) & ~15)
    Parallel.ranges(m, grain: grain) { rows in
      // A tail of one row joins the range before it.
      let tail = rows.upperBound == m - 1
      let count = rows.count == 1 && rows.lowerBound > 0 ? 0 : rows.count + (tail ? 1 : 0)
      guard count > 0 else { return }
      let first = rows.lowerBound
      xling_sgemm(
        transposeA ? 1 : 0, transposeB ? 1 : 0, Int32(count), Int32(n), Int32(k), alpha,
        transposeA ? a.pointer + first : a.pointer + first * a.stride, Int32(a.stride),
        b.pointer, Int32(b.stride), beta, c.pointer + first * c.stride, Int32(c.stride))
    }
  }

  private static func multiplySingleRow(
    _ a: Matrix, _ transposeA: Bool, _ b: Matrix, _ transposeB: Bool, into c: Matrix,
    alpha: Float, beta: Float
  ) {
    let k = transposeA ? a.rows : a.columns
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * k + 2 * c.columns) { scratch in
      let two = Matrix(scratch.baseAddress!, rows: 2, columns: k)
      let out = Matrix(scratch.baseAddress! + 2 * k, rows: 2, columns: c.columns)
      for index in 0..<k {
        let value = transposeA ? a[index, 0] : a[0, index]
        two[0, index] = value
        two[1, index] = value
      }
      for column in 0..<c.columns {
        let value = beta == 0 ? 0 : c[0, column]
        out[0, column] = value
        out[1, column] = value
      }
      xling_sgemm(
        0, transposeB ? 1 : 0, 2, Int32(c.columns), Int32(k), alpha, two.pointer, Int32(k),
        b.pointer, Int32(b.stride), beta, out.pointer, Int32(c.columns))
      c.pointer.update(from: out.pointer, count: c.columns)
    }
  }
}
