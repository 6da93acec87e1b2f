import Foundation
import XlingCore

extension WordPieceVocabulary {
  /// Writes vocab.txt, tokenizer_config.json and, when given, definition.toml. The folder appears
  /// whole: it is made beside its place and moved there; one that was there before is replaced,
  /// provided that it is a tokenizer. Throws ``FileFailure``.
  public func write(to folder: String, definition: TokenizerDefinition? = nil) throws {
    let files = FileManager.default
    let trimmed = URL(fileURLWithPath: folder).standardizedFileURL.path
    let isThere = files.fileExists(atPath: trimmed)
    if isThere && !Self.holdsOnlyATokenizer(trimmed) {
      throw FileFailure.cannotWrite(
        path: folder, reason: "it exists and holds other things than a tokenizer")
    }
    let parent = URL(fileURLWithPath: trimmed).deletingLastPathComponent().path
    try AtomicFile.createFolder(parent)
    let fresh = trimmed + ".partial-\(getpid())"
    let old = trimmed + ".replaced-\(getpid())"
    do {
      try AtomicFile.createFolder(fresh)
      try AtomicFile.write(text, to: fresh + "/vocab.txt")
      try AtomicFile.write(configuration.json, to: fresh + "/tokenizer_config.json")
      if let definition {
        try AtomicFile.write(definition.toml(self), to: fresh + "/definition.toml")
      }
      if isThere { try Self.move(trimmed, to: old) }
      try Self.move(fresh, to: trimmed)
    } catch {
      try? files.removeItem(atPath: fresh)
      if isThere && !files.fileExists(atPath: trimmed) { try Self.move(old, to: trimmed) }
      throw error
    }
    if isThere { try? files.removeItem(atPath: old) }
  }

  private static func holdsOnlyATokenizer(_ folder: String) -> Bool {
    let known: Set = ["vocab.txt", "tokenizer_config.json", "definition.toml"]
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return false
    }
    return known.isSuperset(of: names)
  }

  private static func move(_ source: String, to target: String) throws(FileFailure) {
    guard rename(source, target) == 0 else {
      throw .cannotWrite(path: target, reason: String(cString: strerror(errno)))
    }
  }
}
