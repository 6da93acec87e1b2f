import Foundation
import XlingTestSupport

/// Reads the tensors of a small safetensors file: an 8-byte length, a JSON header, raw values.
struct ParityFixture {
  private struct Entry: Decodable {
    let shape: [Int]
    let range: [Int]

    enum CodingKeys: String, CodingKey {
      case shape
      case range = "data_offsets"
    }
  }

  static let folder = "fixtures/parity/retrieval"
  static var isPresent: Bool { SharedData.exists(folder) }

  private let entries: [String: Entry]
  private let values: Data

  init(_ name: String) throws {
    let file = try Data(contentsOf: URL(fileURLWithPath: SharedData.path(Self.folder + "/" + name)))
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    entries = try JSONDecoder().decode(
      [String: Entry].self, from: file.subdata(in: 8..<8 + length))
    values = file.subdata(in: 8 + length..<file.count)
  }

  func shape(_ name: String) throws -> [Int] { try entry(name).shape }

  func floats(_ name: String) throws -> [Float] { try read(name) }

  func integers(_ name: String) throws -> [Int32] { try read(name) }

  private func read<Value>(_ name: String) throws -> [Value] {
    let range = try entry(name).range
    let bytes = [UInt8](values[range[0]..<range[1]])
    return bytes.withUnsafeBytes { raw in
      stride(from: 0, to: raw.count, by: 4).map {
        raw.loadUnaligned(fromByteOffset: $0, as: Value.self)
      }
    }
  }

  private func entry(_ name: String) throws -> Entry {
    guard let entry = entries[name] else { throw Missing(name: name) }
    return entry
  }

  struct Missing: Error { let name: String }
}
