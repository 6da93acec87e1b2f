import XlingCore

/// By which codes others know a language. What a card does not say is not known.
public struct LanguageCodes: Sendable, Equatable, Codable {
  /// Two letters; "nb" of `no`, which is Bokmål here.
  public var iso639Part1: String?
  /// Three letters; a macrolanguage's own code ("zho") where the card is of one.
  public var iso639Part3: String?
  /// Of FLORES-200: "tur_Latn".
  public var flores200: [String]
  /// Other spellings in use: "nb", "iw", "zh-cn".
  public var aliases: [String]
  /// As ICU 72 writes it, "zh_Hant"; nil where ICU has no data of the language.
  public var icuLocale: String?

  public init(
    iso639Part1: String? = nil, iso639Part3: String? = nil, flores200: [String] = [],
    aliases: [String] = [], icuLocale: String? = nil
  ) {
    self.iso639Part1 = iso639Part1
    self.iso639Part3 = iso639Part3
    self.flores200 = flores200
    self.aliases = aliases
    self.icuLocale = icuLocale
  }

  init(_ keys: StrictKeys) throws {
    iso639Part1 = try keys.value("iso639_1")
    iso639Part3 = try keys.value("iso639_3")
    flores200 = try keys.value("flores200", else: [])
    aliases = try keys.value("aliases", else: [])
    icuLocale = try keys.value("icu_locale")
    for (key, code, length) in [("iso639_1", iso639Part1, 2), ("iso639_3", iso639Part3, 3)] {
      guard let code else { continue }
      guard code.utf8.count == length, code.utf8.allSatisfy({ (0x61...0x7A).contains($0) }) else {
        throw keys.mistake(key, expected: "\(length) small letters", found: "\"\(code)\"")
      }
    }
    for code in flores200 {
      let parts = code.split(separator: "_", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].utf8.count == 3, LanguageScript.isCode(parts[1]) else {
        throw keys.mistake(
          "flores200", expected: "codes such as \"tur_Latn\"", found: "\"\(code)\"")
      }
    }
  }
}
