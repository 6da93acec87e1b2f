import CICU

/// What ICU's copy of CLDR knows about locales.
public enum LocaleData {
  /// The name of `language` in the words of `locale`: `("de", in: "fr")` is "allemand". Nil when
  /// ICU knows no such name, in which case it would answer with the code itself.
  ///
  /// Throws ``UnicodeFailure/unknownLocale(locale:reason:)`` when either has no language.
  public static func displayName(ofLanguage language: String, in locale: String) throws -> String? {
    let code = try Self.language(of: language)
    _ = try Self.language(of: locale)
    let name = try growingBuffer("name a language", capacity: 64) {
      xling_display_language(language, locale, $0, $1)
    }
    let text = String(decoding: name, as: UTF16.self)
    return text == code || text == language ? nil : text
  }

  /// Whether ICU has data of its own for the locale's language. What it lacks comes from the root
  /// locale, which belongs to no language. Throws ``UnicodeFailure``.
  public static func covers(_ locale: String) throws(UnicodeFailure) -> Bool {
    xling_has_language(try language(of: locale)) == 1
  }

  /// Without this a locale that ICU lacks would speak the language of the user's environment.
  private static let defaultToRoot: Int32 = xling_default_to_root()

  /// The language part of a locale: "zh" of "zh_Hant_TW". Throws
  /// ``UnicodeFailure/unknownLocale(locale:reason:)`` when it is empty or malformed.
  public static func language(of locale: String) throws(UnicodeFailure) -> String {
    if defaultToRoot < 0 {
      throw .icu(operation: "take the root locale", error: UnicodeFailure.name(-defaultToRoot))
    }
    var buffer = [CChar](repeating: 0, count: 16)
    let length = xling_locale_language(locale, &buffer, Int32(buffer.count))
    if length < 0 {
      throw .unknownLocale(locale: locale, reason: UnicodeFailure.name(-length))
    }
    let letters = buffer.prefix(min(Int(length), buffer.count)).map { UInt8(bitPattern: $0) }
    guard (2...8).contains(letters.count), letters.allSatisfy({ (97...122).contains($0) }) else {
      throw .unknownLocale(locale: locale, reason: "it has no language part of 2 to 8 letters")
    }
    return String(decoding: letters, as: UTF8.self)
  }

  /// Whether ICU has this very locale, "zh_Hant", not only its language.
  public static func isAvailable(_ locale: String) -> Bool {
    xling_locale_is_available(locale) == 1
  }

  /// ISO 639-3 of a locale's language, "tur"; nil when ICU has none.
  public static func iso639Part3(of locale: String) -> String? {
    let code = String(cString: xling_locale_iso639_3(locale))
    return code.isEmpty ? nil : code
  }

  /// ISO 15924 of the script that a locale is likely in; nil when ICU knows none.
  public static func likelyScript(of locale: String) -> String? {
    let code = String(cString: xling_locale_script(locale))
    return code.isEmpty ? nil : code
  }

  /// Whether the script that a locale is likely in runs from right to left.
  public static func isRightToLeft(_ locale: String) -> Bool {
    xling_locale_is_right_to_left(locale) == 1
  }

  /// The characters that CLDR says a locale's language is written with, main and auxiliary ones (UTS #35,
  /// "Exemplars"), with their capitals; nil where ICU has no such locale. Throws ``UnicodeFailure``.
  public static func exemplars(of locale: String) throws(UnicodeFailure) -> [ClosedRange<UInt32>]? {
    guard try covers(locale) else { return nil }
    var bounds = [UInt32](repeating: 0, count: 256)
    while true {
      let count = Int(xling_exemplars(locale, &bounds, Int32(bounds.count / 2)))
      if count < 0 {
        throw .icu(operation: "read exemplar characters", error: UnicodeFailure.name(Int32(-count)))
      }
      if 2 * count > bounds.count {
        bounds = [UInt32](repeating: 0, count: 2 * count)
        continue
      }
      return count == 0 ? nil : (0..<count).map { bounds[2 * $0]...bounds[2 * $0 + 1] }
    }
  }

  /// Whether ICU knows a script of this code (ISO 15924).
  public static func isScript(_ code: String) -> Bool { xling_is_script(code) == 1 }

  /// The version of the ICU library in use, "72.1" on Debian 12.
  public static var version: String {
    var numbers = [UInt8](repeating: 0, count: 4)
    xling_icu_version(&numbers)
    return "\(numbers[0]).\(numbers[1])"
  }
}
