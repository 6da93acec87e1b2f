/// Ids of the tokens that frame, fill and hide text.
public struct SpecialTokens: Sendable, Equatable {
  public let padding: Int32
  public let unknown: Int32
  public let start: Int32
  public let end: Int32
  public let mask: Int32

  public var all: [Int32] { [padding, unknown, start, end, mask] }
}

/// One encoded text, without the tokens that frame it.
public struct Encoding: Sendable, Equatable {
  /// One id a token.
  public var ids: [Int32] = []
  /// For each token the scalars of the original text it came from. Characters that were removed
  /// inside a word are spanned; accents dropped at its end are not.
  public var spans: [Range<Int>] = []
  /// Words that the vocabulary cannot spell, each one unknown token (before truncation).
  public var unknownCount = 0
  /// Tokens cut off at the end.
  public var truncatedCount = 0

  public init() {}
}

/// Text to ids. Implementations are immutable, so threads may share one.
public protocol Tokenizer: Sendable {
  var vocabularySize: Int { get }
  var special: SpecialTokens { get }
  /// SHA-256 over everything that decides an encoding: vocabulary and configuration.
  var contentHash: String { get }

  /// At most `maximumTokens` tokens, nothing framing them. Malformed UTF-8 reads as U+FFFD.
  func encode(_ utf8: UnsafeRawBufferPointer, maximumTokens: Int) -> Encoding

  /// The piece's UTF-8 bytes. `id` must lie in 0..<vocabularySize.
  func piece(_ id: Int32) -> [UInt8]
}

extension Tokenizer {
  public func encode(_ text: String, maximumTokens: Int = .max) -> Encoding {
    var text = text
    return text.withUTF8 { encode(UnsafeRawBufferPointer($0), maximumTokens: maximumTokens) }
  }

  /// Start token, text, end token: at most `maximumLength` ids, the text cut to fit.
  /// `maximumLength` is at least 2.
  public func ids(of text: String, maximumLength: Int) -> [Int32] {
    precondition(maximumLength >= 2, "no room for the start and end tokens")
    let body = encode(text, maximumTokens: maximumLength - 2).ids
    return [special.start] + body + [special.end]
  }

  /// The piece as text, for showing.
  public func pieceText(_ id: Int32) -> String { String(decoding: piece(id), as: UTF8.self) }

  /// Readable text of ids: continuing pieces joined, special tokens left out. Not an inverse:
  /// what the encoder removed or lower-cased stays so.
  public func decode(_ ids: [Int32]) -> String {
    let silent = Set([special.padding, special.start, special.end])
    var bytes: [UInt8] = []
    for id in ids where !silent.contains(id) {
      let piece = piece(id)
      if piece.count > 2, piece[0] == 0x23, piece[1] == 0x23 {
        bytes.append(contentsOf: piece.dropFirst(2))
      } else {
        if !bytes.isEmpty { bytes.append(0x20) }
        bytes.append(contentsOf: piece)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
