/// What two tokenizers do not share.
public struct TokenizerDifference: Sendable, Equatable {
  /// A setting: its name, and what each says.
  public struct Setting: Sendable, Equatable {
    public let name: String
    public let first: String
    public let second: String
  }

  public let settings: [Setting]
  /// Pieces of one only, by id there.
  public let onlyInFirst: [[UInt8]]
  public let onlyInSecond: [[UInt8]]
  /// Pieces of both whose ids differ, by id in the first.
  public let moved: [[UInt8]]

  public var isEmpty: Bool {
    settings.isEmpty && onlyInFirst.isEmpty && onlyInSecond.isEmpty && moved.isEmpty
  }

  public init(_ first: any Tokenizer, _ second: any Tokenizer) {
    let (left, right) = (Self.ids(first), Self.ids(second))
    onlyInFirst = Self.pieces(first).filter { right[$0] == nil }
    onlyInSecond = Self.pieces(second).filter { left[$0] == nil }
    moved = Self.pieces(first).filter { piece in
      right[piece].map { $0 != left[piece] } ?? false
    }
    settings = zip(Self.settings(first), Self.settings(second)).compactMap { one, other in
      one.value == other.value
        ? nil : Setting(name: one.name, first: one.value, second: other.value)
    }
  }

  private static func pieces(_ tokenizer: any Tokenizer) -> [[UInt8]] {
    (0..<Int32(tokenizer.vocabularySize)).map { tokenizer.piece($0) }
  }

  private static func ids(_ tokenizer: any Tokenizer) -> [[UInt8]: Int32] {
    var ids: [[UInt8]: Int32] = [:]
    for id in 0..<Int32(tokenizer.vocabularySize) where ids[tokenizer.piece(id)] == nil {
      ids[tokenizer.piece(id)] = id
    }
    return ids
  }

  private static func settings(_ tokenizer: any Tokenizer) -> [(name: String, value: String)] {
    let summary = tokenizer.summary
    let special = summary.specialTokens.map { "\($0.role) \($0.text) \($0.id)" }
    return [
      ("type", summary.model), ("size", "\(tokenizer.vocabularySize)"),
      ("special tokens", special.joined(separator: ", ")),
      ("normalizer", summary.normalizer.joined(separator: ", ")),
      ("charsmap", summary.charsmapHash ?? "none"), ("unicode", summary.unicode),
      ("maximum length", tokenizer.maximumLength.map { "\($0)" } ?? "none"),
    ]
  }
}
