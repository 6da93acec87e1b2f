import Foundation
import Testing
import XlingCore

@testable import XlingLanguages

@Suite struct LanguagesTests {
  private func languages() throws -> Languages {
    // Tests/XlingLanguagesTests/LanguagesTests.swift -> the checkout.
    let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return try Languages.load(folder: checkout.appendingPathComponent("languages").path)
  }

  /// Writes one card into a fresh folder and reads the folder.
  private func load(_ card: String, as name: String = "tr.toml") throws -> Languages {
    let folder = NSTemporaryDirectory() + "xling-cards-\(UUID().uuidString)"
    try AtomicFile.createFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write(card, to: folder + "/" + name)
    return try Languages.load(folder: folder)
  }

  private let turkish = """
    code = "tr"
    name = "Turkish"
    native_name = "Türkçe"
    script = "Latn"
    direction = "ltr"

    """

  @Test func everyShippedCardIsRead() throws {
    let languages = try languages()
    #expect(languages.all.count >= 219)
    #expect(languages[code: "ar"]?.direction == .rightToLeft)
    #expect(languages[code: "zh-Hant"]?.script == "Hant")
    #expect(languages[code: "ru"]?.nativeName == "русский")
  }

  @Test(arguments: ["tr", "TR", "turkish", "Turkish", "Türkçe"])
  func foundByCodeOrName(text: String) throws {
    #expect(try languages().find(text).code == "tr")
  }

  @Test func aliasesAndUnderscores() throws {
    let languages = try languages()
    #expect(try languages.find("nb").code == "no")
    #expect(try languages.find("zh_Hant").code == "zh-Hant")
    #expect(languages[code: "Norwegian"] == nil)
  }

  @Test func unknownSuggestsTheNearest() throws {
    let languages = try languages()
    #expect(
      throws: LanguageFailure.unknownLanguage(
        given: "turkisch", suggestions: ["tr (Turkish)"])
    ) { try languages.find("turkisch") }
    #expect(throws: LanguageFailure.unknownLanguage(given: "qqqqqqqq", suggestions: [])) {
      try languages.find("qqqqqqqq")
    }
    let message = LanguageFailure.unknownLanguage(given: "xx", suggestions: ["a (A)", "b (B)"])
    #expect(message.description.contains("Did you mean a (A) or b (B)?"))
    #expect(message.exitStatus == .usage)
  }

  @Test func aGoodCard() throws {
    let language = try load(turkish).find("tr")
    #expect(language.nativeName == "Türkçe")
    #expect(language.aliases.isEmpty)
  }

  @Test(arguments: [
    ("name = \"Turkish\"", "nam = \"Turkish\"", "\"nam\""),
    ("name = \"Turkish\"\n", "", "no such key"),
    ("\"Latn\"", "\"Latin\"", "\"Latin\""),
    ("\"ltr\"", "\"down\"", "\"down\""),
    ("\"tr\"", "\"az\"", "\"az\""),
    ("direction", "joshi_class = 6\ndirection", "6"),
    ("direction", "speakers_log10 = \"many\"\ndirection", "another kind"),
    ("direction", "iso639_3 = \"tr\"\ndirection", "\"tr\""),
    ("direction", "flores200 = [\"tur\"]\ndirection", "\"tur\""),
    ("direction", "glottocode = \"turkish\"\ndirection", "\"turkish\""),
    ("direction", "traps = [\"pits\"]\ndirection", "\"pits\""),
    ("direction", "scripts = [\"Arab\", \"Latn\"]\ndirection", "\"Arab\""),
    ("\"ltr\"\n", "\"ltr\"\n[pretraining]\nmodels = [\"xlm\"]\n", "\"xlm\""),
    ("\"ltr\"\n", "\"ltr\"\n[pretraining]\ncc100 = 1\n", "\"cc100\""),
    (
      "\"ltr\"\n", "\"ltr\"\n[wikipedia]\nedition = \"tr\"\ndate = \"2025\"\narticles = 1\n",
      "\"2025\""
    ),
    ("\"ltr\"\n", "\"ltr\"\n[evaluation]\nsets = [\"coco\"]\n", "\"coco\""),
  ])
  func badCards(part: String, replacement: String, found: String) throws {
    // The first occurrence only: "name" is also in native_name.
    guard let range = turkish.range(of: part) else {
      Issue.record("the fixture lacks \(part)")
      return
    }
    let card = turkish.replacingCharacters(in: range, with: replacement)
    do {
      _ = try load(card)
      Issue.record("accepted: \(card)")
    } catch let LanguageFailure.badCard(path, _, actual) {
      #expect(path.hasSuffix("tr.toml"))
      #expect(actual == found)
    }
  }

  @Test func twoCardsNeverShareACode() throws {
    let norwegian = Language(
      code: "no", name: "Norwegian", nativeName: "norsk", codes: LanguageCodes(aliases: ["tr"]),
      writing: LanguageScript("Latn"))
    let turkish = try load(turkish).all
    #expect(throws: LanguageFailure.self) { try Languages(turkish + [norwegian]) }
  }
}
