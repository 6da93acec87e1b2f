import Testing

@testable import XlingUnicode

@Suite struct NormalizationFormTests {
  static func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

  /// Rows of Unicode's NormalizationTest.txt: source, NFC, NFD, NFKC, NFKD.
  @Test(arguments: [
    ("\u{1E0A}\u{323}", "\u{1E0C}\u{307}", "D\u{323}\u{307}", "\u{1E0C}\u{307}", "D\u{323}\u{307}"),
    ("\u{AC01}", "\u{AC01}", "\u{1100}\u{1161}\u{11A8}", "\u{AC01}", "\u{1100}\u{1161}\u{11A8}"),
    ("\u{FB01}", "\u{FB01}", "\u{FB01}", "fi", "fi"),
    ("\u{212B}", "\u{C5}", "A\u{30A}", "\u{C5}", "A\u{30A}"),
    ("\u{958}", "\u{915}\u{93C}", "\u{915}\u{93C}", "\u{915}\u{93C}", "\u{915}\u{93C}"),
    ("", "", "", "", ""),
  ])
  func formsAgree(source: String, nfc: String, nfd: String, nfkc: String, nfkd: String) throws {
    for (form, expected) in zip(NormalizationForm.allCases, [nfc, nfd, nfkc, nfkd]) {
      let result = try form.normalize(source)
      #expect(Self.scalars(result) == Self.scalars(expected), "\(form)")
      #expect(try form.holds(for: result))
    }
    #expect(
      try NormalizationForm.nfc.holds(for: source) == (Self.scalars(source) == Self.scalars(nfc)))
  }

  @Test(arguments: [
    ("tr", "IĞDIR İZMİR", "ığdır izmir"),
    ("en", "IĞDIR", "iğdir"),
    ("el", "ΟΔΟΣ ΣΟΦΟΣ", "οδος σοφος"),
    ("lt", "Ì", "i\u{307}\u{300}"),
  ])
  func lowerCaseFollowsTheLanguage(locale: String, text: String, expected: String) throws {
    #expect(
      Self.scalars(try Casing.lowercased(text, locale: locale)) == Self.scalars(expected))
  }

  @Test func lowerCaseWithoutALanguage() throws {
    #expect(Self.scalars(try Casing.lowercased("İI")) == [0x69, 0x307, 0x69])
    #expect(throws: UnicodeFailure.self) { try Casing.lowercased("a", locale: "1") }
  }

  @Test func languagesAreNamedInOtherLanguages() throws {
    #expect(try LocaleData.displayName(ofLanguage: "de", in: "fr") == "allemand")
    #expect(try LocaleData.displayName(ofLanguage: "tr", in: "tr") == "Türkçe")
    #expect(try LocaleData.displayName(ofLanguage: "ja", in: "zh_Hant") == "日文")
    #expect(try LocaleData.displayName(ofLanguage: "qqq", in: "en") == nil)
    #expect(throws: UnicodeFailure.self) {
      try LocaleData.displayName(ofLanguage: "", in: "en")
    }
  }

  @Test func propertiesOfScalars() throws {
    #expect(ScalarProperties.category(0x41) == .uppercaseLetter)
    #expect(ScalarProperties.category(0x93E) == .spacingMark)
    #expect(ScalarProperties.category(0xAB) == .initialPunctuation)
    #expect(ScalarProperties.category(0x378) == .unassigned)
    #expect(ScalarProperties.isWhiteSpace(0x3000) && !ScalarProperties.isWhiteSpace(0x200B))
    #expect(ScalarProperties.combiningClass(0x323) == 220)
    #expect(ScalarProperties.decomposition(0x1E69) == [0x73, 0x323, 0x307])
    #expect(ScalarProperties.decomposition(0x61).isEmpty)
  }

  @Test func unknownLocalesSaySo() throws {
    let error = try #require(throws: UnicodeFailure.self) { try LocaleData.language(of: "12") }
    #expect(error.description.contains("no locale is called \"12\""))
    #expect(error.exitStatus == .usage)
    #expect(try LocaleData.language(of: "zh_Hant_TW") == "zh")
  }
}
