import CImageCodecs
import Foundation

/// Named numeric arrays of a MATLAB 5 MAT-file (The MathWorks, "MAT-File Format"), compressed or not,
/// little-endian: a header of 128 bytes, then elements of a type, a size and data.
struct MATFile {
  struct NumericArray {
    let dimensions: [Int]
    fileprivate let stored: StoredNumbers

    /// How messages call the type in which values are stored.
    var kind: String { stored.kind }
    /// The values as they are stored, first index fastest; nil when they are not bytes.
    var bytes: ArraySlice<UInt8>? { stored.bytes }
    /// Nil when a value is not whole.
    var integers: [Int]? { stored.integers }
  }

  private let path: String
  private let arrays: [String: NumericArray]

  /// A compressed element that says it is larger is refused unread. SVHN's test pictures are 80 MB.
  static let limit = 128 << 20

  /// Reads the arrays named, and steps over others, compressed ones without unpacking them. Throws
  /// ``ClassificationFailure/badFile(path:expected:found:)``.
  init(_ data: Data, path: String, arrays names: Set<String>) throws(ClassificationFailure) {
    self.path = path
    let bytes = [UInt8](data)
    guard bytes.count >= 128, bytes[124] == 0, bytes[125] == 1, bytes[126...127] == [0x49, 0x4D]
    else {
      throw .badFile(
        path: path, expected: "a little-endian MATLAB 5 MAT-file (save -v7)",
        found: "other leading bytes")
    }
    var reader = ElementReader(bytes[128...], path: path)
    var arrays: [String: NumericArray] = [:]
    while let element = try reader.next(aligned: { $0 != ElementType.compressed }) {
      var element = element
      if element.type == ElementType.compressed {
        guard let size = try Self.sizeOfWanted(element.data, path, named: names) else { continue }
        var inner = ElementReader(
          try Self.inflated(element.data, size, whole: true, path)[...], path: path)
        guard let whole = try inner.next() else { continue }
        element = whole
      }
      guard element.type == ElementType.matrix else { continue }
      if let (name, array) = try Self.matrix(element.data, path, named: names) {
        guard arrays.updateValue(array, forKey: name) == nil else {
          throw .badFile(path: path, expected: "one array \(name)", found: "another")
        }
      }
    }
    self.arrays = arrays
  }

  /// Throws ``ClassificationFailure/badFile(path:expected:found:)``.
  func array(_ name: String) throws(ClassificationFailure) -> NumericArray {
    if let array = arrays[name] { return array }
    throw .badFile(path: path, expected: "a numeric array \(name)", found: "none")
  }

  private enum ElementType {
    static let int32: UInt32 = 5
    static let matrix: UInt32 = 14
    static let compressed: UInt32 = 15
  }

  private struct Element {
    let type: UInt32
    let data: ArraySlice<UInt8>
  }

  /// Walks elements: 8 bytes of type and size, or both in 4 with up to 4 bytes of data behind them;
  /// padded to 8 bytes but for compressed ones.
  private struct ElementReader {
    private var rest: ArraySlice<UInt8>
    private let path: String

    init(_ bytes: ArraySlice<UInt8>, path: String) {
      rest = bytes
      self.path = path
    }

    mutating func next(
      aligned: (UInt32) -> Bool = { _ in true }
    ) throws(ClassificationFailure) -> Element? {
      guard !rest.isEmpty else { return nil }
      guard rest.count >= 8 else { throw cutOff() }
      let tag = MATFile.word(rest)
      let small = Int(tag >> 16)
      if small > 0 {
        guard small <= 4 else { throw cutOff() }
        let start = rest.startIndex + 4
        let element = Element(type: tag & 0xFFFF, data: rest[start..<start + small])
        rest = rest.dropFirst(8)
        return element
      }
      let size = Int(MATFile.word(rest.dropFirst(4)))
      let body = rest.dropFirst(8)
      guard size <= body.count else { throw cutOff() }
      let element = Element(type: tag, data: body.prefix(size))
      let padding = aligned(tag) ? (8 - size % 8) % 8 : 0
      rest = body.dropFirst(size + padding)
      return element
    }

    private func cutOff() -> ClassificationFailure {
      .badFile(path: path, expected: "whole elements", found: "one that is cut off")
    }
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.prefix(4).enumerated().reduce(0) { $0 | UInt32($1.element) << (8 * UInt32($1.offset)) }
  }

  /// Flags, dimensions, name, values. Nil when the name is not wanted or the values are not real numbers.
  private static func matrix(
    _ data: ArraySlice<UInt8>, _ path: String, named names: Set<String>
  ) throws(ClassificationFailure) -> (String, NumericArray)? {
    var reader = ElementReader(data, path: path)
    guard let flags = try reader.next(), let shape = try reader.next(),
      let name = try reader.next()
    else { return nil }
    let text = String(decoding: name.data, as: UTF8.self)
    guard names.contains(text), flags.data.count == 8, shape.type == ElementType.int32,
      let values = try reader.next()
    else { return nil }
    let isComplex = word(flags.data) & 0x0800 != 0
    // The numeric classes: double 6, single 7, then whole numbers of 1 to 8 bytes.
    guard !isComplex, (6...15).contains(word(flags.data) & 0xFF) else { return nil }
    let dimensions = stride(from: 0, to: shape.data.count, by: 4).map {
      Int(Int32(bitPattern: word(shape.data.dropFirst($0))))
    }
    let stored = StoredNumbers(type: values.type, data: values.data)
    var count = 1
    for dimension in dimensions {
      let (product, overflows) = count.multipliedReportingOverflow(by: dimension)
      count = overflows || dimension < 0 ? -1 : product
      if count < 0 { break }
    }
    guard let stored, stored.count == count else {
      throw .badFile(
        path: path, expected: "\(text) with as many values as its dimensions say",
        found: "\(stored?.count ?? 0) of type \(values.type)")
    }
    return (text, NumericArray(dimensions: dimensions, stored: stored))
  }

  /// Bytes to which a compressed matrix with a wanted name unpacks, as its first bytes say: type, size, flags,
  /// dimensions and name stand there. Nil for others. Throws when it would be too large.
  private static func sizeOfWanted(
    _ data: ArraySlice<UInt8>, _ path: String, named names: Set<String>
  ) throws(ClassificationFailure) -> Int? {
    let start = try inflated(data, 1024, whole: false, path)
    guard start.count >= 8, word(start[...]) == ElementType.matrix else { return nil }
    let size = Int(word(start[4...]))
    var reader = ElementReader(start[8...], path: path)
    for part in 0..<3 {
      // What does not fit is no name that we look for.
      guard let element = try? reader.next() else { return nil }
      if part == 2, !names.contains(String(decoding: element.data, as: UTF8.self)) { return nil }
    }
    guard size <= limit else {
      throw .badFile(
        path: path, expected: "arrays of at most \(limit >> 20) MiB",
        found: "one that unpacks to \(size >> 20) MiB by its header")
    }
    return size + 8
  }

  /// The first `count` bytes of what MATLAB compressed by zlib; all of them, when it has fewer. `whole`: it
  /// may not have more.
  private static func inflated(
    _ data: ArraySlice<UInt8>, _ count: Int, whole: Bool, _ path: String
  ) throws(ClassificationFailure) -> [UInt8] {
    var result = xling_inflated()
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
      data.withUnsafeBufferPointer {
        _ = xling_inflate(
          $0.baseAddress, $0.count, target.baseAddress, count, whole ? 1 : 0, &result)
      }
      filled = result.count
    }
    guard result.code == XLING_IMAGE_OK else {
      throw .badFile(
        path: path, expected: "compressed data", found: ImageFailure.text(result.message))
    }
    return bytes
  }
}

/// Numbers in one of the storage types of a MAT-file, which may be smaller than the array's own.
private struct StoredNumbers {
  let kind: String
  let count: Int
  private let isBytes: Bool
  private let data: ArraySlice<UInt8>
  private let value: (UnsafeRawBufferPointer, Int) -> Double

  /// Nil for types that are not numbers, and for a part of one.
  init?(type: UInt32, data: ArraySlice<UInt8>) {
    func number<T>(_: T.Type, _ double: @escaping (T) -> Double) -> (
      UnsafeRawBufferPointer, Int
    ) -> Double {
      { double($0.loadUnaligned(fromByteOffset: $1 * MemoryLayout<T>.size, as: T.self)) }
    }
    let width: Int
    switch type {
    case 1: (kind, width, value) = ("int8", 1, number(Int8.self) { Double($0) })
    case 2: (kind, width, value) = ("uint8", 1, number(UInt8.self) { Double($0) })
    case 3: (kind, width, value) = ("int16", 2, number(Int16.self) { Double($0) })
    case 4: (kind, width, value) = ("uint16", 2, number(UInt16.self) { Double($0) })
    case 5: (kind, width, value) = ("int32", 4, number(Int32.self) { Double($0) })
    case 6: (kind, width, value) = ("uint32", 4, number(UInt32.self) { Double($0) })
    case 7: (kind, width, value) = ("single", 4, number(Float.self) { Double($0) })
    case 9: (kind, width, value) = ("double", 8, number(Double.self) { $0 })
    default: return nil
    }
    guard data.count % width == 0 else { return nil }
    count = data.count / width
    isBytes = type == 2
    self.data = data
  }

  var bytes: ArraySlice<UInt8>? { isBytes ? data : nil }

  var integers: [Int]? {
    let numbers = data.withUnsafeBytes { buffer in
      (0..<count).map { Int(exactly: value(buffer, $0)) }
    }
    return numbers.contains(nil) ? nil : numbers.compactMap { $0 }
  }
}
