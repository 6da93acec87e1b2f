import Foundation
import XlingCore

extension WordPieceVocabulary {
  /// Writes vocab.txt, tokenizer_config.json and, when given, definition.toml, as
  /// ``TokenizerFolder/write(_:to:)`` does.
  public func write(to folder: String, definition: TokenizerDefinition? = nil) throws {
    var files = ["vocab.txt": text, "tokenizer_config.json": Data(configuration.json.utf8)]
    files["definition.toml"] = definition.map { Data($0.toml(self).utf8) }
    try TokenizerFolder.write(files, to: folder)
  }
}

/// A folder that holds a tokenizer and nothing else.
enum TokenizerFolder {
  private static let known: Set = [
    "vocab.txt", "spiece.model", "tokenizer_config.json", "definition.toml",
  ]

  /// Writes files by name. The folder appears whole: it is made beside its place and moved there;
  /// one that was there before is exchanged for it, provided that it is a tokenizer. Throws
  /// ``FileFailure``.
  static func write(_ contents: [String: Data], to folder: String) throws {
    let files = FileManager.default
    let trimmed = URL(fileURLWithPath: folder).standardizedFileURL.path
    let isThere = files.fileExists(atPath: trimmed)
    if isThere && !holdsOnlyATokenizer(trimmed) {
      throw FileFailure.cannotWrite(
        path: folder, reason: "it exists and holds other things than a tokenizer")
    }
    try NewFolder.replace(trimmed) { fresh in
      for (name, data) in contents.sorted(by: { $0.key < $1.key }) {
        try AtomicFile.write(data, to: fresh + "/" + name)
      }
    }
  }

  private static func holdsOnlyATokenizer(_ folder: String) -> Bool {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return false
    }
    return known.isSuperset(of: names)
  }
}
