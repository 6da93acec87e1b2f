import Foundation
import XlingTestSupport

/// The tensors of a safetensors file, for comparing with reference pictures: 8 bytes of header
/// length (little-endian), a JSON header, the data.
struct ReferenceTensors {
  private let data: Data
  private let start: Int
  private let header: [String: Any]

  init(_ path: String) throws {
    data = try Data(contentsOf: URL(fileURLWithPath: path))
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    start = 8 + length
    let object = try JSONSerialization.jsonObject(with: data[8..<start])
    header = object as? [String: Any] ?? [:]
  }

  var names: [String] { header.keys.filter { $0 != "__metadata__" }.sorted() }

  func shape(_ name: String) -> [Int] {
    (header[name] as? [String: Any])?["shape"] as? [Int] ?? []
  }

  func bytes(_ name: String) -> [UInt8] {
    guard let entry = header[name] as? [String: Any], let ends = entry["data_offsets"] as? [Int]
    else { return [] }
    return [UInt8](data[start + ends[0]..<start + ends[1]])
  }

  func floats(_ name: String) -> [Float] {
    bytes(name).withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }
}

enum ImageFixtures {
  static let folder = "fixtures/parity/images"
  static let present = SharedData.exists(folder + "/decoded.safetensors")

  static func path(_ name: String) -> String { SharedData.path(folder + "/" + name) }

  static func tensors(_ name: String) throws -> ReferenceTensors {
    try ReferenceTensors(path(name + ".safetensors"))
  }

  /// The formats that the suite reads.
  static func isRead(_ file: String) -> Bool { file.hasSuffix(".png") || file.hasSuffix(".jpg") }
}

/// A picture whose every pixel differs from its neighbours, without any file.
func gradientBytes(width: Int, height: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width {
      bytes.append(UInt8(x * 255 / max(1, width - 1)))
      bytes.append(UInt8(y * 255 / max(1, height - 1)))
      bytes.append(UInt8((x ^ y) & 255))
    }
  }
  return bytes
}
