import Foundation
import XlingCore
import XlingTensor

/// The safetensors format: eight bytes of header length, a JSON header, raw little-endian tensors.
/// Reading maps the file and checks every claim of the header; no tensor is touched before it is
/// asked for.
public struct Safetensors {
  /// How tensors are written.
  public enum Storage: String, Sendable, CaseIterable {
    case float32 = "F32"
    case bfloat16 = "BF16"

    var bytes: Int { self == .float32 ? 4 : 2 }
  }

  public let path: String
  public let entries: [String: StoredTensor]
  public let metadata: [String: String]

  /// The reference implementation's limit.
  private static let longestHeader = 100_000_000

  /// Throws ``TowerFailure/notSafetensors(path:reason:)`` or ``FileFailure``.
  public init(path: String) throws { try self.init(MappedFile(path: path)) }

  init(_ file: MappedFile) throws {
    path = file.path
    func refuse(_ reason: String) -> TowerFailure {
      .notSafetensors(path: file.path, reason: reason)
    }
    guard let length: UInt64 = file.integer(0) else {
      throw refuse("\(file.count) bytes, expected at least 8")
    }
    guard length <= Self.longestHeader, Int(length) <= file.count - 8 else {
      throw refuse("its header claims \(length) bytes, the file has \(file.count)")
    }
    let start = 8 + Int(length)
    let json = Data(file.bytes(8..<start))
    // The format forbids it: which of both tensors counts would be the reader's choice.
    if let twice = RepeatedKey(in: json) {
      throw refuse("its header has \(twice.words) (byte \(8 + twice.offset))")
    }
    guard
      let object = try? JSONSerialization.jsonObject(with: json),
      let header = object as? [String: Any]
    else { throw refuse("its header is not a JSON object") }
    var entries: [String: StoredTensor] = [:]
    for (name, value) in header where name != "__metadata__" {
      entries[name] = try Self.entry(name, value, file, from: start, refuse)
    }
    try Self.checkTiling(entries, from: start, to: file.count, refuse)
    self.entries = entries
    metadata = header["__metadata__"] as? [String: String] ?? [:]
  }

  private static func entry(
    _ name: String, _ value: Any, _ file: MappedFile, from start: Int,
    _ refuse: (String) -> TowerFailure
  ) throws -> StoredTensor {
    guard let fields = value as? [String: Any], let kind = fields["dtype"] as? String,
      let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int],
      offsets.count == 2, shape.allSatisfy({ $0 >= 0 }), fields.count == 3
    else { throw refuse("the header entry \"\(name)\" is malformed") }
    guard let type = ElementType(rawValue: kind) else {
      throw refuse("\"\(name)\" is stored as \(kind), which is no type of the format")
    }
    guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= file.count - start else {
      throw refuse(
        "\"\(name)\" has the bytes \(offsets[0]) to \(offsets[1]) of the "
          + "\(file.count - start) behind the header")
    }
    let expected = StoredTensor.bytes(type, shape)
    guard offsets[1] - offsets[0] == expected else {
      throw refuse(
        "\"\(name)\" has \(offsets[1] - offsets[0]) bytes, expected "
          + (expected.map(String.init) ?? "more than there is memory"))
    }
    return StoredTensor(type: type, shape: shape, file: file, offset: start + offsets[0])
  }

  /// Tensors cover the rest of the file without gaps or overlaps.
  private static func checkTiling(
    _ entries: [String: StoredTensor], from start: Int, to end: Int,
    _ refuse: (String) -> TowerFailure
  ) throws {
    var position = start
    func size(_ entry: StoredTensor) -> Int { entry.count * entry.type.width }
    let ordered = entries.sorted {
      ($0.value.offset, size($0.value), $0.key) < ($1.value.offset, size($1.value), $1.key)
    }
    for (name, entry) in ordered {
      guard entry.offset == position else {
        throw refuse(
          "\"\(name)\" starts at byte \(entry.offset - start) behind the header, "
            + "expected \(position - start)")
      }
      position += size(entry)
    }
    guard position == end else {
      throw refuse("\(end - position) bytes lie behind the last tensor")
    }
  }

  /// Copies a tensor into a parameter, converting to float32. The shape must be the parameter's.
  public func read(_ name: String, into parameter: Parameter) throws {
    try read(name, shape: parameter.shape, into: parameter.value)
  }

  /// Copies a tensor of the shape given, which is not kept in memory besides. Throws ``TowerFailure/tensors(path:problems:)``.
  public func read(
    _ name: String, shape: [Int], into out: UnsafeMutablePointer<Float>
  ) throws {
    func refuse(_ problem: String) -> TowerFailure { .tensors(path: path, problems: [problem]) }
    guard let entry = entries[name] else { throw refuse("missing: \(name) \(shape)") }
    guard entry.shape == shape else {
      throw refuse("\(name): shape \(entry.shape), expected \(shape)")
    }
    guard entry.type.isWeight else {
      throw refuse(
        "\(name): stored as \(entry.type.rawValue), expected \(StoredTensor.weightTypes)")
    }
    entry.move(into: out)
  }
}

extension StoredTensor {
  /// For messages.
  static let weightTypes = "F32, BF16, F16 or F64"
}
