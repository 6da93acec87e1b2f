import Foundation
import XlingCore

/// The pieces of a WordPiece tokenizer by id, and the configuration that goes with them.
public struct WordPieceVocabulary: Sendable {
  /// UTF-8; pieces that continue a word begin with "##". Never compared as `String`, for which
  /// canonically equivalent pieces would be one.
  public let pieces: PackedPieces
  public let configuration: BertConfiguration
  /// Set by the trainer.
  public internal(set) var training: TrainingRecord?

  public init(pieces: PackedPieces, configuration: BertConfiguration) {
    self.pieces = pieces
    self.configuration = configuration
  }

  /// Reads vocab.txt: one piece a line, split at LF only (BERT-Chinese has the piece U+2028), the
  /// line number its id. Throws ``TokenizerFailure/badVocabulary(file:line:expected:found:)``.
  public init(text: Data, configuration: BertConfiguration, file: String) throws {
    var pieces = PackedPieces.Builder(expecting: text.count / 8, bytes: text.count)
    try text.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      var start = 0
      while start < bytes.count {
        let rest = bytes.count - start
        let end = memchr(base + start, 0x0A, rest)
        let length = end.map { UnsafeRawPointer($0) - (base + start) } ?? rest
        let line = UnsafeRawBufferPointer(start: base + start, count: length)
        try Self.check(line, file: file, number: pieces.count + 1)
        pieces.append(line)
        start += length + 1
      }
    }
    self.init(pieces: PackedPieces(pieces), configuration: configuration)
  }

  private static func check(
    _ line: UnsafeRawBufferPointer, file: String, number: Int
  ) throws(TokenizerFailure) {
    func fail(_ expected: String, _ found: String) -> TokenizerFailure {
      .badVocabulary(file: file, line: number, expected: expected, found: found)
    }
    if line.isEmpty { throw fail("a piece", "an empty line") }
    if line.last == 0x0D { throw fail("lines that end with LF", "CR LF") }
    if line.contains(0) { throw fail("text", "a NUL byte") }
    if line.count > PackedPieces.maximumBytes {
      throw fail("a piece of at most \(PackedPieces.maximumBytes) bytes", "\(line.count) bytes")
    }
    if !UTF8Scalar.isWellFormed(line) {
      throw fail("UTF-8", "bytes \(Array(line))")
    }
  }

  /// The text of vocab.txt.
  public var text: Data {
    var bytes: [UInt8] = []
    for id in pieces.indices {
      bytes.append(contentsOf: pieces.buffer(id))
      bytes.append(0x0A)
    }
    return Data(bytes)
  }

  /// SHA-256 over configuration and pieces.
  public var contentHash: String {
    let digest = Digest()
    digest.update(configuration.json)
    if configuration.unicode != .reference { digest.update(configuration.unicode.rawValue) }
    digest.update(text)
    return digest.hexadecimal()
  }
}
