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
    reserve()
    return String(cString: xling_blas_core_name())
  }()

  /// OpenBLAS takes a buffer of 128 MiB for each thread that multiplies, and where it gets none it asks
  /// for ever. Under a limit of the address space they are taken now, for fewer threads if need be.
  private static func reserve() {
    let count = Int(xling_blas_reserve(Int32(clamping: Parallel.threads)))
    guard count > 0 else { OutOfMemory.end("the buffer of a matrix product, 128 MiB") }
    if count < Parallel.threads { Parallel.limitThreads(to: count) }
  }

  /// The kernel set for this processor where OpenBLAS is older than it, does not know it and fell back
  /// on SSE3 (0.3.21 on Emerald Rapids: training ran at 0.3 times the speed); else nil. OpenBLAS
  /// chooses once, as it is loaded, and asks ``coreVariable`` first.
  public static let overlookedCore: String? = xling_blas_overlooked_core().map {
    String(cString: $0)
  }

  /// Whether this processor has the instructions of the kernel set in use; false only where
  /// ``coreVariable`` names another processor's.
  public static let coreRuns = xling_blas_core_runs() != 0

  /// The environment variable that OpenBLAS takes its kernel set from.
  public static let coreVariable = "OPENBLAS_CORETYPE"

  /// Whether the rows of a product have the same bits at any place of a batch, on every kernel set;
  /// else they have the bits of training, which the first versions fixed. With AVX-512 these are the
  /// same. For embeddings: `Matmul.$keepsRowsAlike.withValue(true) { … }`.
  @TaskLocal public static var keepsRowsAlike = false

  /// Whether ``keepsRowsAlike`` changes any bits with this kernel set.
  public static let rowsDifferByPlace: Bool = {
    _ = coreName
    let shape = UnevenColumns.Shape(columns: 192, inner: 192, transposeB: true)
    return !UnevenColumns.of(shape, leastRows: rowUnit).isEmpty
  }()

  /// OpenBLAS multiplies by other kernels, with other bits, up to this many multiplications (its
  /// `sgemm_small_matrix_permit`, 100^3 where it has such kernels at all).
  private static let smallKernelLimit = 1_000_000

  /// OpenBLAS walks through C in strips of three times its unrolling of 4 rows, and what is left at
  /// the end goes through other kernels. On Haswell and Zen these have other bits (measured with
  /// 0.3.21); whole strips agree everywhere.
  private static let rowUnit = 12

  /// Rows in one call, a multiple of ``rowUnit``: beyond its buffer OpenBLAS cuts C at a multiple of
  /// 16.
  private static let longestCall = 4_800

  /// C[m, n] = alpha * op(A)[m, k] op(B)[k, n] + beta * C, float32.
  ///
  /// The rows of C are split among the threads; each element's sum over k is never split, so the
  /// result depends neither on the number of threads nor on the rows that follow, and where
  /// ``keepsRowsAlike`` on no other row of the batch (A as it lies; see ``UnevenColumns``). For that the
  /// kernel is chosen by n and k alone: small ones have their own, OpenBLAS gets whole units of rows
  /// only, and rows of zeros are added to what is left over and below its limit.
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
    let least = roundedUp(smallKernelLimit / (n * k) + 1, to: rowUnit)
    let share = (m + Parallel.threads - 1) / Parallel.threads
    let grain =
      2 * m * n * k < 4_000_000 ? longestCall : min(longestCall, roundedUp(share, to: 4 * rowUnit))
    let uneven = keepsRowsAlike && !transposeA ? unevenColumns(b, transposeB, n, k, least) : nil
    Parallel.ranges(m, grain: max(grain, least)) { rows in
      let a = part(of: a, transposeA, rows)
      let c = c.slice(rows: rows)
      let chains = uneven?.products(a, c, alpha, beta)
      defer { if let uneven, let chains { uneven.place(chains, into: c) } }
      let whole = rows.count < least ? 0 : rows.count - rows.count % rowUnit
      if whole > 0 {
        xling_sgemm(
          transposeA ? 1 : 0, transposeB ? 1 : 0, Int32(whole), Int32(n), Int32(k), alpha,
          a.pointer, Int32(a.stride), b.pointer, Int32(b.stride), beta, c.pointer,
          Int32(c.stride))
      }
      if whole < rows.count {
        let tail = whole..<rows.count
        multiplyPadded(
          to: roundedUp(max(tail.count, least), to: rowUnit), part(of: a, transposeA, tail),
          transposeA, b, transposeB, into: c.slice(rows: tail), alpha: alpha, beta: beta)
      }
    }
  }

  private static func unevenColumns(
    _ b: Matrix, _ transposeB: Bool, _ n: Int, _ k: Int, _ least: Int
  ) -> UnevenColumns.Work? {
    let shape = UnevenColumns.Shape(columns: n, inner: k, transposeB: transposeB)
    let uneven = UnevenColumns.of(shape, leastRows: least)
    return uneven.isEmpty ? nil : UnevenColumns.Work(uneven, b, shape)
  }

  /// The rows of op(A).
  private static func part(of a: Matrix, _ transposed: Bool, _ rows: Range<Int>) -> Matrix {
    transposed ? a.slice(columns: rows) : a.slice(rows: rows)
  }

  private static func roundedUp(_ count: Int, to unit: Int) -> Int {
    (count + unit - 1) / unit * unit
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
