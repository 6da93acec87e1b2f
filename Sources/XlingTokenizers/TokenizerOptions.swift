/// What a path cannot tell about the tokenizer that lies there.
public struct TokenizerOptions: Sendable, Equatable {
  /// WordPiece: whether text is lower-cased; nil as the configuration file says.
  public var lowercase: Bool?
  /// WordPiece: whose Unicode data decides.
  public var unicode = UnicodeData.reference
  /// SentencePiece: whose ids; nil as the folder declares, else the model's own.
  public var scheme: SentencePieceScheme?

  public init() {}

  /// Throws ``TokenizerFailure/uselessOption(option:path:kind:)`` where an option is for WordPiece alone.
  func refuseWordPiece(_ path: String, _ kind: String) throws(TokenizerFailure) {
    if lowercase != nil {
      throw .uselessOption(option: "lower-casing", path: path, kind: kind)
    }
    if unicode != .reference {
      throw .uselessOption(option: "Unicode data of ICU", path: path, kind: kind)
    }
  }
}
