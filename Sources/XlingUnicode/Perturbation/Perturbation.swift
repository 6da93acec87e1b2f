import XlingCore

/// One way in which a text is written otherwise without meaning anything else: what it does to tokens and
/// to recall shows how much a system depends on spelling. A perturbation is a pure function of text,
/// language and seed.
public enum Perturbation: String, Sendable, CaseIterable, Codable {
  /// Normalization form D (UAX #15): é is two scalars.
  case nfd
  /// Normalization form C.
  case nfc
  /// Without combining marks: see ``Diacritics``.
  case noDiacritics = "no-diacritics"
  /// All in capitals, by the language's rules (ICU): Turkish i is İ, ß is SS.
  case capitals = "case"
  /// In Latin letters: ICU's transform Any-Latin, then NFC.
  case translit
  /// A zero-width joiner inside every word: see ``JoinerNoise``.
  case zwj
  /// Line ends as on Windows: every LF, CR and CR LF is CR LF, and the text ends in one.
  case crlf
  /// ASCII as full-width forms: U+0021 to U+007E become U+FF01 to U+FF5E, spaces U+3000.
  case fullwidth
  /// Neighbouring keys: see ``KeyboardNoise``.
  case keyboard

  /// Throws ``PerturbationFailure/unknown(given:nearest:known:)``.
  public init(named name: String) throws(PerturbationFailure) {
    guard let found = Self(rawValue: name.lowercased()) else {
      let known = Self.allCases.map(\.rawValue)
      throw .unknown(given: name, nearest: Spelling.nearest(to: name, among: known), known: known)
    }
    self = found
  }

  /// `nfd,case,keyboard`, or `all`; each once, in the order given. Throws
  /// ``PerturbationFailure/unknown(given:nearest:known:)``, ``PerturbationFailure/none``.
  public static func list(_ text: String) throws(PerturbationFailure) -> [Perturbation] {
    var found: [Perturbation] = []
    for word in text.split(separator: ",") {
      let name = word.filter { $0 != " " }
      for one in name == "all" ? allCases : [try Perturbation(named: name)]
      where !found.contains(one) {
        found.append(one)
      }
    }
    guard !found.isEmpty else { throw .none }
    return found
  }

  /// Whether the seed decides anything.
  public var isDrawn: Bool { self == .zwj || self == .keyboard }

  /// `language` (BCP 47) decides casing and the keyboard; nil, or one that ICU does not know, means no
  /// language's own rules. What is drawn depends on `seed` and the text alone, not on other texts. Throws
  /// ``UnicodeFailure`` when ICU lacks its data.
  public func apply(_ text: String, language: String? = nil, seed: UInt64 = 0) throws -> String {
    switch self {
    case .nfd: return try NormalizationForm.nfd.normalize(text)
    case .nfc: return try NormalizationForm.nfc.normalize(text)
    case .noDiacritics: return try Diacritics.removed(from: text)
    case .capitals: return try Casing.uppercased(text, locale: Self.locale(language))
    case .translit: return try NormalizationForm.nfc.normalize(Transform.anyLatin.get().apply(text))
    case .zwj: return JoinerNoise.apply(text, seed: seed)
    case .crlf: return Self.windowsLines(text)
    case .fullwidth: return Self.fullwidth(text)
    case .keyboard: return KeyboardNoise.apply(text, language: language, seed: seed)
    }
  }

  /// A locale that ICU takes; a private tag such as x-emoji has no language.
  private static func locale(_ language: String?) -> String? {
    guard let language, (try? LocaleData.language(of: language)) != nil else { return nil }
    return language
  }

  private static func windowsLines(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var last: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      if scalar == "\r" || (scalar == "\n" && last != "\r") {
        result.append("\r")
        result.append("\n")
      } else if scalar != "\n" {
        result.append(scalar)
      }
      last = scalar
    }
    if last != "\n", last != "\r" {
      result.append("\r")
      result.append("\n")
    }
    return String(result)
  }

  private static func fullwidth(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x20: result.append("\u{3000}")
      case 0x21...0x7E: result.append(Unicode.Scalar(scalar.value + 0xFEE0) ?? scalar)
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

/// Errors in names of perturbations.
public enum PerturbationFailure: Failure, Equatable {
  case unknown(given: String, nearest: String?, known: [String])
  case none

  public var exitStatus: ExitStatus { .usage }

  public var description: String {
    let known = Perturbation.allCases.map(\.rawValue).joined(separator: ", ")
    switch self {
    case .unknown(let given, let nearest, _):
      return "there is no perturbation \"\(given)\"."
        + (nearest.map { " Did you mean \($0)?" } ?? "") + " There are: \(known), and all."
    case .none: return "no perturbation is named. There are: \(known), and all."
    }
  }
}
