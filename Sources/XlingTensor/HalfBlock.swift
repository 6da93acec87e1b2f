import CKernels
import XlingCore

/// Passes over rows in blocks of ``PackedWeights/blockRows``, each on one thread, so that what lies between
/// two products stays in its cache. The last block is filled up with zeros.
public enum HalfBlock {
  public static let rows = PackedWeights.blockRows

  /// `body` for every block, on all threads.
  public static func forEach(_ count: Int, _ body: (Range<Int>) -> Void) {
    _ = Matmul.coreName
    Parallel.ranges(count, grain: rows, body)
  }

  /// A block of bf16 numbers for the length of `body`, [``rows``, columns].
  public static func withHalves(
    _ columns: Int, _ body: (UnsafeMutablePointer<UInt16>) -> Void
  ) {
    withUnsafeTemporaryAllocation(
      byteCount: rows * columns * 2, alignment: 64
    ) { body($0.baseAddress!.assumingMemoryBound(to: UInt16.self)) }
  }

  /// A block of float32 numbers.
  public static func withFloats(
    _ columns: Int, _ body: (UnsafeMutablePointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(
      byteCount: rows * columns * 4, alignment: 64
    ) { body($0.baseAddress!.assumingMemoryBound(to: Float.self)) }
  }

  /// Rows of x, rounded to nearest even; the rest of the block becomes zero.
  public static func round(
    _ x: Matrix, _ range: Range<Int>, into block: UnsafeMutablePointer<UInt16>
  ) {
    if x.isContiguous {
      xk_f32_to_bf16(x.row(range.lowerBound), block, Int64(range.count * x.columns))
    } else {
      for (index, row) in range.enumerated() {
        xk_f32_to_bf16(x.row(row), block + index * x.columns, Int64(x.columns))
      }
    }
    let rest = (rows - range.count) * x.columns
    if rest > 0 { (block + range.count * x.columns).update(repeating: 0, count: rest) }
  }

  /// The rows of y (+)= block op(W) + bias.
  public static func multiply(
    _ block: UnsafePointer<UInt16>, _ weights: PackedWeights, bias: UnsafePointer<Float>? = nil,
    into y: Matrix, _ range: Range<Int>, accumulate: Bool = false
  ) {
    guard range.count < rows || !y.isContiguous else {
      weights.multiplyBlock(
        block, bias: bias, accumulate: accumulate, into: y.row(range.lowerBound))
      return
    }
    withFloats(y.columns) { scratch in
      weights.multiplyBlock(block, bias: bias, into: scratch)
      for (index, row) in range.enumerated() {
        let (out, sum) = (y.row(row), scratch + index * y.columns)
        if accumulate {
          xk_add(out, sum, Int64(y.columns))
        } else {
          out.update(from: sum, count: y.columns)
        }
      }
    }
  }
}
