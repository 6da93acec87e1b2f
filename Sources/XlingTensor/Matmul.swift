import CKernels
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

  /// OpenBLAS multiplies by other kernels, with other bits, up to this many multiplications (its
  /// `sgemm_small_matrix_permit`, 100^3 where it has such kernels at all).
  private static let smallKernelLimit = 1_000_000

  /// C[m, n] = alpha * op(A)[m, k] op(B)[k, n] + beta * C, float32.
  ///
  /// The rows of C are split among the threads; each element's sum over k is never split, so the
  /// result depends neither on the number of threads nor on the other rows of the batch. For that
  /// the kernel is chosen by n and k alone: small ones have their own, and below OpenBLAS's limit
  /// rows of zeros are added.
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
    if ((n + 15) & ~15) * k <= Int(XK_SMALL_PRODUCT) {
      xk_small_product(
        transposeA ? 1 : 0, transposeB ? 1 : 0, Int64(m), Int64(n), Int64(k), alpha, a.pointer,
        Int64(a.stride), b.pointer, Int64(b.stride), beta, c.pointer, Int64(c.stride))
      return
    }
    let least = max(2, smallKernelLimit / (n * k) + 1)
    if m < least {
      multiplyPadded(
        to: least, a, transposeA, b, transposeB, into: c, alpha: alpha, beta: beta)
      return
    }
    let share = (m + Parallel.threads - 1) / Parallel.threads
    let grain = 2 * m * n * k < 4_000_000 ? m : max(64, least, (share + 15) & ~15)
    Parallel.ranges(m, grain: grain) { rows in
      // A tail too short to be computed alone joins the range before it.
      let tail = m % grain
      let joined = tail > 0 && tail < least && m > grain
      guard !(joined && rows.count == tail && rows.upperBound == m) else { return }
      let count = rows.count + (joined && rows.upperBound == m - tail ? tail : 0)
      let first = rows.lowerBound
      xling_sgemm(
        transposeA ? 1 : 0, transposeB ? 1 : 0, Int32(count), Int32(n), Int32(k), alpha,
        transposeA ? a.pointer + first : a.pointer + first * a.stride, Int32(a.stride),
        b.pointer, Int32(b.stride), beta, c.pointer + first * c.stride, Int32(c.stride))
    }
  }

  /// The same with op(A) extended by rows of zeros.
  private static func multiplyPadded(
    to rows: Int, _ a: Matrix, _ transposeA: Bool, _ b: Matrix, _ transposeB: Bool,
    into c: Matrix, alpha: Float, beta: Float
  ) {
    let k = transposeA ? a.rows : a.columns
    let n = c.columns
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * (k + n)) { scratch in
      scratch.initialize(repeating: 0)
      let padded = Matrix(scratch.baseAddress!, rows: rows, columns: k)
      let out = Matrix(scratch.baseAddress! + rows * k, rows: rows, columns: n)
      for row in 0..<c.rows {
        if transposeA {
          for index in 0..<k { padded[row, index] = a[index, row] }
        } else {
          padded.row(row).update(from: a.row(row), count: k)
        }
        if beta != 0 { out.row(row).update(from: c.row(row), count: n) }
      }
      xling_sgemm(
        0, transposeB ? 1 : 0, Int32(rows), Int32(n), Int32(k), alpha, padded.pointer, Int32(k),
        b.pointer, Int32(b.stride), beta, out.pointer, Int32(n))
      for row in 0..<c.rows { c.row(row).update(from: out.row(row), count: n) }
    }
  }
}
