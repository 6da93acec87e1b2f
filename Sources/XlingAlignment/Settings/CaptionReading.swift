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
  /// In front of every caption, behind the preprocessing, which does not touch it; nil: nothing.
  public var prompt: String?
  /// true lower-cases prompt and caption, letter by letter.
  public var lowercases: Bool?
  /// So many tokens has every caption: the tokenizer's padding follows it, and is attended to (SigLIP).
  public var paddedTo: Int?
  /// Of a caption in evaluation, with start and end; nil: at most 30, as LilT has it.
  public var evaluatedTokens: Int?

  public init() {}

  /// Keys that a file of another version lacks keep their defaults. Throws what decoding throws.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    try keys.read(.language, into: &language)
    try keys.read(.preprocessing, into: &preprocessing)
    try keys.read(.maximumWords, into: &maximumWords, in: 1...Int.largestCount)
    try keys.read(.maximumTokens, into: &maximumTokens, in: 2...Int.largestCount)
    try keys.read(.hasEndToken, into: &hasEndToken)
    try keys.read(.prompt, into: &prompt)
    try keys.read(.lowercases, into: &lowercases)
    try keys.read(.paddedTo, into: &paddedTo, in: 1...1 << 20)
    try keys.read(.evaluatedTokens, into: &evaluatedTokens, in: 2...Int.largestCount)
  }

  /// A caption in `language` as it is before the prompt. Throws `UnicodeFailure`.
  public func text(of caption: String, language: String? = nil) throws -> String {
    let text = try preprocessing.apply(
      caption, language: language ?? self.language, maximumWords: maximumWords)
    return lowercases == true ? Self.lowercased(text) : text
  }

  /// Ids of a caption in `language`, else in the training captions' language, of at most
  /// `maximumTokens`, else as many as in training. Throws `UnicodeFailure`.
  public func ids(
    of caption: String, language: String? = nil, maximumTokens: Int? = nil,
    by tokenizer: any Tokenizer
  ) throws -> [Int32] {
    let text = shownPrompt + (try text(of: caption, language: language))
    let length = maximumTokens ?? self.maximumTokens
    guard hasEndToken else {
      let start = tokenizer.special.start.map { [$0] } ?? []
      return start + tokenizer.encode(text, maximumTokens: length - start.count).ids
    }
    let ids = tokenizer.ids(of: text, maximumLength: length)
    guard let paddedTo, ids.count < paddedTo else { return ids }
    let padding = tokenizer.special.padding ?? tokenizer.special.end ?? 0
    return ids + Array(repeating: padding, count: paddedTo - ids.count)
  }

  /// As it stands in front.
  private var shownPrompt: String {
    guard let prompt else { return "" }
    return lowercases == true ? Self.lowercased(prompt) : prompt
  }

  /// Tokens of the prompt by itself, the start token with them, the end token not: what a pooling without
  /// the prompt leaves out, as sentence-transformers counts it.
  public func promptTokens(by tokenizer: any Tokenizer) -> Int {
    guard prompt != nil else { return 0 }
    let start = tokenizer.special.start == nil ? 0 : 1
    let room = max(0, maximumTokens - tokenizer.special.frameCount)
    return start + tokenizer.encode(shownPrompt, maximumTokens: room).ids.count
  }

  /// Each scalar by itself, as tokenizers do it: no rule for the end of a word.
  private static func lowercased(_ text: String) -> String {
    var lower = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      lower.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }
    return String(lower)
  }

  /// For protocols and lists: "none", or "lilt, 30 words".
  public var description: String {
    let words = preprocessing == .none ? "" : ", \(maximumWords) words"
    return preprocessing.rawValue + words + (hasEndToken ? "" : ", no end token")
      + (lowercases == true ? ", lower case" : "")
      + (prompt.map { ", behind \"\($0)\"" } ?? "")
      + (paddedTo.map { ", padded to \($0)" } ?? "")
  }
}
