import CKernels
import CONeDNN
import XlingCore

/// A matrix op(W) [inner, columns], rounded to bf16 and laid out for products: done once for weights that
/// stay as they are.
public final class PackedWeights {
  public let inner: Int
  public let columns: Int
  private let form: Form

  private enum Form {
    case library(OpaquePointer)
    /// Rounded, float32, [inner, columns].
    case rounded(UnsafeMutablePointer<Float>)
  }

  /// Rows of every product. One size for all: of fewer rows the library sums in another order, and each size
  /// is compiled anew.
  public static let blockRows = 64

  /// w is [inner, columns], or [columns, inner] where transposed.
  public init(_ w: Matrix, transposed: Bool, library: Bool = Precision.unit != .rounding) {
    inner = transposed ? w.columns : w.rows
    columns = transposed ? w.rows : w.columns
    guard library else {
      form = .rounded(Self.rounded(w, transposed))
      return
    }
    guard
      let packed = xod_pack(
        w.pointer, Int64(w.stride), transposed ? 1 : 0, Int64(inner), Int64(columns))
    else { OutOfMemory.end("\(w.count) weights in bf16") }
    form = .library(packed)
  }

  deinit {
    switch form {
    case .library(let packed): xod_free(packed)
    case .rounded(let values): values.deallocate()
    }
  }

  private static func rounded(_ w: Matrix, _ transposed: Bool) -> UnsafeMutablePointer<Float> {
    let values = UnsafeMutablePointer<Float>.allocate(capacity: max(1, w.count))
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: max(1, w.columns)) { half in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, w.columns)) { row in
        guard let half = half.baseAddress, let row = row.baseAddress else { return }
        for index in 0..<w.rows {
          xk_f32_to_bf16(w.row(index), half, Int64(w.columns))
          xk_bf16_to_f32(half, row, Int64(w.columns))
          for column in 0..<w.columns {
            values[transposed ? column * w.rows + index : index * w.columns + column] = row[column]
          }
        }
      }
    }
    return values
  }

  /// c [``blockRows``, columns] = a op(W) + bias, or added to c; a [``blockRows``, inner] in bf16, both
  /// without gaps. On the calling thread.
  public func multiplyBlock(
    _ a: UnsafePointer<UInt16>, bias: UnsafePointer<Float>? = nil, accumulate: Bool = false,
    into c: UnsafeMutablePointer<Float>
  ) {
    switch form {
    case .library(let packed):
      let status = xod_multiply(
        packed, a, Int64(Self.blockRows), bias, accumulate ? 1 : 0, 0, c)
      precondition(status == 0, "oneDNN forms no product of \(inner) and \(columns)")
    case .rounded(let values): multiplyRounded(a, values, bias, accumulate, c)
    }
  }

  private func multiplyRounded(
    _ a: UnsafePointer<UInt16>, _ values: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
    _ accumulate: Bool, _ c: UnsafeMutablePointer<Float>
  ) {
    let rows = Self.blockRows
    if let bias {
      for row in 0..<rows {
        let out = c + row * columns
        if accumulate {
          xk_add(out, bias, Int64(columns))
        } else {
          out.update(from: bias, count: columns)
        }
      }
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * inner) { scratch in
      guard let wide = scratch.baseAddress else { return }
      xk_bf16_to_f32(a, wide, Int64(rows * inner))
      let weights = Matrix(
        UnsafeMutablePointer(mutating: values), rows: inner, columns: columns)
      // On AVX2 OpenBLAS's last rows, and some columns, have other bits at another place.
      Matmul.$keepsRowsAlike.withValue(true) {
        Matmul.multiply(
          Matrix(wide, rows: rows, columns: inner), weights,
          into: Matrix(c, rows: rows, columns: columns), beta: accumulate || bias != nil ? 1 : 0)
      }
    }
  }
}
