import Foundation
import Synchronization
import XlingCore

/// A two-dimensional array of NumPy's `.npy` format, versions 1 to 3: magic, header length, a Python
/// dictionary, raw values (NEP 1).
struct NumPyArray {
  static let magic = Data([0x93]) + Data("NUMPY".utf8)

  let rows: Int
  let columns: Int
  private let path: String
  /// Where the values begin, and the bytes of one.
  private let start: Int
  private let width: Int

  /// Reads the header of `<f2`, `<f4` and `<f8`. Throws ``EvaluationFailure/notEmbeddings(path:expected:found:hint:)``,
  /// `FileFailure`.
  init(_ path: String) throws {
    func bad(_ expected: String, _ found: String, _ hint: String) -> EvaluationFailure {
      .notEmbeddings(path: path, expected: expected, found: found, hint: hint)
    }
    let again = "Save it again by numpy.save(path, array.astype(numpy.float32))."
    let file = try FileReader(path)
    guard let head = file.bytes(at: 0, count: 12), head.starts(with: Self.magic) else {
      throw bad("a .npy header", "\(file.size) bytes", again)
    }
    // Version 1 has two bytes of header length, later ones four.
    let lengthBytes = head[6] == 1 ? 2 : 4
    let length = head[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    start = 8 + lengthBytes + length
    guard let text = file.bytes(at: 8 + lengthBytes, count: length) else {
      throw bad("a header of \(length) bytes", "a file of \(file.size)", again)
    }
    let header = String(decoding: text, as: UTF8.self)
    guard let type = Self.quoted("descr", header), let shape = Self.shape(header) else {
      throw bad("a header with descr and shape", header, again)
    }
    guard shape.count == 2, shape[1] > 0 else {
      throw bad("the shape (rows, width)", "\(shape)", "One row an input.")
    }
    guard header.contains("'fortran_order': False") else {
      throw bad(
        "row-major order", "Fortran order", again.replacing("array", with: "array.copy('C')"))
    }
    (rows, columns) = (shape[0], shape[1])
    guard let width = Self.widths[type] else {
      throw bad("float16, float32 or float64, little-endian", type, again)
    }
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow, count <= file.size, file.size - start == count * width else {
      throw bad(
        "\(rows) x \(columns) values of \(width) bytes", "\(file.size - start) bytes",
        "The file is cut off, or longer than it says.")
    }
    (self.path, self.width) = (path, width)
  }

  private static let widths = ["<f2": 2, "<f4": 4, "<f8": 8]

  /// Reads all values, as float32, row by row. Throws `FileFailure`.
  func read(into out: UnsafeMutablePointer<Float>) throws {
    let file = try FileReader(path)
    let failed = Atomic<Bool>(false)
    nonisolated(unsafe) let out = out
    Parallel.ranges(rows * columns, grain: 1 << 18) { part in
      let isRead = Self.read(
        file, at: start + part.lowerBound * width, width, part.count,
        into: out + part.lowerBound)
      if !isRead { failed.store(true, ordering: .relaxed) }
    }
    if failed.load(ordering: .relaxed) {
      throw FileFailure.cannotRead(path: path, reason: "it ended before its last value")
    }
  }

  /// Reads `count` values of `width` bytes. False when there are fewer.
  private static func read(
    _ file: borrowing FileReader, at offset: Int, _ width: Int, _ count: Int,
    into out: UnsafeMutablePointer<Float>
  ) -> Bool {
    if width == 4 {
      return file.read(UnsafeMutableRawBufferPointer(start: out, count: 4 * count), at: offset)
    }
    guard let bytes = file.bytes(at: offset, count: count * width) else { return false }
    bytes.withUnsafeBytes { bytes in
      for index in 0..<count {
        out[index] =
          width == 2
          ? Float(bytes.loadUnaligned(fromByteOffset: 2 * index, as: Float16.self))
          : Float(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
      }
    }
    return true
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
