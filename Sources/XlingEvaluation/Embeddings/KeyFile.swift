import Foundation
import XlingCore
import XlingData

/// One line a row: captions, or what tells the contents of pictures apart (hashes, say).
public enum KeyFile {
  /// Lines in UTF-8 without surrounding white space; as texts, so that canonically equivalent
  /// spellings are one. Throws ``EvaluationFailure/notEmbeddings(path:expected:found:hint:)`` when
  /// their number is another; `TextFailure`, `ForeignFileFailure`, `FileFailure`.
  public static func read(_ path: String, rows: Int) throws -> [String] {
    let lines = DatasetReader.lines(try TextBytes.utf8(try AtomicFile.read(path), path: path))
    guard lines.count == rows else {
      throw EvaluationFailure.notEmbeddings(
        path: path, expected: "\(rows) lines, one a row of the embeddings", found: "\(lines.count)",
        hint: "A line break inside a text counts as one.")
    }
    return lines.map { line in
      String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }
  }
}
