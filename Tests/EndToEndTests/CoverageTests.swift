import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite("coverage: figures of a tokenizer, clear errors")
struct CoverageTests {
  let folder: TemporaryFolder
  /// What ships lies in this checkout, wherever the binary was built.
  private static let home = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  init() throws {
    folder = try TemporaryFolder()
    try write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\n##s\nblue\n")
    try write("de.txt", "reds blue\nred green\n")
    try write("en.txt", "red\nblue\n")
  }

  private func write(_ name: String, _ text: String) throws {
    try AtomicFile.write(text, to: folder.path + "/" + name)
  }

  private func coverage(_ arguments: String...) throws -> XlingBinary.Result {
    try XlingBinary.run(
      ["coverage"] + arguments, environment: ["XLING_HOME": Self.home], in: folder.path)
  }

  @Test func figuresOfAFile() throws {
    let result = try coverage(
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "de=de.txt", "--parallel", "en.txt",
      "--metric", "fertility", "--metric", "premium", "--metric", "unk_words", "--format", "csv")
    #expect(
      result.stdout == """
        tokenizer,language,metric,unit,value,low,high,lines,text
        vocab.txt,de,fertility_ws,ratio,1.25,,,2,de.txt
        vocab.txt,de,premium,ratio,2.5,,,2,de.txt
        vocab.txt,de,unk_words,share,0.25,,,2,de.txt

        """, "\(result.stderr)")
    #expect(result.stderr.contains("has 2 lines: no intervals under 30"))
  }

  @Test func jsonHasAllFigures() throws {
    let result = try coverage(
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "de.txt", "--lang", "German", "--json"
    )
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? [String: Any])
    #expect(object["schema"] as? String == "xling.coverage/1")
    let row = try #require((object["rows"] as? [[String: Any]])?.first)
    #expect(row["language"] as? String == "de" && row["tokens"] as? Int == 5)
    let figures = try #require(row["figures"] as? [[String: Any]])
    #expect(figures.count > 25 && figures.allSatisfy { $0["low"] is NSNull })
  }

  @Test func badInputIsNamed() throws {
    func expect(_ status: Int32, _ words: String, _ arguments: String...) throws {
      let result = try XlingBinary.run(
        ["coverage", "--tokenizer", "vocab.txt", "--no-lowercase"] + arguments,
        environment: ["XLING_HOME": Self.home],
        in: folder.path)
      #expect(result.status == status && result.stderr.contains(words), "\(result.stderr)")
    }
    try expect(64, "of what language?")
    try expect(64, "of what language is de.txt?", "--text", "de.txt")
    try expect(64, "needs English sentences", "--text", "de=de.txt", "--metric", "premium")
    try write("three.txt", "a\nb\nc\n")
    try expect(65, "has 2 lines, three.txt has 3", "--text", "de=de.txt", "--parallel", "three.txt")
    try write("gap.txt", "red\n\n")
    try expect(65, "the first one is line 2", "--text", "de=de.txt", "--parallel", "gap.txt")
    try write("blank.txt", "\n \n")
    try expect(65, "none but blank lines", "--text", "de=blank.txt")
    try Data([0x63, 0x61, 0x66, 0xE9, 0x0A]).write(
      to: URL(fileURLWithPath: folder.path + "/latin.txt"))
    try expect(65, "Latin-1", "--text", "fr=latin.txt")
    try expect(66, "nowhere.txt", "--text", "fr=nowhere.txt")
    try expect(64, "Did you mean premium?", "--text", "de=de.txt", "--metric", "premum")
    try expect(64, "--parallel belongs to --text", "--lang", "de", "--parallel", "en.txt")
  }

  @Test func textsThatAreAmissAreMeasuredAndTold() throws {
    try Data(Array("привет\n\nred ".utf8) + [0xFF, 0x0A]).write(
      to: URL(fileURLWithPath: folder.path + "/mixed.txt"))
    let result = try coverage(
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "tr=mixed.txt")
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stderr.contains("1 of 3 lines are blank and not counted (2)"))
    #expect(
      result.stderr.contains("1 bytes are no UTF-8 and read as U+FFFD (line 3, byte 18: 0xFF)"))
    #expect(
      result.stderr.contains("of the letters in the text of tr are Cyrl, where Latn is expected"))
  }

  @Test func metricsAreExplained() throws {
    let result = try coverage("--explain", "fertility")
    #expect(
      result.stdout.hasPrefix(
        "fertility_ws: fertility of running text\nformula   Σ tokens / Σ words"))
    #expect(result.stdout.contains("Ács 2019"))
    #expect(try coverage("--explain", "nothing").status == 64)
  }
}
