import CKernels
import XlingCore

/// Embeddings, one row an input: [count, width] row-major float32, every number finite. It owns its
/// memory, which copies share until one of them is changed; norms are computed once, as it is made.
public struct EmbeddingMatrix: Sendable {
  public let count: Int
  public let width: Int
  /// Whether rows were scaled to unit length, up to rounding.
  public private(set) var isUnitLength: Bool
  /// Of each row, in double precision: `xk_exact_dot` of the row with itself, its square root.
  public private(set) var norms: [Double]
  public private(set) var largestNorm: Double
  private var storage: Storage

  /// Rows that `fill` writes, all of them. `name` stands in messages: "caption embeddings". Throws
  /// what `fill` throws, ``EmbeddingFailure/notFinite(what:rows:count:)``.
  public init(
    count: Int, width: Int, name: String, isUnitLength: Bool = false,
    fill: (Matrix) throws -> Void
  ) throws {
    storage = Storage(count * width)
    try fill(Matrix(storage.start, rows: count, columns: width))
    (self.count, self.width, self.isUnitLength) = (count, width, isUnitLength)
    norms = Self.norms(storage.start, count, width)
    largestNorm = norms.max() ?? 0
    try check(name)
  }

  /// A copy of `values`, [count, width]. Throws ``EmbeddingFailure``.
  public init(
    _ values: [Float], width: Int, name: String, isUnitLength: Bool = false
  ) throws(EmbeddingFailure) {
    guard width > 0, values.count % width == 0 else {
      throw .shape(what: name, width: width, values: values.count)
    }
    storage = Storage(values.count)
    storage.start.initialize(from: values, count: values.count)
    (count, self.width, self.isUnitLength) = (values.count / width, width, isUnitLength)
    norms = Self.norms(storage.start, count, width)
    largestNorm = norms.max() ?? 0
    try check(name)
  }

  /// Rows of `other`, of its numbers and norms.
  private init(_ other: EmbeddingMatrix, rows: [Int]) {
    storage = Storage(rows.count * other.width)
    for (place, row) in rows.enumerated() {
      (storage.start + place * other.width).initialize(
        from: other.row(row), count: other.width)
    }
    (count, width, isUnitLength) = (rows.count, other.width, other.isUnitLength)
    norms = rows.map { other.norms[$0] }
    largestNorm = norms.max() ?? 0
  }

  /// `width` numbers, which live as long as this value or a copy of it.
  public func row(_ index: Int) -> UnsafePointer<Float> {
    UnsafePointer(storage.start + index * width)
  }

  public subscript(row: Int, column: Int) -> Float { storage.start[row * width + column] }

  /// A copy of some rows, in their order.
  public func rows(_ indices: [Int]) -> EmbeddingMatrix { EmbeddingMatrix(self, rows: indices) }

  /// All numbers, row by row.
  public func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(storage) {
      try body(
        UnsafeRawBufferPointer(UnsafeBufferPointer(start: storage.start, count: count * width)))
    }
  }

  /// A copy of all numbers, row by row.
  public func array() -> [Float] {
    withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// Scales every row to unit length, in double precision, but for rows of zeros, which stay; in place
  /// where no copy shares the memory.
  public mutating func scaleToUnitLength() {
    if !isKnownUniquelyReferenced(&storage) { storage = Storage(copying: storage) }
    let (start, norms, width) = (Pointer(storage.start), norms, width)
    Parallel.ranges(count, grain: 1_024) { part in
      for row in part where norms[row] > 0 {
        let scale = 1 / norms[row]
        for index in row * width..<(row + 1) * width {
          start.pointer[index] = Float(Double(start.pointer[index]) * scale)
        }
      }
    }
    self.norms = Self.norms(storage.start, count, width)
    largestNorm = self.norms.max() ?? 0
    isUnitLength = true
  }

  /// Refuses rows without a direction. Throws ``EmbeddingFailure/zeroRows(what:rows:count:)``.
  public func checkDirections(_ name: String) throws(EmbeddingFailure) {
    let zero = norms.indices.filter { norms[$0] == 0 }
    if !zero.isEmpty {
      throw .zeroRows(what: name, rows: Array(zero.prefix(5)), count: zero.count)
    }
  }

  private func check(_ name: String) throws(EmbeddingFailure) {
    let bad = norms.indices.filter { !norms[$0].isFinite }
    if !bad.isEmpty { throw .notFinite(what: name, rows: Array(bad.prefix(5)), count: bad.count) }
  }

  /// Finite numbers of float32 have a finite norm in double precision, others have none.
  private static func norms(
    _ start: UnsafeMutablePointer<Float>, _ count: Int, _ width: Int
  ) -> [Double] {
    let start = Pointer(start)
    return [Double](unsafeUninitializedCapacity: count) { norms, initialized in
      if let norms = norms.baseAddress {
        Parallel.ranges(count, grain: 1_024) { part in
          for row in part {
            let values = start.pointer + row * width
            norms[row] = xk_exact_dot(values, values, Int64(width)).squareRoot()
          }
        }
      }
      initialized = count
    }
  }

  /// Threads write rows of their own.
  private struct Pointer: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>

    init(_ pointer: UnsafeMutablePointer<Float>) { self.pointer = pointer }
  }

  /// Written by whoever makes the matrix, and where nothing else shares it; read-only afterwards.
  private final class Storage: @unchecked Sendable {
    let start: UnsafeMutablePointer<Float>
    private let count: Int

    init(_ count: Int) {
      self.count = count
      start = .allocate(capacity: max(1, count))
    }

    convenience init(copying other: Storage) {
      self.init(other.count)
      start.initialize(from: other.start, count: other.count)
    }

    deinit { start.deallocate() }
  }
}

extension EmbeddingMatrix: Equatable {
  public static func == (one: EmbeddingMatrix, other: EmbeddingMatrix) -> Bool {
    guard one.count == other.count, one.width == other.width else { return false }
    return one.withUnsafeBytes { left in
      other.withUnsafeBytes { right in
        left.bindMemory(to: Float.self).elementsEqual(right.bindMemory(to: Float.self))
      }
    }
  }
}
