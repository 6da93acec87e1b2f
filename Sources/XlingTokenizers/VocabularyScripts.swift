import XlingUnicode

/// Which scripts a vocabulary's pieces are written in.
public struct VocabularyScripts: Sendable, Equatable {
  public struct Count: Sendable, Equatable {
    public let script: String
    public let pieces: Int
  }

  /// Most frequent first, then by name. A piece counts for the script of its first scalar that has
  /// one; pieces of digits, punctuation and the like are "Common".
  public let counts: [Count]

  public init(_ tokenizer: any Tokenizer) {
    var pieces: [String: Int] = [:]
    for id in 0..<Int32(tokenizer.vocabularySize) {
      pieces[Self.script(tokenizer.piece(id)), default: 0] += 1
    }
    counts = pieces.map { Count(script: $0.key, pieces: $0.value) }
      .sorted { $0.pieces != $1.pieces ? $0.pieces > $1.pieces : $0.script < $1.script }
  }

  private static func script(_ piece: [UInt8]) -> String {
    for scalar in String(decoding: piece, as: UTF8.self).unicodeScalars {
      let script = ScalarProperties.scriptName(scalar.value)
      if script != "Common" && script != "Inherited" { return script }
    }
    return "Common"
  }
}
