import Foundation
import XlingCore
import XlingTensor

/// A folder of `NAME_0.npy`, `NAME_1.npy` and so on, as clip-retrieval writes `img_emb` and `text_emb`: one
/// array in parts, in the order of their numbers.
struct EmbeddingParts {
  private let path: String
  private let files: [String]

  /// Throws ``EvaluationFailure/notEmbeddings(path:expected:found:hint:)`` for a folder without such
  /// parts, with other files among them, or where a number is missing; `FileFailure`.
  init(_ path: String) throws {
    func bad(_ found: String, _ hint: String) -> EvaluationFailure {
      .notEmbeddings(
        path: path, expected: "a file, or a folder of parts NAME_0.npy, NAME_1.npy, …",
        found: found, hint: hint)
    }
    let names = try FolderNames.read(path).filter { !FolderNames.isLeftover($0) }
    let again = "Name the file, or the folder img_emb or text_emb itself."
    var parts: [(stem: String, number: Int, name: String)] = []
    for name in names {
      guard let part = Self.part(name) else { throw bad("a folder with \"\(name)\"", again) }
      parts.append((part.stem, part.number, name))
    }
    guard let first = parts.first else { throw bad("an empty folder", again) }
    if let other = parts.first(where: { $0.stem != first.stem }) {
      throw bad("a folder with parts of two arrays, \(first.name) and \(other.name)", again)
    }
    parts.sort { $0.number < $1.number }
    let start = min(parts[0].number, 1)
    for (place, part) in parts.enumerated() where part.number != start + place {
      throw bad(
        "no part \(start + place) before \(part.name)", "Fetch the missing part.")
    }
    self.path = path
    files = parts.map { path + "/" + $0.name }
  }

  /// `img_emb_12.npy` is part 12 of img_emb.
  private static func part(_ name: String) -> (stem: String, number: Int)? {
    guard name.hasSuffix(".npy") else { return nil }
    let stem = name.dropLast(4)
    let digits = stem.reversed().prefix { ("0"..."9").contains($0) }
    guard !digits.isEmpty, let number = Int(String(digits.reversed())) else { return nil }
    return (String(stem.dropLast(digits.count)), number)
  }

  /// Throws ``EvaluationFailure``, `EmbeddingFailure`, `FileFailure`.
  func read() throws -> EmbeddingMatrix {
    let arrays = try files.map { try NumPyArray($0) }
    let width = arrays[0].columns
    for (file, array) in zip(files, arrays) where array.columns != width {
      throw EvaluationFailure.notEmbeddings(
        path: file, expected: "rows of \(width) values, as in \(files[0])",
        found: "\(array.columns)", hint: "All parts are of one array.")
    }
    return try EmbeddingMatrix(
      count: arrays.reduce(0) { $0 + $1.rows }, width: width, name: path
    ) { matrix in
      var row = 0
      for array in arrays {
        try array.read(into: matrix.pointer + row * width)
        row += array.rows
      }
    }
  }
}
