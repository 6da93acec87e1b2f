import Foundation
import XlingAdapters
import XlingCore
import XlingTensor
import XlingTowers

/// A run on disk: `run.json`, `recipe.json`, `log.jsonl`, `checkpoints/step-NNNNNNNN/`.
public struct RunFolder: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  var checkpoints: String { path + "/checkpoints" }

  public var exists: Bool { FileManager.default.fileExists(atPath: path + "/run.json") }

  /// Throws ``AlignmentFailure/notARun(path:reason:)`` or `FileFailure`.
  public func record() throws -> RunRecord {
    guard exists else {
      throw AlignmentFailure.notARun(path: path, reason: "there is no run.json")
    }
    return try Self.decode(RunRecord.self, from: path + "/run.json")
  }

  func create(_ record: RunRecord, _ recipe: Recipe) throws {
    // Checkpoints without run.json are another run's remains.
    guard !exists, !FileManager.default.fileExists(atPath: checkpoints) else {
      throw AlignmentFailure.runExists(path: path)
    }
    try AtomicFile.createFolder(path)
    try AtomicFile.write(try Self.encode(recipe), to: path + "/recipe.json")
    // Last: a folder with run.json is a run.
    try write(record)
  }

  func write(_ record: RunRecord) throws {
    try AtomicFile.write(try Self.encode(record), to: path + "/run.json")
  }

  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
    let data = try AtomicFile.read(path)
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw AlignmentFailure.notARun(path: path, reason: "it cannot be read as a \(type)")
    }
  }
}
