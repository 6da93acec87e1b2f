import XlingUnicode

/// What LilT's preprocessing means to do, for every script: lower case by the language's own rules,
/// no punctuation, words apart by single spaces.
///
/// Punctuation is Unicode's general category P. It becomes a space, so that scripts without spaces
/// keep their clauses apart; an apostrophe between two letters belongs to its word ("l'eau").
/// Symbols, emoji among them, stay. The result is NFC.
enum UnicodeCaption {
  private static let apostrophes: Set<Unicode.Scalar> = ["'", "\u{2019}", "\u{02BC}"]

  /// Throws `UnicodeFailure`.
  static func prepare(_ caption: String, language: String, maximumWords: Int) throws -> String {
    let composed = try NormalizationForm.nfc.normalize(caption)
    let scalars = Array(try Casing.lowercased(composed, locale: language).unicodeScalars)
    var words: [String.UnicodeScalarView] = []
    var word = String.UnicodeScalarView()
    for (index, scalar) in scalars.enumerated() {
      if isSeparator(scalar, at: index, in: scalars) {
        if !word.isEmpty { words.append(word) }
        word = String.UnicodeScalarView()
      } else {
        word.append(scalar)
      }
    }
    if !word.isEmpty { words.append(word) }
    return words.prefix(maximumWords).map { String($0) }.joined(separator: " ")
  }

  private static func isSeparator(
    _ scalar: Unicode.Scalar, at index: Int, in text: [Unicode.Scalar]
  ) -> Bool {
    if scalar.properties.isWhitespace { return true }
    if apostrophes.contains(scalar), index > 0, index + 1 < text.count,
      text[index - 1].properties.isAlphabetic, text[index + 1].properties.isAlphabetic
    {
      return false
    }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation, .control:
      return true
    default: return false
    }
  }
}
