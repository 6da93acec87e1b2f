import CKernels

/// Rows of bf16 numbers without gaps, [rows, columns]: what is kept for the way back in half the memory. It
/// owns nothing, as ``Matrix``.
public struct HalfMatrix {
  public let pointer: UnsafeMutablePointer<UInt16>
  public let rows: Int
  public let columns: Int

  public init(_ pointer: UnsafeMutablePointer<UInt16>, rows: Int, columns: Int) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
  }

  public func row(_ index: Int) -> UnsafeMutablePointer<UInt16> { pointer + index * columns }

  /// The rows of `range`, from numbers that lie without gaps; to nearest even.
  public func round(_ values: UnsafePointer<Float>, to range: Range<Int>) {
    xk_f32_to_bf16(values, row(range.lowerBound), Int64(range.count * columns))
  }

  /// The rows of `range` as float32.
  public func widen(_ range: Range<Int>, into values: UnsafeMutablePointer<Float>) {
    xk_bf16_to_f32(row(range.lowerBound), values, Int64(range.count * columns))
  }
}

extension Workspace {
  /// An uninitialized matrix in bf16, 64-byte aligned.
  public func takeHalf(_ rows: Int, _ columns: Int) -> HalfMatrix {
    let floats = floats((rows * columns + 1) / 2)
    return HalfMatrix(
      UnsafeMutableRawPointer(floats).bindMemory(to: UInt16.self, capacity: rows * columns),
      rows: rows, columns: columns)
  }
}
