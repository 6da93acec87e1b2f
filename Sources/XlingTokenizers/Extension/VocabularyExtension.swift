import Foundation
import XlingCore

/// New pieces for a tokenizer, behind its own: their ids follow its last one. A row of a tower's table for
/// each starts as the mean of the rows of its old pieces.
public struct VocabularyExtension: Codable, Sendable, Equatable {
  public struct Piece: Codable, Sendable, Equatable {
    /// As the vocabulary writes it: "##ing", "▁the".
    public var piece: String
    /// Ids of the old tokenizer's tokens for it; the unknown one's for characters that it lacks.
    public var parts: [Int32]
    /// Log probability; Unigram only.
    public var score: Float?

    public init(piece: String, parts: [Int32], score: Float? = nil) {
      (self.piece, self.parts, self.score) = (piece, parts, score)
    }

    public static func == (left: Self, right: Self) -> Bool {
      // String's own comparison takes canonically equivalent pieces for one.
      left.piece.utf8.elementsEqual(right.piece.utf8) && left.parts == right.parts
        && left.score == right.score
    }
  }

  /// `Tokenizer.contentHash` of the tokenizer that it extends.
  public var tokenizer: String
  /// Its ids: the first new one.
  public var firstId: Int
  public var pieces: [Piece]

  public init(tokenizer: String, firstId: Int, pieces: [Piece]) {
    (self.tokenizer, self.firstId, self.pieces) = (tokenizer, firstId, pieces)
  }

  /// More rows than this are a vocabulary of their own.
  public static let most = 50_000
}

/// A file that `xling tokenizer repair` writes and `xling align --extend-vocabulary` takes.
public struct VocabularyExtensionFile: Codable, Sendable, Equatable {
  /// What the pieces were learned from.
  public struct Text: Codable, Sendable, Equatable {
    public var language: String
    public var name: String
    public var lines: Int

    public init(language: String, name: String, lines: Int) {
      (self.language, self.name, self.lines) = (language, name, lines)
    }
  }

  public private(set) var version = 1
  public var `extension`: VocabularyExtension
  public var texts: [Text]
  /// Of each piece the tokens that it saves in these texts, unknown ones counted at their bytes, when those
  /// before it are there.
  public var saved: [Int]

  public init(_ extension: VocabularyExtension, texts: [Text], saved: [Int]) {
    (self.extension, self.texts, self.saved) = (`extension`, texts, saved)
  }

  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: path)
  }

  /// Strictly. Throws `JSONFailure`, `FileFailure`, ``TokenizerFailure/badExtension(file:expected:found:)``.
  public static func read(_ path: String) throws -> VocabularyExtensionFile {
    let bytes = try AtomicFile.read(
      path, hint: "Make one by: xling tokenizer repair TOKENIZER --text FILE --output \(path)")
    guard bytes.contains(where: { $0 > 0x20 }) else {
      throw TokenizerFailure.badExtension(
        file: path, expected: "new pieces, as xling tokenizer repair writes them",
        found: "an empty file")
    }
    // Pieces leave their score out where their model has none.
    let file = try JSONFile.decode(Self.self, from: path, version: 1, strictBut: [])
    try file.extension.check(path)
    return file
  }
}

extension VocabularyExtension {
  /// By itself, whatever the tokenizer. Throws ``TokenizerFailure/badExtension(file:expected:found:)``.
  func check(_ file: String) throws(TokenizerFailure) {
    func need(
      _ holds: Bool, _ expected: String, _ found: @autoclosure () -> String
    ) throws(TokenizerFailure) {
      if !holds { throw .badExtension(file: file, expected: expected, found: found()) }
    }
    try need(!pieces.isEmpty, "new pieces", "none")
    try need(pieces.count <= Self.most, "at most \(Self.most) pieces", "\(pieces.count)")
    try need(firstId > 0, "a first id above 0", "\(firstId)")
    var seen: Set<[UInt8]> = []
    for piece in pieces {
      let bytes = Array(piece.piece.utf8)
      try need(!bytes.isEmpty, "pieces with text", "an empty one")
      try need(
        !bytes.contains(0x0A) && !bytes.contains(0x0D) && !bytes.contains(0), "pieces of one line",
        "\"\(TerminalText.visible(piece.piece))\"")
      try need(
        bytes.count <= PackedPieces.maximumBytes,
        "pieces of at most \(PackedPieces.maximumBytes) bytes", "one of \(bytes.count)")
      try need(seen.insert(bytes).inserted, "every piece once", "\"\(piece.piece)\" twice")
      try need(
        !piece.parts.isEmpty && piece.parts.allSatisfy { (0..<firstId).contains(Int($0)) },
        "old pieces' ids, 0 to \(firstId - 1), as parts of \"\(piece.piece)\"",
        piece.parts.isEmpty ? "none" : "\(piece.parts)")
      try need(piece.score?.isFinite ?? true, "finite scores", "\(piece.score ?? 0)")
    }
  }
}
