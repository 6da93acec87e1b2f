import XlingUnicode

/// Whose Unicode data decides how BERT's basic tokenization treats a scalar.
public enum UnicodeData: String, Sendable, CaseIterable, CustomStringConvertible {
  /// The tables that Hugging Face tokenizers 0.23.3 behaves by: Unicode 8 categories, Unicode 9
  /// decompositions, Unicode 17 lower case, measured (scripts/generate_unicode_tables.py).
  case reference
  /// The installed ICU's own properties (72.1 on Debian 12: Unicode 15.0), and the CJK ranges of
  /// Google's code, whose sixth begins at U+2B820.
  case icu

  public var description: String {
    switch self {
    case .reference: "as tokenizers 0.23.3 (Unicode 8, 9 and 17)"
    case .icu: "ICU \(LocaleData.version)"
    }
  }
}
