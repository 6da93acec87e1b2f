/// What a tokenizer makes of one word alone.
struct WordMeasure: BitwiseCopyable, Equatable {
  var tokens: UInt32 = 0
  var hasUnknown = false
  /// Normalization changes more than white space.
  var isChanged = false
  /// It has zero width joiners or non-joiners.
  var hasJoiner = false
}

/// ICU's words in a stretch between white space.
struct WordParts: BitwiseCopyable, Equatable {
  var words: UInt32 = 0
  /// Those of all words, each alone.
  var tokens: UInt32 = 0
  /// Words of two tokens or more.
  var continued: UInt32 = 0
  var unknown: UInt32 = 0

  /// Nobody asked yet.
  static let unasked = WordParts(words: .max)

  mutating func add(_ measure: WordMeasure) {
    words += 1
    tokens += measure.tokens
    if measure.tokens > 1 { continued += 1 }
    if measure.hasUnknown { unknown += 1 }
  }
}
