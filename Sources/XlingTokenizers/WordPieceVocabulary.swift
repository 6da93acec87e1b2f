import Foundation
import XlingCore

/// The pieces of a WordPiece tokenizer by id, and the configuration that goes with them.
public struct WordPieceVocabulary: Sendable {
  /// UTF-8; pieces that continue a word begin with "##". Never compared as `String`, for which
  /// canonically equivalent pieces would be one.
  public let pieces: [[UInt8]]
  public let configuration: BertConfiguration
  /// Set by the trainer.
  public internal(set) var training: TrainingRecord?

  public init(pieces: [[UInt8]], configuration: BertConfiguration) {
    self.pieces = pieces
    self.configuration = configuration
  }

  /// Reads vocab.txt: one piece a line, split at LF only (BERT-Chinese has the piece U+2028), the
  /// line number its id. Throws ``TokenizerFailure/badVocabulary(file:line:expected:found:)``.
  public init(text: Data, configuration: BertConfiguration, file: String) throws {
    var pieces: [[UInt8]] = []
    var start = text.startIndex
    while start < text.endIndex {
      let end = text[start...].firstIndex(of: 0x0A) ?? text.endIndex
      let piece = [UInt8](text[start..<end])
      let line = pieces.count + 1
      if piece.isEmpty {
        throw TokenizerFailure.badVocabulary(
          file: file, line: line, expected: "a piece", found: "an empty line")
      }
      if piece.last == 0x0D {
        throw TokenizerFailure.badVocabulary(
          file: file, line: line, expected: "lines that end with LF", found: "CR LF")
      }
      if !Self.isUTF8(piece) {
        throw TokenizerFailure.badVocabulary(
          file: file, line: line, expected: "UTF-8", found: "bytes \(piece)")
      }
      pieces.append(piece)
      start = end < text.endIndex ? text.index(after: end) : end
    }
    self.init(pieces: pieces, configuration: configuration)
  }

  private static func isUTF8(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { raw in
      var at = 0
      while at < raw.count {
        let (scalar, length) = SourcedScalars.scalar(raw, at)
        if scalar == 0xFFFD && length == 1 { return false }
        at += length
      }
      return true
    }
  }

  /// The text of vocab.txt.
  public var text: Data {
    var data = Data()
    for piece in pieces {
      data.append(contentsOf: piece)
      data.append(0x0A)
    }
    return data
  }

  /// SHA-256 over configuration and pieces.
  public var contentHash: String {
    let digest = Digest()
    digest.update(configuration.json)
    digest.update(text)
    return digest.hexadecimal()
  }
}
