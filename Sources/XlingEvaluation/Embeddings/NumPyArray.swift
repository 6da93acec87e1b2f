import Foundation
import XlingCore

/// A two-dimensional array of NumPy's `.npy` format, versions 1 to 3: magic, header length, a Python
/// dictionary, raw values (NEP 1).
struct NumPyArray {
  static let magic = Data([0x93]) + Data("NUMPY".utf8)

  let rows: Int
  let columns: Int
  /// Row-major, as float32.
  let values: [Float]

  /// Reads `<f2`, `<f4` and `<f8`. Throws ``EvaluationFailure/notEmbeddings(path:expected:found:hint:)``,
  /// `FileFailure`.
  init(_ path: String) throws {
    func bad(_ expected: String, _ found: String, _ hint: String) -> EvaluationFailure {
      .notEmbeddings(path: path, expected: expected, found: found, hint: hint)
    }
    let again = "Save it again by numpy.save(path, array.astype(numpy.float32))."
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw FileFailure.cannotRead(path: path, reason: error.localizedDescription)
    }
    guard data.count >= 12, data.starts(with: Self.magic) else {
      throw bad("a .npy header", "\(data.count) bytes", again)
    }
    // Version 1 has two bytes of header length, later ones four.
    let lengthBytes = data[6] == 1 ? 2 : 4
    let length = data[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = 8 + lengthBytes + length
    guard start <= data.count else {
      throw bad("a header of \(length) bytes", "a file of \(data.count)", again)
    }
    let header = String(decoding: data[8 + lengthBytes..<start], as: UTF8.self)
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
    guard let width = ["<f2": 2, "<f4": 4, "<f8": 8][type] else {
      throw bad("float16, float32 or float64, little-endian", type, again)
    }
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow, count <= data.count, data.count - start == count * width else {
      throw bad(
        "\(rows) x \(columns) values of \(width) bytes", "\(data.count - start) bytes",
        "The file is cut off, or longer than it says.")
    }
    values = data.withUnsafeBytes { bytes in
      let bytes = UnsafeRawBufferPointer(rebasing: bytes[start...])
      return [Float](unsafeUninitializedCapacity: count) { out, initialized in
        for index in 0..<count {
          switch width {
          case 2:
            out[index] = Float(bytes.loadUnaligned(fromByteOffset: 2 * index, as: Float16.self))
          case 4: out[index] = bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
          default:
            out[index] = Float(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
          }
        }
        initialized = count
      }
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
