import Foundation
import Testing
import XlingCore

struct TOMLDocumentTests {
  @Test func readsEveryKindOfValue() throws {
    let text = """
      name = "a \\"b\\" \\u00e9"
      [text]
      thaw = ["bias", 'norm']
      rank.deep = 3
      alpha = 0.5
      on = true
      """
    #expect(
      try TOMLDocument.table(Data(text.utf8)) == [
        "name": .text("a \"b\" é"),
        "text": .table([
          "thaw": .list([.text("bias"), .text("norm")]), "rank": .table(["deep": .whole(3)]),
          "alpha": .real(0.5), "on": .truth(true),
        ]),
      ])
  }

  /// What a header breaks in toml++ is a failed assertion: a mistake with its place, no signal.
  @Test(arguments: [
    ("[\n", 1), ("a = 1\r\n[\r\n", 2), ("[#", 1), ("[=", 1), ("[", 1), ("[[\n", 1), ("[a]\n[\n", 2),
    ("[.a]", 1), ("a = [", 1), ("a = {", 1), ("a = \"", 1), ("\"", 1), ("\0", 1),
    ("a = 1\na = 2", 2),
    ("x = 1\nd = 1979-05-27", 2), ("x = nan", 1),
  ])
  func brokenTextsAreMistakesWithTheirLine(_ text: String, line: Int) {
    let mistake = #expect(throws: TOMLMistake.self) { try TOMLDocument.table(Data(text.utf8)) }
    #expect(mistake?.line == line, "\(text): \(mistake.map(String.init(describing:)) ?? "")")
  }

  @Test func whatWouldUseUpStackOrMemoryIsRefused() {
    let many = 300_000
    for text in [
      "[" + String(repeating: "a.", count: many) + "a]",
      "x = " + String(repeating: "[", count: many),
      "x = " + String(repeating: "{a=", count: many),
      "x = {" + String(repeating: "\"a\" . ", count: many) + "a = 1}",
      String(repeating: "#", count: 3 << 20),
    ] {
      #expect(throws: TOMLMistake.self) { try TOMLDocument.table(Data(text.utf8)) }
    }
    #expect(throws: TOMLMistake.self) { try TOMLDocument.table(Data([0x61, 0x3D, 0x22, 0xFF])) }
  }

  @Test func whatIsWrittenReadsTheSame() throws {
    let value: [String: TOMLValue] = [
      "name": .text("it's \"one\" \\ \u{1B}é"), "whole": .whole(-3), "real": .real(0.5),
      "side": .table([
        "list": .list([.text("a"), .text("b")]), "inner": .table(["on": .truth(true)]),
      ]),
    ]
    let text = try TOMLDocument.text(of: value)
    #expect(try TOMLDocument.table(Data(text.utf8)) == value)
    #expect(text.contains("name = ") && text.contains("[side.inner]"))
  }
}
