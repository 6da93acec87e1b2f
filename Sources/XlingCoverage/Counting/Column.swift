/// What is counted of every line; sums of lines are all that most figures need.
public enum Column: Int, CaseIterable, Sendable {
  /// Lines with anything but white space.
  case lines
  case tokens, bytes, characters
  case unknownTokens
  /// Of the source, covered by unknown tokens.
  case unknownCharacters, unknownBytes
  case unknownLines
  /// Words between white space; their tokens, each word alone; words of two tokens or more; words with an
  /// unknown token.
  case words, wordTokens, continuedWords, unknownWords
  /// The same of ICU's words.
  case icuWords, icuWordTokens, icuContinuedWords, icuUnknownWords
  /// Tokens that are one byte of a character without a piece.
  case byteTokens
  /// Lines of more tokens, those that frame a text counted.
  case over25, over30, over77, over128
  /// Lines that normalization changes, white space aside.
  case changedLines
  /// Lines of a tokenizer whose pieces hold spaces, and those that do not come back from their tokens.
  case decodableLines, undecodedLines
  /// ZERO WIDTH JOINER and NON-JOINER, and how many of them normalization takes away.
  case joiners, joinersLost
  /// Letters, and those that are none of the language's (``LanguageLetters``).
  case letters, foreignLetters

  /// The lengths after which texts are cut by widespread models.
  static let lengths: [(column: Column, tokens: Int)] = [
    (.over25, 25), (.over30, 30), (.over77, 77), (.over128, 128),
  ]
}

/// One number a ``Column``.
public struct Sums: Sendable, Equatable {
  var values = [Int](repeating: 0, count: Column.allCases.count)

  public init() {}

  public subscript(column: Column) -> Int {
    get { values[column.rawValue] }
    set { values[column.rawValue] = newValue }
  }

  mutating func add(_ row: UnsafePointer<Int32>) {
    for column in 0..<values.count { values[column] += Int(row[column]) }
  }
}
