import Foundation
import Testing
import XlingCore

@Suite("tokenizer repair and align --extend-vocabulary")
struct RepairTests {
  let bench: Bench
  private static let home = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  init() throws {
    bench = try Bench()
    // Tifinagh, which no shipped vocabulary has.
    let lines = (0..<40).map { "ⴰⵣⵓⵍ ⴰⵎⴰⵣⵉⵖ \($0 % 3 == 0 ? "ⵉⴷ" : "ⴰⵣⵓⵍ")" }
    try AtomicFile.write(
      lines.joined(separator: "\n") + "\n", to: bench.path + "/zgh.txt")
  }

  private func repair(_ arguments: String...) throws -> XlingBinary.Result {
    try bench.xling(["tokenizer", "repair"] + arguments)
  }

  @Test func piecesAreLearnedAndTakenByARun() throws {
    let result = try repair(
      "text", "--text", "zgh=zgh.txt", "--pieces", "3", "--output", "new.json")
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout.hasPrefix("new.json: 3 pieces\n"), "\(result.stdout)")
    #expect(result.stdout.contains("next: xling align --extend-vocabulary new.json"))
    let json = try Parsed.object(
      try repair("text", "--text", "zgh=zgh.txt", "--output", "new.json", "--json").stdout)
    #expect(json["schema"] as? String == "xling.tokenizer-repair/1")
    func unknown(_ key: String) -> Double? {
      let row = (json[key] as? [[String: Any]])?.first
      let figures = row?["figures"] as? [[String: Any]]
      return figures?.first { $0["metric"] as? String == "unk_words" }?["value"] as? Double
    }
    #expect((unknown("before") ?? 0) == 1 && unknown("after") == 0)
    let aligned = try bench.xling(
      bench.align("projection", "runs/one", ["--extend-vocabulary", "new.json"]))
    #expect(aligned.status == 0, "\(aligned.stderr)")
    let shown = try bench.xling(["show", "runs/one"])
    #expect(shown.stdout.contains(" pieces added"), "\(shown.stdout)")
    let coverage = try bench.xling([
      "coverage", "--tokenizer", "runs/one", "--text", "zgh=zgh.txt", "--metric", "unk_words",
      "--format", "csv",
    ])
    #expect(coverage.stdout.contains("unk_words,share,0.0,"), "\(coverage.stdout)")
    let eval = try bench.xling(["eval", "runs/one", "--data", "scenes", "--lang", "tr"])
    #expect(eval.status == 0, "\(eval.stderr)")
    let checked = try bench.xling(["check", "runs/one"])
    #expect(checked.status == 0, "\(checked.stdout)\(checked.stderr)")
  }

  @Test func badInputIsNamed() throws {
    func expect(_ status: Int32, _ words: String, _ result: XlingBinary.Result) {
      #expect(result.status == status && result.stderr.contains(words), "\(result.stderr)")
    }
    expect(64, "of what language?", try repair("text", "--output", "f"))
    expect(66, "nowhere", try repair("nowhere", "--text", "zgh=zgh.txt", "--output", "f"))
    expect(66, "nowhere.txt", try repair("text", "--text", "zgh=nowhere.txt", "--output", "f"))
    expect(
      65, "found none",
      try repair("text", "--text", "zgh=zgh.txt", "--output", "f", "--fewest", "1000000"))
    #expect(!bench.exists("f"))
    func align(_ file: String) throws -> XlingBinary.Result {
      try bench.xling(bench.align("projection", "runs/one", ["--extend-vocabulary", file]))
    }
    expect(66, "none.json", try align("none.json"))
    try AtomicFile.write("", to: bench.path + "/empty.json")
    expect(65, "an empty file", try align("empty.json"))
    let made = try bench.xling([
      "tokenizer", "repair", Self.home + "/tokenizers/mini-unigram", "--text", "zgh=zgh.txt",
      "--pieces", "2", "--output", "other.json",
    ])
    #expect(made.status == 0, "\(made.stderr)")
    expect(65, "expected pieces for the tokenizer", try align("other.json"))
    #expect(!bench.exists("runs/one"))
  }
}
