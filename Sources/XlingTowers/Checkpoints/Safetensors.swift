import CKernels
import Foundation
import XlingCore
import XlingTensor

/// The safetensors format: eight bytes of header length, a JSON header, raw little-endian tensors.
/// Reading maps the file and checks every claim of the header before any tensor is touched.
public struct Safetensors {
  /// How numbers are stored.
  public enum Storage: String, Sendable, CaseIterable {
    case float32 = "F32"
    case bfloat16 = "BF16"
    case float16 = "F16"

    var bytes: Int { self == .float32 ? 4 : 2 }
  }

  public struct Entry {
    public let storage: String
    public let shape: [Int]
    let range: Range<Int>
  }

  public let path: String
  public let entries: [String: Entry]
  public let metadata: [String: String]
  private let data: Data

  /// Throws ``TowerFailure/notSafetensors(path:reason:)`` or ``FileFailure``.
  public init(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw FileFailure.missing(path: path, hint: "A checkpoint was expected there.")
    }
    self.path = path
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw FileFailure.cannotRead(path: path, reason: "\(error.localizedDescription)")
    }
    (entries, metadata) = try Self.parse(data, path)
  }

  private static func parse(_ data: Data, _ path: String) throws
    -> ([String: Entry], [String: String])
  {
    func refuse(_ reason: String) -> TowerFailure { .notSafetensors(path: path, reason: reason) }
    guard data.count >= 8 else { throw refuse("\(data.count) bytes, expected at least 8") }
    let length = data.prefix(8).enumerated().reduce(UInt64(0)) {
      $0 | UInt64($1.element) << (8 * UInt64($1.offset))
    }
    guard length <= 100_000_000, Int(length) <= data.count - 8 else {
      throw refuse("its header claims \(length) bytes, the file has \(data.count)")
    }
    let start = 8 + Int(length)
    guard
      let object = try? JSONSerialization.jsonObject(with: data.subdata(in: 8..<start)),
      let header = object as? [String: Any]
    else { throw refuse("its header is not a JSON object") }

    var entries: [String: Entry] = [:]
    for (name, value) in header where name != "__metadata__" {
      guard let fields = value as? [String: Any], let storage = fields["dtype"] as? String,
        let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int],
        offsets.count == 2, shape.allSatisfy({ $0 >= 0 })
      else { throw refuse("the header entry \"\(name)\" is malformed") }
      guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= data.count - start else {
        throw refuse(
          "\"\(name)\" has the bytes \(offsets[0]) to \(offsets[1]) of the "
            + "\(data.count - start) behind the header")
      }
      entries[name] = Entry(
        storage: storage, shape: shape, range: start + offsets[0]..<start + offsets[1])
    }
    try checkTiling(entries, from: start, to: data.count, refuse)
    return (entries, header["__metadata__"] as? [String: String] ?? [:])
  }

  /// Tensors cover the rest of the file without gaps or overlaps.
  private static func checkTiling(
    _ entries: [String: Entry], from start: Int, to end: Int, _ refuse: (String) -> TowerFailure
  ) throws {
    var position = start
    let ordered = entries.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound)
        < ($1.value.range.lowerBound, $1.value.range.upperBound)
    }
    for (name, entry) in ordered {
      guard entry.range.lowerBound == position else {
        throw refuse(
          "\"\(name)\" starts at byte \(entry.range.lowerBound - start) behind the header, "
            + "expected \(position - start)")
      }
      position = entry.range.upperBound
    }
    guard position == end else {
      throw refuse("\(end - position) bytes lie behind the last tensor")
    }
  }

  /// Copies a tensor into a parameter, converting to float32. The shape must be the parameter's.
  public func read(_ name: String, into parameter: Parameter) throws {
    try read(name, shape: parameter.shape, into: parameter.value)
  }

  /// Copies a tensor of the shape given.
  public func read(
    _ name: String, shape: [Int], into out: UnsafeMutablePointer<Float>
  ) throws {
    guard let entry = entries[name] else {
      throw TowerFailure.tensors(path: path, problems: ["missing: \(name) \(shape)"])
    }
    guard entry.shape == shape else {
      throw TowerFailure.tensors(
        path: path, problems: ["\(name): shape \(entry.shape), expected \(shape)"])
    }
    let count = shape.reduce(1, *)
    guard let storage = Storage(rawValue: entry.storage) else {
      throw TowerFailure.tensors(
        path: path, problems: ["\(name): stored as \(entry.storage), expected F32, BF16 or F16"])
    }
    guard entry.range.count == count * storage.bytes else {
      throw TowerFailure.notSafetensors(
        path: path,
        reason: "\"\(name)\" has \(entry.range.count) bytes, expected \(count * storage.bytes)")
    }
    data.withUnsafeBytes { bytes in
      let source = bytes.baseAddress! + entry.range.lowerBound
      if storage == .float32 {
        UnsafeMutableRawPointer(out).copyMemory(from: source, byteCount: entry.range.count)
        return
      }
      // 16-bit tensors may lie at any byte; their values are read through an aligned copy.
      let halves = UnsafeMutablePointer<UInt16>.allocate(capacity: max(count, 1))
      defer { halves.deallocate() }
      UnsafeMutableRawPointer(halves).copyMemory(from: source, byteCount: entry.range.count)
      if storage == .bfloat16 {
        xk_bf16_to_f32(halves, out, Int64(count))
      } else {
        xk_f16_to_f32(halves, out, Int64(count))
      }
    }
  }

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
    _ tensors: [(name: String, shape: [Int], values: UnsafeBufferPointer<Float>)],
    to path: String, storage: Storage = .float32, metadata: [String: String] = [:]
  ) throws {
    precondition(storage != .float16, "float16 is read, not written")
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
    _ tensors: [(name: String, shape: [Int], values: UnsafeBufferPointer<Float>)],
    _ storage: Storage, _ metadata: [String: String]
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
