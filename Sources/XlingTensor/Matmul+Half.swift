import CKernels
import CONeDNN
import COpenBLAS
import XlingCore

/// The door's other wing: operands rounded to bf16, sums in float32. Rows are split as in
/// ``multiply(_:_:into:transposeA:transposeB:alpha:beta:)``: a row's bits depend neither on the threads nor
/// on the other rows.
extension Matmul {
  /// y [rows, columns] = x [rows, inner] op(W) + bias, or added to y.
  public static func multiply(
    _ x: Matrix, _ weights: PackedWeights, bias: UnsafePointer<Float>? = nil, into y: Matrix,
    accumulate: Bool = false
  ) {
    precondition(
      x.rows == y.rows && x.columns == weights.inner && y.columns == weights.columns,
      "product of [\(x.rows), \(x.columns)] and [\(weights.inner), \(weights.columns)] into "
        + "[\(y.rows), \(y.columns)]")
    HalfBlock.forEach(x.rows) { rows in
      HalfBlock.withHalves(x.columns) { block in
        HalfBlock.round(x, rows, into: block)
        HalfBlock.multiply(block, weights, bias: bias, into: y, rows, accumulate: accumulate)
      }
    }
  }

  /// Rows of C in one product of weights' gradients.
  private static let outerRows = 192

  /// C [m, n] += Aᵀ B of A [k, m] and B [k, n], both rounded to bf16: the gradient of a dense layer's
  /// weight. C without gaps.
  public static func addOuter(
    _ a: Matrix, _ b: Matrix, to c: Matrix, library: Bool = Precision.unit != .rounding
  ) {
    precondition(
      a.rows == b.rows && c.rows == a.columns && c.columns == b.columns && c.isContiguous)
    _ = coreName
    // Zeros in place of rows that are not there: few lengths, each of which is compiled once.
    let k = (a.rows + 63) / 64 * 64
    withUnsafeTemporaryAllocation(byteCount: max(1, k * b.columns * 2), alignment: 64) { memory in
      nonisolated(unsafe) let right = memory.baseAddress!.assumingMemoryBound(to: UInt16.self)
      Parallel.ranges(k, grain: 64) { rows in round(b, rows, into: right) }
      Parallel.ranges(a.columns, grain: outerRows) { columns in
        let part = a.slice(columns: columns)
        let count = columns.count
        withUnsafeTemporaryAllocation(byteCount: k * count * 2, alignment: 64) { memory in
          let left = memory.baseAddress!.assumingMemoryBound(to: UInt16.self)
          round(part, 0..<k, into: left)
          let out = c.row(columns.lowerBound)
          guard library else {
            multiplyRounded(left, right, (count, b.columns, k), addingTo: out)
            return
          }
          let status = xod_outer(
            left, right, Int64(count), Int64(b.columns), Int64(k), 1, out)
          precondition(status == 0, "oneDNN forms no product of \(count), \(b.columns), \(k)")
        }
      }
    }
  }

  /// Rows of x to their place in `block` [k, columns]; rows that x has not are zeros.
  private static func round(
    _ x: Matrix, _ rows: Range<Int>, into block: UnsafeMutablePointer<UInt16>
  ) {
    for row in rows {
      let out = block + row * x.columns
      if row < x.rows {
        xk_f32_to_bf16(x.row(row), out, Int64(x.columns))
      } else {
        out.update(repeating: 0, count: x.columns)
      }
    }
  }

  private static func multiplyRounded(
    _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, _ shape: (m: Int, n: Int, k: Int),
    addingTo c: UnsafeMutablePointer<Float>
  ) {
    let (left, right) = (shape.k * shape.m, shape.k * shape.n)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: left + right) { scratch in
      guard let wide = scratch.baseAddress else { return }
      xk_bf16_to_f32(a, wide, Int64(left))
      xk_bf16_to_f32(b, wide + left, Int64(right))
      xling_sgemm(
        1, 0, Int32(shape.m), Int32(shape.n), Int32(shape.k), 1, wide, Int32(shape.m),
        wide + left, Int32(shape.n), 1, c, Int32(shape.n))
    }
  }
}
