import CKernels
import XlingCore
import XlingTensor

/// One tensor inside a mapped file: nothing is read until it is asked for. Its bytes were checked to
/// lie within the file.
public struct StoredTensor {
  public let type: ElementType
  public let shape: [Int]
  /// In elements, one a dimension; nil when the tensor lies row after row.
  let strides: [Int]?
  let file: MappedFile
  /// Of the first element, in bytes from the file's start.
  let offset: Int

  init(type: ElementType, shape: [Int], strides: [Int]? = nil, file: MappedFile, offset: Int) {
    self.type = type
    self.shape = shape
    self.strides = strides == Self.rowMajor(shape) ? nil : strides
    self.file = file
    self.offset = offset
  }

  /// A zero anywhere makes the tensor empty, however large the rest.
  public var count: Int { shape.contains(0) ? 0 : shape.reduce(1, *) }

  /// False for a tensor that repeats few numbers so often that it is larger than its file.
  var fitsFile: Bool { count <= file.count / type.width }

  /// Numbers that the tensor brings along: its count, but never more than its file has room for.
  var heldCount: Int { min(count, file.count / type.width) }

  /// Bytes of a tensor of this type and shape; nil when they exceed the address space.
  static func bytes(_ type: ElementType, _ shape: [Int]) -> Int? {
    guard !shape.contains(0) else { return 0 }
    var bytes = type.width
    for size in shape {
      let product = bytes.multipliedReportingOverflow(by: size)
      guard !product.overflow, size > 0 else { return nil }
      bytes = product.partialValue
    }
    return bytes
  }

  static func rowMajor(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for index in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[index] = strides[index + 1] &* shape[index + 1]
    }
    return strides
  }

  /// The rows of `range`: the same dimensions with fewer rows, or a shorter vector.
  package func rows(_ range: Range<Int>) -> StoredTensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= shape.first ?? 0)
    let step = (strides ?? Self.rowMajor(shape))[0]
    return StoredTensor(
      type: type, shape: [range.count] + shape.dropFirst(), strides: strides, file: file,
      offset: offset + range.lowerBound * step * type.width)
  }

  /// A matrix with its columns as rows; nil for what is no matrix.
  var transposed: StoredTensor? {
    guard shape.count == 2 else { return nil }
    return StoredTensor(
      type: type, shape: shape.reversed(), strides: (strides ?? Self.rowMajor(shape)).reversed(),
      file: file, offset: offset)
  }

  /// The same numbers under another shape; nil when they do not lie row after row.
  func reshaped(_ shape: [Int]) -> StoredTensor? {
    guard strides == nil, shape.reduce(1, *) == count else { return nil }
    return StoredTensor(type: type, shape: shape, file: file, offset: offset)
  }

  /// Whether the numbers can be used where they lie in the file.
  var isPlain: Bool {
    type == .float32 && strides == nil && count > 0
      && offset % MemoryLayout<Float>.alignment == 0
  }

  /// Gives a parameter of the same count these values: float32 where it lies, everything else as a
  /// converted copy. The type must be one of weights.
  package func place(into parameter: Parameter) {
    precondition(parameter.count == count && type.isWeight)
    if isPlain, let start = file.start {
      parameter.borrow(
        (start + offset).bindMemory(to: Float.self, capacity: count), from: file)
      return
    }
    move(into: parameter.value)
  }

  /// Copies as ``copy(into:)``, some rows at a time on all threads, and gives the pages of what is
  /// copied back: at no time is the tensor there twice. The type must be one of weights.
  func move(into out: UnsafeMutablePointer<Float>) {
    guard strides == nil, let rows = shape.first, count > 0 else { return copy(into: out) }
    let width = count / rows
    Parallel.ranges(rows, grain: max(1, Self.movedAtOnce / width)) { range in
      let part = self.rows(range)
      part.copy(into: out + range.lowerBound * width)
      file.release(part.offset..<part.offset + part.count * type.width)
    }
  }

  /// Numbers.
  private static let movedAtOnce = 1 << 21

  /// Copies `count` values, converted to float32. The type must be one of weights.
  func copy(into out: UnsafeMutablePointer<Float>) {
    guard count > 0 else { return }
    if let strides {
      copyStrided(into: out, strides)
      return
    }
    let bytes = file.bytes(offset..<offset + count * type.width)
    switch type {
    case .float32:
      UnsafeMutableRawBufferPointer(start: out, count: bytes.count).copyMemory(from: bytes)
    case .float64:
      for index in 0..<count {
        out[index] = Float(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
      }
    default: widen(bytes, into: out)
    }
  }

  /// 16-bit values may lie at any byte; the kernels read aligned ones.
  private func widen(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutablePointer<Float>) {
    let kernel = type == .bfloat16 ? xk_bf16_to_f32 : xk_f16_to_f32
    let block = 1 << 14
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: block) { aligned in
      for first in stride(from: 0, to: count, by: block) {
        let part = min(block, count - first)
        UnsafeMutableRawBufferPointer(aligned).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[2 * first..<2 * (first + part)]))
        kernel(aligned.baseAddress, out + first, Int64(part))
      }
    }
  }

  private func copyStrided(into out: UnsafeMutablePointer<Float>, _ strides: [Int]) {
    forEachOffset(strides) { index, position in out[index] = element(position) }
  }

  private func element(_ position: Int) -> Float {
    switch type {
    case .float32: return file.all.loadUnaligned(fromByteOffset: position, as: Float.self)
    case .float64: return Float(file.all.loadUnaligned(fromByteOffset: position, as: Double.self))
    default:
      var half = file.all.loadUnaligned(fromByteOffset: position, as: UInt16.self)
      var value: Float = 0
      if type == .bfloat16 {
        xk_bf16_to_f32(&half, &value, 1)
      } else {
        xk_f16_to_f32(&half, &value, 1)
      }
      return value
    }
  }

  /// Each element's index in row-major order and its place in the file, in bytes.
  private func forEachOffset(_ strides: [Int], _ body: (Int, Int) -> Void) {
    var place = [Int](repeating: 0, count: shape.count)
    var position = offset
    for index in 0..<count {
      body(index, position)
      var dimension = shape.count - 1
      while dimension >= 0 {
        place[dimension] += 1
        position += strides[dimension] * type.width
        if place[dimension] < shape[dimension] { break }
        position -= shape[dimension] * strides[dimension] * type.width
        place[dimension] = 0
        dimension -= 1
      }
    }
  }

  /// All values as float32, row-major; nil for a type that weights are not stored in.
  public func floats() -> [Float]? {
    guard type.isWeight else { return nil }
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let start = buffer.baseAddress { copy(into: start) }
      initialized = count
    }
  }

  /// All values of an integer type, row-major; nil for others and for values beyond 64 bits.
  public func integers() -> [Int]? {
    guard type.isInteger else { return nil }
    var values = [Int](repeating: 0, count: count)
    var fits = true
    forEachOffset(strides ?? Self.rowMajor(shape)) { index, position in
      func load<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) {
        let value = file.all.loadUnaligned(fromByteOffset: position, as: Value.self)
        values[index] = Int(exactly: value) ?? 0
        if Int(exactly: value) == nil { fits = false }
      }
      switch type {
      case .int64: load(Int64.self)
      case .int32: load(Int32.self)
      case .int16: load(Int16.self)
      case .int8: load(Int8.self)
      case .uint64: load(UInt64.self)
      case .uint32: load(UInt32.self)
      case .uint16: load(UInt16.self)
      default: load(UInt8.self)
      }
    }
    return fits ? values : nil
  }
}
