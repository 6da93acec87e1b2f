/// One named tensor of a model. Its gradient exists only while it is trained, so a frozen tower
/// costs its weights and nothing more.
public final class Parameter {
  public let name: String
  public let shape: [Int]
  public let value: UnsafeMutablePointer<Float>
  public private(set) var gradient: UnsafeMutablePointer<Float>?

  public let count: Int

  /// Zero-filled.
  public init(_ name: String, _ shape: [Int]) {
    self.name = name
    self.shape = shape
    count = shape.reduce(1, *)
    value = Self.allocate(count)
  }

  deinit {
    value.deallocate()
    gradient?.deallocate()
  }

  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    let floats = bytes.bindMemory(to: Float.self, capacity: max(count, 1))
    floats.initialize(repeating: 0, count: max(count, 1))
    return floats
  }

  public var isTrainable: Bool {
    get { gradient != nil }
    set {
      if newValue, gradient == nil { gradient = Self.allocate(count) }
      if !newValue, let old = gradient {
        old.deallocate()
        gradient = nil
      }
    }
  }

  /// [first dimension, the rest]; a vector is one row.
  public var matrix: Matrix { Self.view(value, shape) }

  /// The gradient as a matrix; nil while frozen.
  public var gradientMatrix: Matrix? { gradient.map { Self.view($0, shape) } }

  private static func view(_ pointer: UnsafeMutablePointer<Float>, _ shape: [Int]) -> Matrix {
    let rows = shape.count < 2 ? 1 : shape[0]
    let columns = shape.count < 2 ? (shape.first ?? 1) : shape.dropFirst().reduce(1, *)
    return Matrix(pointer, rows: rows, columns: columns)
  }

  public var values: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: value, count: count) }

  public func zeroGradient() { gradient?.update(repeating: 0, count: count) }
}
