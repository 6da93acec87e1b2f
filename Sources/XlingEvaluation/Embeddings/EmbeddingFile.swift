import Foundation
import XlingCore
import XlingTowers

/// Embeddings from a file: NumPy's `.npy`, or safetensors.
public struct EmbeddingFile: Sendable {
  public let path: String
  public let width: Int
  /// [count, width] row-major.
  public var values: [Float]
  public var count: Int { values.count / width }

  /// `path` is a file, or `FILE#TENSOR` where a safetensors file holds several. The format is told by
  /// the file's first bytes, not by its name.
  ///
  /// Throws ``EvaluationFailure``, `TowerFailure`, `FileFailure`.
  public init(_ path: String) throws {
    self.path = path
    let (file, tensor) = Self.parts(path)
    let start = try FileReader(file).bytes(at: 0, count: NumPyArray.magic.count)
    if start.map({ Data($0) }) == NumPyArray.magic {
      let array = try NumPyArray(file)
      (width, values) = (array.columns, array.values)
    } else {
      (width, values) = try Self.safetensors(file, tensor)
    }
  }

  /// The part behind the last `#` is a tensor's name, unless a file of the whole name exists.
  static func parts(_ path: String) -> (file: String, tensor: String?) {
    guard !FileManager.default.fileExists(atPath: path),
      let mark = path.lastIndex(of: "#")
    else { return (path, nil) }
    return (String(path[..<mark]), String(path[path.index(after: mark)...]))
  }

  private static func safetensors(_ file: String, _ tensor: String?) throws -> (Int, [Float]) {
    let data = try Safetensors(path: file)
    let known = data.entries.keys.sorted()
    guard let name = tensor ?? (known.count == 1 ? known[0] : nil), let entry = data.entries[name]
    else { throw EvaluationFailure.tensorChoice(path: file, wanted: tensor, known: known) }
    guard entry.shape.count == 2, entry.shape[1] > 0 else {
      throw EvaluationFailure.notEmbeddings(
        path: file, expected: "\(name) of the shape [rows, width]", found: "\(entry.shape)",
        hint: "One row an input.")
    }
    let count = entry.shape[0] * entry.shape[1]
    let values = try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let start = buffer.baseAddress, count > 0 {
        try data.read(name, shape: entry.shape, into: start)
      }
      initialized = count
    }
    return (entry.shape[1], values)
  }
}
