import XlingCore

/// Text to ids. Implementations are immutable, so threads may share one; each thread encodes
/// through a session of its own.
public protocol Tokenizer: Sendable {
  var vocabularySize: Int { get }
  var special: SpecialTokens { get }
  /// SHA-256 over everything that decides an encoding: vocabulary and configuration.
  var contentHash: String { get }
  /// The longest input of the model it belongs to, framing tokens included, where that is stated.
  var maximumLength: Int? { get }
  /// The memory that its tables take, in bytes. What all tokenizers of a kind share (Unicode's
  /// properties) and what sessions need come on top.
  var byteCount: Int { get }
  /// What the folder that it was read from says of it, and what was made of that.
  var declarations: [Declaration] { get }
  /// Whether framed texts are spelt by their pieces, whatever the unknown ones stand for.
  var spellsFramedByPieces: Bool { get }
  /// To how many tokens a tokenizer.json says that texts are to be filled up; nothing here does so.
  var fixedPadding: Int? { get }
  /// What `xling tokenizer show` tells.
  var summary: TokenizerSummary { get }

  /// The piece's UTF-8 bytes. `id` must lie in 0..<vocabularySize.
  func piece(_ id: Int32) -> [UInt8]

  /// Buffers for one thread. With a cache of words, of at most so many bytes, encoding many texts is
  /// faster; without one (0) a session is cheap to make. The results are the same.
  func session(cacheLimit: Int) -> any TokenizerSession

  /// A text as normalization leaves it, before it is cut: what the model never sees is missing here.
  /// Malformed bytes read as U+FFFD. Slower than encoding; added tokens are not looked for.
  func normalized(_ utf8: UnsafeRawBufferPointer) -> [UInt8]

  /// Whether normalization changes more than white space, where a look at each scalar alone tells; nil: only
  /// ``normalized(_:)`` does.
  func changes(_ utf8: UnsafeRawBufferPointer) -> Bool?

  /// Whether a text whose white space is spaces, tabs and ends of lines becomes the tokens of its words one after
  /// another, each encoded alone.
  var encodesWordByWord: Bool { get }

  /// What a piece is. `id` must lie in 0..<vocabularySize.
  func kind(ofPiece id: Int32) -> PieceKind

  /// Readable text of ids, special tokens left out. Not an inverse: what the encoder removed,
  /// normalized or lower-cased stays so.
  func decode(_ ids: [Int32]) -> String

  /// The UTF-8 of ``decode(_:)``, for many texts.
  func decodedBytes(_ ids: [Int32]) -> [UInt8]
}

/// One thread's way to encode with a tokenizer: reused buffers, no allocation a text.
public protocol TokenizerSession: AnyObject {
  /// Replaces what `encoding` holds by the whole text's tokens, nothing framing them; its buffers
  /// keep their capacity. Malformed UTF-8: each offending byte reads as U+FFFD and counts as one
  /// scalar in offsets.
  func encode(_ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit, into encoding: inout Encoding)
}

extension Tokenizer {
  public var declarations: [Declaration] { [] }
  public var spellsFramedByPieces: Bool { false }
  public var fixedPadding: Int? { nil }

  public var encodesWordByWord: Bool { false }

  public func session(cached: Bool) -> any TokenizerSession {
    session(cacheLimit: cached ? WordCache.usualLimit : 0)
  }

  public func changes(_ utf8: UnsafeRawBufferPointer) -> Bool? { nil }

  public func decodedBytes(_ ids: [Int32]) -> [UInt8] { Array(decode(ids).utf8) }

  /// One text, at most `maximumTokens` tokens. For many texts keep a ``TokenizerSession`` or a
  /// ``BatchEncoder``.
  public func encode(
    _ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit = .scalars, maximumTokens: Int = .max
  ) -> Encoding {
    var encoding = Encoding()
    session(cached: false).encode(utf8, offsets: offsets, into: &encoding)
    encoding.truncate(to: maximumTokens)
    return encoding
  }

  public func encode(
    _ text: String, offsets: OffsetUnit = .scalars, maximumTokens: Int = .max
  ) -> Encoding {
    var text = text
    return text.withUTF8 {
      encode(UnsafeRawBufferPointer($0), offsets: offsets, maximumTokens: maximumTokens)
    }
  }

  /// Start token, text, end token as far as there are such: at most `maximumLength` ids, the text
  /// cut to fit. `maximumLength` is at least the number of framing tokens.
  public func ids(of text: String, maximumLength: Int) -> [Int32] {
    precondition(maximumLength >= special.frameCount, "no room for the start and end tokens")
    let body = encode(text, maximumTokens: maximumLength - special.frameCount).ids
    return [special.start].compactMap { $0 } + body + [special.end].compactMap { $0 }
  }

  /// The piece as text, for showing.
  public func pieceText(_ id: Int32) -> String { String(decoding: piece(id), as: UTF8.self) }

  /// UTF-8 of the token at `index` of an encoding: its piece, or its surface where that differs
  /// (SentencePiece's unknown runs).
  public func token(_ index: Int, of encoding: Encoding) -> [UInt8] {
    encoding.surface(of: index) ?? piece(encoding.ids[index])
  }
}
