import Foundation
import Testing
import XlingData
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

  /// [height, width, 3]; nil when there is none.
  func picture(_ name: String) -> Picture? {
    let shape = shape(name)
    guard shape.count == 3 else { return nil }
    return Picture(width: shape[1], height: shape[0], pixels: bytes(name))
  }
}

/// A folder of pictures and of what the references make of them: Tests/Fixtures/parity/images (made
/// by scripts/generate_picture_fixtures.py), `../shared/fixtures/parity/images` where it exists, or
/// that of `XLING_PARITY_FIXTURES` alone.
struct PictureSet: Sendable, CustomTestStringConvertible {
  let folder: String

  static let all: [PictureSet] = {
    if let named = ProcessInfo.processInfo.environment["XLING_PARITY_FIXTURES"] {
      return [PictureSet(folder: named + "/images")]
    }
    let shared = SharedData.path("fixtures/parity/images")
    return [PictureSet(folder: Fixtures.path("parity/images"))]
      + (FileManager.default.fileExists(atPath: shared) ? [PictureSet(folder: shared)] : [])
  }()

  var testDescription: String { folder.split(separator: "/").suffix(4).joined(separator: "/") }

  func path(_ name: String) -> String { folder + "/" + name }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  func tensors(_ name: String) throws -> ReferenceTensors {
    try ReferenceTensors(path(name + ".safetensors"))
  }

  /// An object of images.json, by name.
  func record(_ key: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path("images.json")))
    let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return object?[key] as? [String: Any] ?? [:]
  }

  /// `FILE.KIND.RECIPE` at its second dot.
  static func split(_ name: String) -> (file: String, recipe: String) {
    let parts = name.split(separator: ".", maxSplits: 2).map(String.init)
    return (parts[0] + "." + parts[1], parts.count > 2 ? parts[2] : "")
  }

  static func isRefusedByKind(_ file: String) -> Bool {
    file.hasSuffix(".gif") || file.hasSuffix(".bmp")
  }
}

extension Picture {
  /// Rows as columns.
  var transposed: Picture {
    var turned = [UInt8](repeating: 0, count: pixels.count)
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          turned[(x * height + y) * 3 + channel] = pixels[(y * width + x) * 3 + channel]
        }
      }
    }
    return Picture(width: height, height: width, pixels: turned)
  }
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
