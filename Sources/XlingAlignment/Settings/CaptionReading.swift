import XlingCore
import XlingData
import XlingTokenizers

/// How captions become tokens, in training and in evaluation.
public struct CaptionReading: Codable, Sendable, Equatable {
  /// Of the training captions.
  public var language = "en"
  public var preprocessing = CaptionPreprocessing.none
  /// Words that the preprocessing keeps; `none` keeps all.
  public var maximumWords = 30
  /// Of a training caption, with start and end.
  public var maximumTokens = 25
  /// Close a caption by the tokenizer's end token; LilT's code does not.
  public var hasEndToken = true

  public init() {}

  /// Keys that a file of another version lacks keep their defaults. Throws what decoding throws.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    try keys.read(.language, into: &language)
    try keys.read(.preprocessing, into: &preprocessing)
    try keys.read(.maximumWords, into: &maximumWords)
    try keys.read(.maximumTokens, into: &maximumTokens)
    try keys.read(.hasEndToken, into: &hasEndToken)
  }

  /// Ids of a caption in `language`, else in the training captions' language, of at most
  /// `maximumTokens`, else as many as in training. Throws `UnicodeFailure`.
  public func ids(
    of caption: String, language: String? = nil, maximumTokens: Int? = nil,
    by tokenizer: any Tokenizer
  ) throws -> [Int32] {
    let text = try preprocessing.apply(
      caption, language: language ?? self.language, maximumWords: maximumWords)
    let length = maximumTokens ?? self.maximumTokens
    if hasEndToken { return tokenizer.ids(of: text, maximumLength: length) }
    let start = tokenizer.special.start.map { [$0] } ?? []
    return start + tokenizer.encode(text, maximumTokens: length - start.count).ids
  }

  /// For protocols and lists: "none", or "lilt, 30 words".
  public var description: String {
    let words = preprocessing == .none ? "" : ", \(maximumWords) words"
    return preprocessing.rawValue + words + (hasEndToken ? "" : ", no end token")
  }
}
