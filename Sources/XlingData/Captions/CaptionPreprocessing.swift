import XlingUnicode

/// What happens to a caption before it is tokenized.
public enum CaptionPreprocessing: String, Codable, Sendable, CaseIterable {
  /// Nothing: the tokenizer normalizes as its tower was pretrained.
  case none
  /// As LilT's code does, bit for bit (``LilTCaption``): made for English.
  case lilt
  /// The same intent for every script (``UnicodeCaption``).
  case unicode

  /// At most `maximumWords` words are kept, but for `none`. `language` (BCP 47) decides how letters
  /// are lower-cased by `unicode`. Throws `UnicodeFailure`.
  public func apply(_ caption: String, language: String, maximumWords: Int) throws -> String {
    switch self {
    case .none: caption
    case .lilt: try LilTCaption.prepare(caption, maximumWords: maximumWords)
    case .unicode:
      try UnicodeCaption.prepare(caption, language: language, maximumWords: maximumWords)
    }
  }
}
