import Foundation
import XlingCore
import XlingTensor
import XlingTowers

/// Embeddings from a file: NumPy's `.npy` and `.npz`, or safetensors; or from a folder of `.npy` parts.
public struct EmbeddingFile: Sendable {
  public let path: String
  public internal(set) var rows: EmbeddingMatrix
  public var width: Int { rows.width }
  public var count: Int { rows.count }

  /// `path` is a file, `FILE#TENSOR` where a file holds several arrays, or a folder as clip-retrieval
  /// writes it (``EmbeddingParts``). The format is told by the file's first bytes, not by its name.
  ///
  /// Throws ``EvaluationFailure``, `EmbeddingFailure` for numbers that are not finite, `TowerFailure`,
  /// `ForeignFileFailure`, `FileFailure`.
  public init(_ path: String) throws {
    self.path = path
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      rows = try EmbeddingParts(path).read()
      return
    }
    let (file, tensor) = Self.parts(path)
    let reader = try FileReader(file)
    let head = reader.bytes(at: 0, count: min(reader.size, ForeignFile.headCount)) ?? []
    switch ForeignFile(head: head) {
    case .numpy: rows = try Self.matrix(try NumPyArray(file), path)
    case .zip:
      rows = try Self.matrix(try NumPyArray(file, NPZArchive(file).array(tensor)), path)
    case .safetensors, nil: rows = try Self.safetensors(file, tensor, path)
    case .some(let found):
      throw ForeignFileFailure(
        path: file, expected: "embeddings (.npy, .npz or safetensors)", found: found)
    }
  }

  private static func matrix(_ array: NumPyArray, _ path: String) throws -> EmbeddingMatrix {
    try EmbeddingMatrix(count: array.rows, width: array.columns, name: path) {
      try array.read(into: $0.pointer)
    }
  }

  /// The part behind the last `#` is a tensor's name, unless a file of the whole name exists.
  static func parts(_ path: String) -> (file: String, tensor: String?) {
    guard !FileManager.default.fileExists(atPath: path),
      let mark = path.lastIndex(of: "#")
    else { return (path, nil) }
    return (String(path[..<mark]), String(path[path.index(after: mark)...]))
  }

  private static func safetensors(
    _ file: String, _ tensor: String?, _ path: String
  ) throws -> EmbeddingMatrix {
    let data = try Safetensors(path: file)
    let known = data.entries.keys.sorted()
    guard let name = tensor ?? (known.count == 1 ? known[0] : nil), let entry = data.entries[name]
    else { throw EvaluationFailure.tensorChoice(path: file, wanted: tensor, known: known) }
    guard entry.shape.count == 2, entry.shape[1] > 0 else {
      throw EvaluationFailure.notEmbeddings(
        path: file, expected: "\(name) of the shape [rows, width]", found: "\(entry.shape)",
        hint: "One row an input.")
    }
    return try EmbeddingMatrix(count: entry.shape[0], width: entry.shape[1], name: path) {
      if $0.rows > 0 { try data.read(name, shape: entry.shape, into: $0.pointer) }
    }
  }
}
