import Glibc
import XlingCore

/// One named tensor of a model. Its gradient exists only while it is trained, so a frozen tower
/// costs its weights and nothing more; weights that a mapped checkpoint holds are not even copied.
public final class Parameter {
  public let name: String
  public let shape: [Int]
  /// Makers say part, bias and layer; a model says the side.
  public var role: ParameterRole
  public private(set) var value: UnsafeMutablePointer<Float>
  public private(set) var gradient: UnsafeMutablePointer<Float>?

  public let count: Int

  /// Of dense layers' products with this matrix.
  public var precision = Precision.fp32 {
    didSet { forgetPacked() }
  }
  /// W and Wᵀ as products take them, while the values stay what they are.
  private var packed: (plain: PackedWeights?, transposed: PackedWeights?)

  /// What `calloc` gave for the values; nil while they belong to `owner`.
  private var memory: UnsafeMutableRawPointer?
  private var owner: AnyObject?
  private var gradientMemory: UnsafeMutableRawPointer?

  /// Zero-filled. Pages that nobody touches cost nothing, so a tower built to be loaded is free.
  public init(_ name: String, _ shape: [Int], role: ParameterRole = ParameterRole()) {
    self.name = name
    self.shape = shape
    self.role = role
    count = shape.reduce(1, *)
    let memory = Self.allocate(count)
    self.memory = memory
    value = Self.floats(in: memory, count)
  }

  deinit {
    free(memory)
    free(gradientMemory)
  }

  /// Zeros, with room to align them to 64 bytes.
  private static func allocate(_ count: Int) -> UnsafeMutableRawPointer {
    let bytes = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard !bytes.overflow, bytes.partialValue < .max - 64,
      let memory = calloc(bytes.partialValue + 64, 1)
    else { OutOfMemory.end("\(count) parameters") }
    return memory
  }

  private static func floats(
    in memory: UnsafeMutableRawPointer, _ count: Int
  ) -> UnsafeMutablePointer<Float> {
    memory.alignedUp(toMultipleOf: 64).bindMemory(to: Float.self, capacity: max(count, 1))
  }

  /// Takes `count` values that lie elsewhere, in a privately mapped checkpoint, without copying
  /// them. `owner` keeps them alive and lets them be written (training copies the pages it changes).
  public func borrow(_ values: UnsafeMutablePointer<Float>, from owner: AnyObject) {
    free(memory)
    memory = nil
    self.owner = owner
    value = values
    forgetPacked()
  }

  /// The matrix, or its transpose, for products in bf16. What is trained changes from step to step and is
  /// laid out for each product; what is frozen, once.
  public func packed(transposed: Bool) -> PackedWeights {
    if let known = transposed ? packed.transposed : packed.plain { return known }
    let made = PackedWeights(matrix, transposed: transposed)
    if !isTrainable {
      if transposed { packed.transposed = made } else { packed.plain = made }
    }
    return made
  }

  /// For whoever writes values of a frozen parameter.
  public func forgetPacked() {
    packed = (nil, nil)
    version += 1
  }

  /// Another number whenever what was laid out of the values may be stale.
  private(set) var version = 0

  public var isTrainable: Bool {
    get { gradient != nil }
    set {
      forgetPacked()
      if newValue, gradient == nil {
        let memory = Self.allocate(count)
        gradientMemory = memory
        gradient = Self.floats(in: memory, count)
      }
      if !newValue {
        free(gradientMemory)
        (gradient, gradientMemory) = (nil, nil)
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
