import Foundation

/// Reads the tensors of a small, trusted safetensors file: an 8-byte length, a JSON header, raw
/// values. Deliberately apart from the reader under test.
public struct TensorFile {
  public struct Missing: Error, CustomStringConvertible {
    public let description: String
  }

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let range: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype
      case shape
      case range = "data_offsets"
    }
  }

  public let path: String
  private let entries: [String: Entry]
  private let values: Data

  public init(path: String) throws {
    self.path = path
    let file = try Data(contentsOf: URL(fileURLWithPath: path))
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: file.subdata(in: 8..<8 + length))
    var fields = header as? [String: Any] ?? [:]
    fields["__metadata__"] = nil
    entries = try JSONDecoder().decode(
      [String: Entry].self, from: try JSONSerialization.data(withJSONObject: fields))
    values = file.subdata(in: 8 + length..<file.count)
  }

  /// Sorted.
  public var names: [String] { entries.keys.sorted() }

  public func shape(_ name: String) throws -> [Int] { try entry(name, nil).shape }

  /// F32, in row-major order.
  public func floats(_ name: String) throws -> [Float] { try read(name, "F32", 4) }

  /// I64 or I32.
  public func integers(_ name: String) throws -> [Int] {
    if try entry(name, nil).dtype == "I32" {
      return try (read(name, "I32", 4) as [Int32]).map(Int.init)
    }
    return try (read(name, "I64", 8) as [Int64]).map(Int.init)
  }

  private func read<Value: BitwiseCopyable>(
    _ name: String, _ dtype: String, _ width: Int
  ) throws -> [Value] {
    let range = try entry(name, dtype).range
    let count = (range[1] - range[0]) / width
    return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
      let start = values.startIndex
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      values.copyBytes(to: bytes, from: start + range[0]..<start + range[0] + count * width)
      initialized = count
    }
  }

  private func entry(_ name: String, _ dtype: String?) throws -> Entry {
    guard let entry = entries[name] else {
      throw Missing(description: "\(path) has no tensor \(name)")
    }
    guard dtype == nil || entry.dtype == dtype else {
      throw Missing(description: "\(path): \(name) is \(entry.dtype), expected \(dtype!)")
    }
    return entry
  }
}

/// Files under Tests/Fixtures.
public enum Fixtures {
  public static func path(_ relative: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures").appendingPathComponent(relative).path
  }
}

/// How far two lists of numbers are apart.
public enum Distance {
  /// Largest absolute difference; infinite when the counts differ or a number is not finite.
  public static func largest(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).reduce(0) {
      let difference = abs($1.0 - $1.1)
      return difference.isFinite ? max($0, difference) : .infinity
    }
  }

  /// |found - expected| / |expected|, Euclidean norms over the whole tensor.
  public static func relative(_ found: [Float], _ expected: [Float]) -> Double {
    guard found.count == expected.count else { return .infinity }
    var difference = 0.0
    var norm = 0.0
    for (a, b) in zip(found, expected) {
      difference += (Double(a) - Double(b)) * (Double(a) - Double(b))
      norm += Double(b) * Double(b)
    }
    let result = (difference / max(norm, 1e-60)).squareRoot()
    return result.isNaN ? .infinity : result
  }
}
