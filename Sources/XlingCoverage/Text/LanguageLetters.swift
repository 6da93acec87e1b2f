import XlingUnicode

/// Which letters a language is written with: CLDR's exemplar characters, main and auxiliary, where it has
/// some, and the language's scripts. Immutable, so that threads share it.
public final class LanguageLetters: Sendable {
  /// By scalar below ``limit``: the language's own.
  private let own: [UInt64]
  /// Scripts whose letters are all taken as the language's own.
  private let whole: Set<String>
  private static let limit: UInt32 = 0x20000
  /// Ideographs and syllables, of which exemplars are a selection.
  private static let selected: Set<String> = ["Hani", "Hang", "Hira", "Kana", "Bopo"]

  /// `script` is the main one (ISO 15924), `scripts` are all in use. Throws `UnicodeFailure`.
  public init(locale: String, script: String, scripts: [String]) throws(UnicodeFailure) {
    let exemplars = locale.isEmpty ? nil : try LocaleData.exemplars(of: locale)
    var own = [UInt64](repeating: 0, count: Int(Self.limit) / 64)
    for range in exemplars ?? [] {
      for scalar in range where scalar < Self.limit {
        own[Int(scalar) / 64] |= 1 << UInt64(scalar % 64)
      }
    }
    self.own = own
    let main = Self.scripts(of: script)
    let all = main.union(scripts.flatMap { Self.scripts(of: $0) })
    // Exemplars are those of the main script: what else a language is written in cannot be looked up.
    whole = exemplars == nil ? all : all.subtracting(main).union(all.intersection(Self.selected))
  }

  /// A writing system's scripts: Japanese and Korean have several.
  public static func scripts(of code: String) -> Set<String> {
    switch code {
    case "Jpan", "Hrkt": ["Hani", "Hira", "Kana"]
    case "Kore": ["Hang", "Hani"]
    case "Hans", "Hant": ["Hani", "Bopo"]
    default: [code]
    }
  }

  @inline(__always)
  private func holds(_ scalar: UInt32) -> Bool {
    scalar < Self.limit && own[Int(scalar) / 64] >> UInt64(scalar % 64) & 1 == 1
  }

  /// Nil for what is no letter; modifier letters (Lm) are none here, since ʼ and ʻ stand in any text.
  func isForeign(_ scalar: UInt32) -> Bool? {
    if holds(scalar) { return Self.isLetter(scalar) ? false : nil }
    guard Self.isLetter(scalar) else { return nil }
    // A letter with marks is the language's own where its parts are.
    let parts = ScalarProperties.decomposition(scalar)
    if !parts.isEmpty, parts.allSatisfy(holds) { return false }
    let script = ScalarProperties.scriptCode(scalar)
    return !whole.contains(script) && script != "Zyyy" && script != "Zinh"
  }

  /// Of lines in memory, as ``CoverageMeter`` counts them.
  public func condition(of lines: some Sequence<String>) -> LetterCondition {
    var condition = LetterCondition()
    for (number, line) in lines.enumerated() {
      var (letters, foreign): (Int32, Int32) = (0, 0)
      for scalar in line.unicodeScalars {
        guard let isForeign = isForeign(scalar.value) else { continue }
        letters += 1
        if isForeign { foreign += 1 }
      }
      condition.count(line: number + 1, letters: letters, foreign: foreign)
    }
    return condition
  }

  @inline(__always)
  private static func isLetter(_ scalar: UInt32) -> Bool {
    if scalar < 0x80 { return (0x61...0x7A).contains(scalar | 0x20) }
    switch ScalarProperties.category(scalar) {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter: return true
    default: return false
    }
  }
}

/// Lines that are hardly in the language that they are taken for, by their letters.
public struct LetterCondition: Sendable, Equatable, Codable {
  /// With ``fewest`` letters or more.
  public internal(set) var lines = 0
  /// Of these, more than half of the letters are none of the language's.
  public internal(set) var mostlyForeign = 0
  /// Of the others, at least ten letters, at least two and more than a tenth of them foreign.
  public internal(set) var partlyForeign = 0
  /// The numbers of the first of either, from 1.
  public internal(set) var first: [Int] = []

  static let fewest: Int32 = 3

  /// Whether that is more than names and abbreviations come to. On the installed texts of all languages 2.1 %
  /// of lines are mostly foreign at the most (Cherokee's, where CLDR has some names in English), 2.3 % either.
  public var isTold: Bool {
    let count = Double(max(1, lines))
    return Double(mostlyForeign) / count >= 0.025
      || Double(mostlyForeign + partlyForeign) / count >= 0.05
  }

  mutating func count(line: Int, letters: Int32, foreign: Int32) {
    guard letters >= Self.fewest else { return }
    lines += 1
    if 2 * foreign > letters {
      mostlyForeign += 1
    } else if letters >= 10, foreign >= 2, 10 * foreign > letters {
      partlyForeign += 1
    } else {
      return
    }
    if first.count < TextCondition.kept { first.append(line) }
  }
}
