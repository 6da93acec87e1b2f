import Foundation
import XlingCore

/// Finds out what kind of tokenizer lies at a path, and reads it.
public enum TokenizerSource {
  /// `path` is a folder as Hugging Face lays it out, or one `vocab.txt`, `.model` or
  /// `tokenizer.json` file. In a folder `tokenizer.json` is the truth, and what lies beside it must
  /// give the same pieces the same ids; without one the declared family decides. Throws
  /// ``FileFailure`` or ``TokenizerFailure``.
  public static func load(
    _ path: String, options: TokenizerOptions = TokenizerOptions()
  ) throws -> any Tokenizer {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileFailure.missing(path: path, hint: hint)
    }
    if isFolder.boolValue {
      var reader = try TokenizerFolderReader(path, options)
      return try reader.tokenizer()
    }
    switch PathParts.fileExtension(of: path) {
    case "txt": return try EarlierTokenizer.wordPiece(path, configurationFile: nil, options)
    case "model": return try EarlierTokenizer.sentencePiece(path, configurationFile: nil, options)
    case "json": return try EarlierTokenizer.json(path, options)
    default:
      throw TokenizerFailure.noTokenizer(path: path, found: "a file of another name")
    }
  }

  /// The tokenizer of a run that was trained with one of this content hash: as the folder declares
  /// it, else as version 0.1.0 chose it, which passed over most declarations. The one that has the
  /// hash comes back, today's where none has. Throws as ``load(_:options:)`` does.
  public static func load(_ path: String, trainedWith hash: String) throws -> any Tokenizer {
    let today = Result { try load(path) }
    if let tokenizer = try? today.get(), tokenizer.contentHash == hash { return tokenizer }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue,
      let earlier = try? EarlierTokenizer.load(folder: path), earlier.contentHash == hash
    {
      return earlier
    }
    return try today.get()
  }

  /// The names of what a folder's tokenizer is read from, sorted. Throws ``FileFailure``.
  public static func files(in folder: String) throws -> [String] {
    try FolderNames.read(folder).filter {
      !$0.hasPrefix("._") && (known.contains($0) || $0.hasSuffix(".model"))
    }
  }

  private static let known: Set = [
    "vocab.txt", "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json",
  ]

  static let hint =
    "A tokenizer is a folder as Hugging Face lays it out, or a vocab.txt, .model or tokenizer.json."
}
