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
  }

  public var isTrainable: Bool {
    get { gradient != nil }
    set {
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
