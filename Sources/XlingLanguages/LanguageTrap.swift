/// What of a language's spelling a tokenizer or a comparison of texts stumbles over.
public enum LanguageTrap: String, Sendable, CaseIterable, Codable {
  case dottedI = "dotted-i"
  case digraphLetters = "digraph-letters"
  case presentationForms = "presentation-forms"
  case hangulForms = "hangul-forms"

  /// One sentence.
  public var words: String {
    switch self {
    case .dottedI:
      "İ and I are two letters, small i and ı: lower-casing without the language's rule joins or breaks them."
    case .digraphLetters:
      "lj, nj and dž may be one character each (U+01C4 to U+01CC) or two letters, which only NFKC makes equal."
    case .presentationForms:
      "Letters may be written as presentation forms (U+FB50 to U+FDFF, U+FE70 to U+FEFF), which only NFKC undoes."
    case .hangulForms:
      "Syllables may be whole (U+AC00 …), jamo (NFD), compatibility jamo or half-width: four spellings of a word."
    }
  }
}
