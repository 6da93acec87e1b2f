import CICU

/// The Unicode normalization forms (UAX #15), by ICU.
public enum NormalizationForm: Int32, Sendable, CaseIterable {
  case nfc = 0
  case nfd = 1
  case nfkc = 2
  case nfkd = 3

  /// Throws ``UnicodeFailure/icu(operation:error:)`` when ICU lacks its data.
  public func normalize(_ text: String) throws -> String {
    String(decoding: try normalize(utf16: Array(text.utf16)), as: UTF16.self)
  }

  /// Whether `text` is in this form for sure.
  public func holds(for text: String) throws -> Bool {
    let units = Array(text.utf16)
    let answer = xling_is_normalized(rawValue, units, Int32(units.count))
    if answer < 0 {
      throw UnicodeFailure.icu(operation: "check a form", error: UnicodeFailure.name(-answer))
    }
    return answer == 1
  }

  public func normalize(utf16 units: [UInt16]) throws(UnicodeFailure) -> [UInt16] {
    if units.isEmpty { return [] }
    return try growingBuffer("normalize a text", capacity: units.count * 2) {
      xling_normalize(rawValue, units, Int32(units.count), $0, $1)
    }
  }

  /// Whether a text may be cut before this scalar and its parts be normalized one by one.
  public func boundary(before scalar: UInt32) -> Bool {
    xling_boundary_before(rawValue, scalar) == 1
  }
}

/// Lower- and upper-casing by a language's rules: Turkish and Azeri i, Lithuanian dots, Greek final sigma.
public enum Casing {
  /// `locale` nil means no language's own rules. Throws ``UnicodeFailure``.
  public static func lowercased(_ text: String, locale: String? = nil) throws -> String {
    if let locale { _ = try LocaleData.language(of: locale) }
    let units = Array(text.utf16)
    if units.isEmpty { return text }
    let lower = try growingBuffer("lower-case a text", capacity: units.count * 2) {
      xling_lowercase(locale ?? "", units, Int32(units.count), $0, $1)
    }
    return String(decoding: lower, as: UTF16.self)
  }

  /// The same for capitals: "ß" is "SS", Turkish i is İ. Throws ``UnicodeFailure``.
  public static func uppercased(_ text: String, locale: String? = nil) throws -> String {
    if let locale { _ = try LocaleData.language(of: locale) }
    let units = Array(text.utf16)
    if units.isEmpty { return text }
    let upper = try growingBuffer("upper-case a text", capacity: units.count * 2) {
      xling_uppercase(locale ?? "", units, Int32(units.count), $0, $1)
    }
    return String(decoding: upper, as: UTF16.self)
  }
}
