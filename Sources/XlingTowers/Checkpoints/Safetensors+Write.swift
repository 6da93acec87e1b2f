import CKernels
import Foundation
import XlingCore
import XlingTensor

extension Safetensors {
  /// A tensor to write: row-major values.
  public typealias Tensor = (name: String, shape: [Int], values: UnsafeBufferPointer<Float>)

  /// Writes parameters in the order given, whole or not at all.
  public static func write(
    _ parameters: [Parameter], to path: String, storage: Storage = .float32,
    metadata: [String: String] = [:]
  ) throws {
    try write(
      parameters.map { ($0.name, $0.shape, $0.values) }, to: path, storage: storage,
      metadata: metadata)
  }

  /// Writes tensors in the order given, whole or not at all.
  public static func write(
    _ tensors: [Tensor], to path: String, storage: Storage = .float32,
    metadata: [String: String] = [:]
  ) throws {
    let header = try encodeHeader(tensors, storage, metadata)
    try AtomicFile.write(to: path) { append in
      try header.withUnsafeBytes { try append($0) }
      for tensor in tensors {
        if storage == .float32 {
          try append(UnsafeRawBufferPointer(tensor.values))
          continue
        }
        var halves = [UInt16](repeating: 0, count: tensor.values.count)
        if let source = tensor.values.baseAddress {
          xk_f32_to_bf16(source, &halves, Int64(halves.count))
        }
        try halves.withUnsafeBytes { try append($0) }
      }
    }
  }

  private static func encodeHeader(
    _ tensors: [Tensor], _ storage: Storage, _ metadata: [String: String]
  ) throws -> Data {
    var fields: [String] = []
    if !metadata.isEmpty {
      fields.append("\"__metadata__\":" + (try json(metadata)))
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.values.count * storage.bytes
      fields.append(
        try json(tensor.name) + ":{\"dtype\":\"\(storage.rawValue)\",\"shape\":["
          + tensor.shape.map(String.init).joined(separator: ",")
          + "],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var text = "{" + fields.joined(separator: ",") + "}"
    // Tensors start at a multiple of eight bytes.
    text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    let length = UInt64(text.utf8.count)
    return Data((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }) + Data(text.utf8)
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
