import Testing
import XlingCore

@Suite struct TerminalTextTests {
  @Test func controlsAndOverridesAreShown() {
    #expect(TerminalText.visible("\u{1B}[31mred\u{202E}x") == "\\u{1B}[31mred\\u{202E}x")
    #expect(TerminalText.visible("a\tb\r\nc") == "a\\tb\\r\\nc")
    #expect(TerminalText.visible("a\tb\nc\r", keepingLines: true) == "a\tb\nc\\r")
    #expect(
      TerminalText.visible("\u{9B}\u{7F}\u{2028}\u{2066}") == "\\u{9B}\\u{7F}\\u{2028}\\u{2066}")
  }

  @Test(arguments: ["plain", "Türkçe", "שלום", "👩‍👩‍👧", "e\u{301}", ""])
  func wordsOfAnyLanguageStay(text: String) {
    #expect(Array(TerminalText.visible(text).utf8) == Array(text.utf8))
    #expect(Array(TerminalText.visible(json: text).utf8) == Array(text.utf8))
  }

  @Test func jsonStaysJSON() {
    #expect(
      TerminalText.visible(json: "{\n\t\"a\": \"\u{202E}\u{7F}\"\n}")
        == "{\n\t\"a\": \"\\u202E\\u007F\"\n}")
  }
}
