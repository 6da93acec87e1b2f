import XlingTokenizers
import XlingUnicode

/// What scripts a vocabulary's pieces are written in: by the Script of their scalars, Common and Inherited
/// aside. A piece of several scripts is `mixed`, one of none `common`; pieces of bytes and pieces that no text
/// becomes are `special`. `##` and ▁ are taken off.
public struct VocabularyMakeup: Sendable, Equatable {
  public struct Count: Sendable, Equatable, Codable {
    /// ISO 15924, or `mixed`, `common`, `special`.
    public let script: String
    /// In English, as Unicode has it: "Latin"; of what is no script the word above.
    public let name: String
    public let pieces: Int
  }

  /// Most first, then by name.
  public let counts: [Count]
  /// Some of the mixed pieces, by id.
  public let mixed: [String]

  /// How many mixed pieces are named.
  static let kept = 40

  public init(_ tokenizer: any Tokenizer) {
    var pieces: [String: Int] = [:]
    var mixed: [String] = []
    var known: [UInt32: String] = [:]
    let isWordPiece = tokenizer.summary.model == "WordPiece"
    for id in 0..<Int32(tokenizer.vocabularySize) {
      guard tokenizer.kind(ofPiece: id) == .text else {
        pieces["special", default: 0] += 1
        continue
      }
      var piece = String(decoding: tokenizer.piece(id), as: UTF8.self)
      if isWordPiece, piece.utf8.count > 2, piece.hasPrefix("##") { piece.removeFirst(2) }
      let script = Self.script(piece, &known)
      pieces[script, default: 0] += 1
      if script == "mixed", mixed.count < Self.kept { mixed.append(piece) }
    }
    self.mixed = mixed
    let names = Dictionary(known.map { ($1, ScalarProperties.scriptName($0)) }) { first, _ in first
    }
    counts = pieces.map { Count(script: $0.key, name: names[$0.key] ?? $0.key, pieces: $0.value) }
      .sorted { ($1.pieces, $0.script) < ($0.pieces, $1.script) }
  }

  private static func script(_ piece: String, _ known: inout [UInt32: String]) -> String {
    var found: String?
    for scalar in piece.unicodeScalars where scalar != "\u{2581}" {
      let script = known[scalar.value] ?? ScalarProperties.scriptCode(scalar.value)
      known[scalar.value] = script
      if script == "Zyyy" || script == "Zinh" { continue }
      if let found, found != script { return "mixed" }
      found = script
    }
    return found ?? "common"
  }
}
