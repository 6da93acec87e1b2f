/// What a tokenizer is, for people: `xling tokenizer show` prints it and `diff` compares it.
public struct TokenizerSummary: Sendable, Equatable {
  /// A token with a role: `unknown`, `start`, `end`, `padding`, `mask`, or `added`.
  public struct SpecialToken: Sendable, Equatable {
    public var role: String
    public var text: String
    public var id: Int32

    public init(role: String, text: String, id: Int32) {
      self.role = role
      self.text = text
      self.id = id
    }
  }

  /// `WordPiece`, `Unigram` or `BPE`.
  public var model: String
  /// In a fixed order.
  public var specialTokens: [SpecialToken]
  /// The steps of normalization, in words, in their order.
  public var normalizer: [String]
  /// SHA-256 of the model's own charsmap, if it has one.
  public var charsmapHash: String?
  /// Which Unicode data decides: "ICU 72.1", "as tokenizers 0.23.3", "the model's own charsmap".
  public var unicode: String

  public init(
    model: String, specialTokens: [SpecialToken], normalizer: [String], charsmapHash: String?,
    unicode: String
  ) {
    self.model = model
    self.specialTokens = specialTokens
    self.normalizer = normalizer
    self.charsmapHash = charsmapHash
    self.unicode = unicode
  }
}
