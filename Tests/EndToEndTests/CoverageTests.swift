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

  @Test func pageIsWrittenBesideTheTable() throws {
    let page = folder.path + "/page.html"
    let arguments = [
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "de=de.txt", "--parallel", "en.txt",
      "--report", "page.html",
    ]
    let result = try coverage(arguments)
    #expect(result.status == 0 && result.stdout.contains("vocab.txt"), "\(result.stderr)")
    #expect(result.stderr.contains("xling: the page is page.html\n"))
    let text = String(decoding: try AtomicFile.read(page), as: UTF8.self)
    #expect(text.hasPrefix("<!doctype html>") && text.hasSuffix("</html>\n"))
    #expect(text.contains("There is no store of runs here.") && text.contains("class=\"piece\""))
    // The same again; a folder that is not there; nothing to write to.
    #expect(try coverage(arguments).status == 0)
    #expect(String(decoding: try AtomicFile.read(page), as: UTF8.self) == text)
    let gone = try coverage(Array(arguments.dropLast()) + ["gone/page.html"])
    #expect(gone.status == 74 && gone.stderr.contains("gone/page.html"), "\(gone.stderr)")
    #expect(try coverage(Array(arguments.dropLast()) + [""]).status == 64)
  }

  @Test func perturbedTextsStandBesideThePlainOne() throws {
    let result = try coverage(
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "de=de.txt", "--metric", "unk_words",
      "--perturb", "nfc,case", "--format", "csv")
    #expect(
      result.stdout == """
        tokenizer,language,metric,unit,value,low,high,lines,text,perturbation,difference,difference_low,difference_high
        vocab.txt,de,unk_words,share,0.25,,,2,de.txt,,,,
        vocab.txt,de,unk_words,share,0.25,,,2,de.txt,nfc,0.0,,
        vocab.txt,de,unk_words,share,1.0,,,2,de.txt,case,0.75,,

        """, "\(result.stderr)")
    let shown = try coverage(
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "de=de.txt", "--metric", "unk_words",
      "--perturb", "case")
    #expect(
      shown.stdout.hasPrefix(
        """
        language  tokenizer  perturbed  changed  lines      unk_words
        de        vocab.txt  –                –      2           25.0
        de        vocab.txt  case         100 %      2  100.0 (+75.0)

        """), "\(shown.stdout)")
    #expect(try coverage("--lang", "de", "--perturb", "nfx").stderr.contains("Did you mean"))
    #expect(try coverage("--lang", "de", "--perturb", "nfx").status == 64)
    #expect(try coverage("--lang", "de", "--perturb-seed", "1").status == 64)
    let idle = try coverage("--lang", "de", "--perturb", "nfc", "--perturb-seed", "1")
    #expect(idle.status == 64 && idle.stderr.contains("nothing else is drawn"))
  }

  /// Without ICU's words the other figures are the same.
  @Test func icuWordsAreLeftOut() throws {
    try AtomicFile.write("a ab, a\n", to: folder.path + "/de.txt")
    let metrics = ["fertility_ws_isolated", "strr_types_ws", "alp"].flatMap { ["--metric", $0] }
    let common =
      ["--tokenizer", "vocab.txt", "--no-lowercase", "--text", "de=de.txt", "--format", "csv"]
      + metrics
    func measure(_ more: String...) throws -> XlingBinary.Result {
      try XlingBinary.run(
        ["coverage"] + common + more, environment: ["XLING_HOME": Self.home], in: folder.path)
    }
    let (with, without) = (try measure(), try measure("--no-icu-words"))
    #expect(without.status == 0 && without.stdout == with.stdout, "\(without.stderr)")
    let json = try coverage(
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "de=de.txt", "--no-icu-words",
      "--json")
    #expect(json.status == 0 && json.stdout.contains("\"continued_words_ws\""))
    #expect(!json.stdout.contains("\"continued_words_icu\""))
    let refused = try measure("--metric", "unk_words_icu", "--no-icu-words")
    #expect(refused.status == 64 && refused.stderr.contains("ICU's words"), "\(refused.stderr)")
  }

  /// UTF-16 is read by its mark and named without one; Latin-1 is named.
  @Test func encodingsAreReadOrNamed() throws {
    func write(_ name: String, _ bytes: [UInt8]) throws {
      try Data(bytes).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }
    func measure(_ name: String) throws -> XlingBinary.Result {
      try coverage(
        "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "de=" + name, "--metric",
        "fertility", "--format", "csv")
    }
    let wide = Array("reds blue\nred green\n".utf16)
    let little = wide.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let big = wide.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    try write("marked-le.txt", [0xFF, 0xFE] + little)
    try write("marked-be.txt", [0xFE, 0xFF] + big)
    for name in ["marked-le.txt", "marked-be.txt"] {
      let result = try measure(name)
      #expect(result.stdout.contains("fertility_ws,ratio,1.25,,,2,\(name)"), "\(result.stderr)")
    }
    try write("bare-le.txt", little)
    try write("bare-be.txt", big)
    for (name, word) in [("bare-le.txt", "UTF-16LE"), ("bare-be.txt", "UTF-16BE")] {
      let result = try measure(name)
      #expect(
        result.status == 65 && result.stderr.contains(word) && result.stdout.isEmpty,
        "\(result.stderr)")
    }
    let latin = "gr\u{FC}n und wei\u{DF}\nr\u{F6}ter\n".unicodeScalars.map { UInt8($0.value) }
    try write("latin.txt", latin)
    let named = try measure("latin.txt")
    #expect(named.status == 65 && named.stderr.contains("Latin-1"), "\(named.stderr)")
    #expect(named.stderr.contains("latin.txt") && named.stdout.isEmpty)
  }

  @Test func tenSentencesHaveFiguresWithoutIntervals() throws {
    try write("ten.txt", String(repeating: "red blue\n", count: 10))
    let result = try coverage(
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "de=ten.txt", "--parallel", "ten.txt",
      "--json")
    let object = try Parsed.object(result.stdout)
    let row = try #require((object["rows"] as? [[String: Any]])?.first)
    #expect(row["lines"] as? Int == 10)
    let figures = try #require(row["figures"] as? [[String: Any]])
    #expect(figures.allSatisfy { $0["low"] is NSNull && $0["high"] is NSNull })
    #expect(figures.first { $0["metric"] as? String == "premium" }?["value"] as? Double == 1)
    #expect(result.stderr.contains("has 10 lines: no intervals under 30"))
  }

  /// Lines with their numbers, by script and by letters.
  @Test func mixedTextIsToldByLines() throws {
    try write("mixed.txt", "кошка спит\nthe cat sleeps\nсобака лает\n")
    let result = try coverage(
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "ru=mixed.txt")
    #expect(
      result.stderr.contains(
        "mixed.txt (ru): 1 of 3 lines have letters that the language is not written with (1 mostly; lines 2)"
      ), "\(result.stderr)")
    try write("viet.txt", "bir kedi uyuyor\nmột con mèo đang ngủ trên ghế\n")
    let other = try coverage(
      "--tokenizer", "vocab.txt", "--no-lowercase", "--text", "tr=viet.txt")
    #expect(other.stderr.contains("(1 partly; lines 2)"), "\(other.stderr)")
  }

  private func coverage(_ arguments: [String]) throws -> XlingBinary.Result {
    try XlingBinary.run(
      ["coverage"] + arguments, environment: ["XLING_HOME": Self.home], in: folder.path)
  }
}

@Suite("coverage: a run's tokenizer")
struct CoverageOfRunTests {
  @Test func runsStandForTheirTokenizer() throws {
    let bench = try Bench()
    let aligned = try bench.xling(bench.align("projection", "runs/one"))
    #expect(aligned.status == 0, "\(aligned.stderr)")
    let text = [
      "--data", "scenes", "--lang", "de", "--metric", "tokens_per_line", "--format", "csv",
    ]
    let own = try bench.xling(["coverage", "--tokenizer", "text"] + text)
    #expect(own.status == 0, "\(own.stderr)")
    func figures(_ text: String) -> String {
      text.split(separator: "\n").dropFirst()
        .map { $0.drop { $0 != "," } }.joined(separator: "\n")
    }
    // By folder, by stored name, as the latest.
    for name in ["runs/one", "one", "latest"] {
      let found = try bench.xling(["coverage", "--tokenizer", name] + text)
      #expect(found.status == 0 && figures(found.stdout) == figures(own.stdout), "\(found.stderr)")
    }
    let none = try bench.xling(["coverage", "--tokenizer", "two"] + text)
    #expect(none.status == 66 && none.stderr.contains("two"), "\(none.stderr)")
    // A run that was evaluated stands on the page.
    let eval = try bench.xling(["eval", "runs/one", "--data", "scenes", "--lang", "de"])
    #expect(eval.status == 0, "\(eval.stderr)")
    let page = try bench.xling(
      ["coverage", "--tokenizer", "runs/one"] + text + ["--report", "page.html"])
    #expect(page.status == 0, "\(page.stderr)")
    let html = String(decoding: try AtomicFile.read(bench.path + "/page.html"), as: UTF8.self)
    #expect(html.contains("one on scenes, test: text to image, percent"))
    #expect(html.contains("median place of the picture") && html.contains("<svg"))
  }
}
