import XlingCore

/// How a language is written.
public struct LanguageScript: Sendable, Equatable, Codable {
  public enum Direction: String, Sendable, CaseIterable, Codable {
    case leftToRight = "ltr"
    case rightToLeft = "rtl"
  }

  /// How words are told apart in running text, by the script.
  public enum WordBreaks: String, Sendable, CaseIterable, Codable {
    /// Spaces stand between words.
    case spaces
    /// None do; ICU cuts words by its dictionary (Han, kana, Thai, Lao, Khmer, Burmese).
    case dictionary
    /// None do, and ICU has no dictionary: Tibetan's tsheg stands between syllables.
    case none
  }

  /// ISO 15924: "Latn"; of `ja` "Jpan", of `ko` "Kore".
  public var main: String
  /// All that CLDR knows in use, the main one first.
  public var all: [String]
  public var direction: Direction
  public var wordBreaks: WordBreaks

  public init(
    _ main: String, all: [String]? = nil, direction: Direction = .leftToRight,
    wordBreaks: WordBreaks = .spaces
  ) {
    self.main = main
    self.all = all ?? [main]
    self.direction = direction
    self.wordBreaks = wordBreaks
  }

  init(_ keys: StrictKeys) throws {
    main = try keys.required("script")
    all = try keys.value("scripts", else: [main])
    for script in [main] + all where !Self.isCode(script) {
      throw keys.mistake(
        "script", expected: "four letters of ISO 15924", found: "\"\(script)\"")
    }
    guard all.first == main else {
      throw keys.mistake(
        "scripts", expected: "\"\(main)\" first", found: all.first.map { "\"\($0)\"" } ?? "none")
    }
    let _: String = try keys.required("direction")
    direction = try keys.word("direction", else: .leftToRight)
    wordBreaks = try keys.word("word_breaks", else: .spaces)
  }

  /// Whether `text` has the form of ISO 15924: "Latn".
  static func isCode(_ text: some StringProtocol) -> Bool {
    let letters = Array(text.utf8)
    return letters.count == 4 && (0x41...0x5A).contains(letters[0])
      && letters.dropFirst().allSatisfy { (0x61...0x7A).contains($0) }
  }
}
