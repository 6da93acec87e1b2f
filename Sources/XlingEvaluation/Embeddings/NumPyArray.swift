import Foundation
import Synchronization
import XlingCore

/// A two-dimensional array of NumPy's `.npy` format, versions 1 to 3: magic, header length, a Python
/// dictionary, raw values (NEP 1). Rows or columns may follow one another, either byte first.
struct NumPyArray {
  static let magic = Data([0x93]) + Data("NUMPY".utf8)

  /// NumPy has no bfloat16: what ml_dtypes saves is two bytes without a type, `V2`.
  enum Element {
    case float16, bfloat16, float32, float64

    var width: Int {
      switch self {
      case .float16, .bfloat16: 2
      case .float32: 4
      case .float64: 8
      }
    }
  }

  let rows: Int
  let columns: Int
  private let path: String
  private let source: ArrayBytes
  /// Where the values begin.
  private let start: Int
  private let element: Element
  private let isBigEndian: Bool
  private let isColumnMajor: Bool

  /// Reads the header of the file's array, or of the one that `source` is of it. Throws
  /// ``EvaluationFailure/notEmbeddings(path:expected:found:hint:)``, `FileFailure`.
  init(_ path: String, _ source: ArrayBytes? = nil) throws {
    let source = try source ?? ArrayBytes(path)
    let (header, values) = try Self.header(source, path)
    guard let type = Self.quoted("descr", header), let shape = Self.shape(header) else {
      throw Self.bad(path, "a header with descr and shape", header)
    }
    guard shape.count == 2, shape[1] > 0 else {
      throw Self.bad(path, "the shape (rows, width)", "\(shape)", hint: "One row an input.")
    }
    isColumnMajor = header.contains("'fortran_order': True")
    guard isColumnMajor || header.contains("'fortran_order': False") else {
      throw Self.bad(path, "a header with fortran_order", header)
    }
    (rows, columns) = (shape[0], shape[1])
    guard let (element, isBigEndian) = Self.element(type) else {
      let isPickle = type.dropFirst().hasPrefix("O")
      throw Self.bad(
        path, "float16, bfloat16 (V2), float32 or float64",
        type + (isPickle ? ", an array of Python objects (a pickle, which is never run)" : ""))
    }
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    let bytes = source.count - values
    guard !overflow, count <= source.count, bytes == count * element.width else {
      throw Self.bad(
        path, "\(rows) x \(columns) values of \(element.width) bytes", "\(bytes) bytes",
        hint: "The file is cut off, or longer than it says.")
    }
    (self.path, self.source, start) = (path, source, values)
    (self.element, self.isBigEndian) = (element, isBigEndian)
  }

  /// The Python dictionary, and where the values begin.
  private static func header(
    _ source: ArrayBytes, _ path: String
  ) throws -> (text: String, values: Int) {
    guard let head = source.bytes(at: 0, count: min(12, source.count)), head.count == 12,
      head.starts(with: magic)
    else { throw bad(path, "a .npy header", "\(source.count) bytes") }
    // Version 1 has two bytes of header length, later ones four.
    let lengthBytes = head[6] == 1 ? 2 : 4
    let length = head[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard let text = source.bytes(at: 8 + lengthBytes, count: length) else {
      throw bad(path, "a header of \(length) bytes", "an array of \(source.count)")
    }
    return (String(decoding: text, as: UTF8.self), 8 + lengthBytes + length)
  }

  private static func bad(
    _ path: String, _ expected: String, _ found: String,
    hint: String = "Save it again by numpy.save(path, array.astype(numpy.float32))."
  ) -> EvaluationFailure {
    .notEmbeddings(path: path, expected: expected, found: found, hint: hint)
  }

  /// Of a type as NumPy writes it: `<f4`.
  private static func element(_ type: String) -> (Element, isBigEndian: Bool)? {
    let elements: [String: Element] = [
      "f2": .float16, "f4": .float32, "f8": .float64, "V2": .bfloat16,
    ]
    guard let order = type.first, "<>|=".contains(order),
      let element = elements[String(type.dropFirst())]
    else { return nil }
    return (element, order == ">")
  }

  /// Reads all values, as float32, row by row. Throws `FileFailure`.
  func read(into out: UnsafeMutablePointer<Float>) throws {
    let failed = Atomic<Bool>(false)
    nonisolated(unsafe) let out = out
    Parallel.ranges(rows * columns, grain: 1 << 18) { part in
      if !read(part, into: out) { failed.store(true, ordering: .relaxed) }
    }
    if failed.load(ordering: .relaxed) {
      throw FileFailure.cannotRead(path: path, reason: "it ended before its last value")
    }
  }

  /// Reads the values `part`, each to its place. False when there are fewer.
  private func read(_ part: Range<Int>, into out: UnsafeMutablePointer<Float>) -> Bool {
    let offset = start + part.lowerBound * element.width
    if element == .float32, !isBigEndian, !isColumnMajor {
      let target = UnsafeMutableRawBufferPointer(
        start: out + part.lowerBound, count: 4 * part.count)
      return source.read(target, at: offset)
    }
    guard let bytes = source.bytes(at: offset, count: part.count * element.width) else {
      return false
    }
    bytes.withUnsafeBytes { bytes in
      for index in 0..<part.count {
        let place = part.lowerBound + index
        let target = isColumnMajor ? place % rows * columns + place / rows : place
        out[target] = value(bytes, index)
      }
    }
    return true
  }

  private func value(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Float {
    func word<Word: FixedWidthInteger>(_ type: Word.Type) -> Word {
      let word = bytes.loadUnaligned(
        fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
      return isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
    }
    switch element {
    case .float16: return Float(Float16(bitPattern: word(UInt16.self)))
    // The upper half of a float32.
    case .bfloat16: return Float(bitPattern: UInt32(word(UInt16.self)) << 16)
    case .float32: return Float(bitPattern: word(UInt32.self))
    case .float64: return Float(Double(bitPattern: word(UInt64.self)))
    }
  }

  /// `'key': 'value'` of a Python dictionary.
  private static func quoted(_ key: String, _ header: String) -> String? {
    guard let place = header.range(of: "'\(key)': '") else { return nil }
    return String(header[place.upperBound...].prefix { $0 != "'" })
  }

  private static func shape(_ header: String) -> [Int]? {
    guard let place = header.range(of: "'shape': (") else { return nil }
    let inside = header[place.upperBound...].prefix { $0 != ")" }
    let parts = inside.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let sizes = parts.filter { !$0.isEmpty }.map { Int($0) }
    let known = sizes.compactMap { $0 }.filter { $0 >= 0 }
    return known.count == sizes.count ? known : nil
  }
}
