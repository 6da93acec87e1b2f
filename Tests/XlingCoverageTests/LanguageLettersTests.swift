import Testing
import XlingCore
import XlingTestSupport
import XlingTokenizers

@testable import XlingCoverage

/// Lines that are hardly in the language that they are taken for.
struct LanguageLettersTests {
  private func condition(
    _ lines: [String], _ locale: String, _ script: String, _ scripts: [String] = []
  ) throws -> LetterCondition {
    let (meter, folder) = try ToyTests.meter()
    defer { _ = folder }
    let letters = try LanguageLetters(locale: locale, script: script, scripts: scripts)
    let counts = try meter.measure(
      CoverageText(lines: lines, name: "toy"), language: "xx", locale: nil, letters: letters)
    return try #require(counts.condition.letters)
  }

  @Test func linesOfAnotherScriptAreTold() throws {
    let found = try condition(
      ["кошка спит", "", "a cat sleeps", "собака", "DVD и диск", "да"], "ru", "Cyrl")
    // "да" has too few letters to say.
    #expect(found.lines == 4 && found.mostlyForeign == 1 && found.partlyForeign == 0)
    #expect(found.first == [3] && found.isTold)
  }

  /// Of one script: what Vietnamese has and Turkish has not.
  @Test func lettersOfAnotherLanguageAreTold() throws {
    let found = try condition(
      [
        "çok güzel bir gün ışığı", "một con mèo đang ngủ trên ghế", "İstanbul’da ağaç",
        "de la Côte",
      ],
      "tr", "Latn")
    #expect(found.partlyForeign == 1 && found.mostlyForeign == 0 && found.first == [2])
    #expect(try !condition(["một con mèo đang ngủ trên ghế"], "vi", "Latn").isTold)
    // Decomposed, too.
    #expect(
      try !condition(["mo\u{302}\u{323}t con me\u{300}o đang ngu\u{309}"], "vi", "Latn").isTold)
  }

  @Test func capitalsAndScriptsInUseAreTheLanguagesOwn() throws {
    #expect(try !condition(["ĞÜŞİÖÇ IĞDIR"], "tr", "Latn").isTold)
    #expect(try !condition(["mačka spava na stolu"], "sr", "Cyrl", ["Cyrl", "Latn"]).isTold)
    #expect(try condition(["mačka spava na stolu"], "ru", "Cyrl", ["Cyrl"]).isTold)
    #expect(try !condition(["한국어 漢字 말"], "ko", "Kore").isTold)
    #expect(try !condition(["猫が寝ている", "鬱蒼"], "ja", "Jpan").isTold)
    #expect(try condition(["猫が寝ている"], "th", "Thai").isTold)
  }

  /// Without exemplars the script alone says.
  @Test func languagesThatCLDRLacks() throws {
    #expect(try !condition(["kenya ọ̄ß"], "", "Latn").isTold)
    #expect(try condition(["кошка спит"], "", "Latn").isTold)
  }

  @Test func fewLinesAmongManyAreNotTold() throws {
    let many = Array(repeating: "кошка спит", count: 99)
    #expect(try !condition(many + ["a DVD player"], "ru", "Cyrl").isTold)
    #expect(try condition(many + Array(repeating: "a DVD player", count: 3), "ru", "Cyrl").isTold)
  }

  @Test func lettersAreNotAskedForByThemselves() throws {
    #expect(try ToyTests.counts(["кошка"]).condition.letters == nil)
  }
}
