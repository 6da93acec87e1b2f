import Foundation
import Testing
import XlingCore

@Suite("coverage --forecast: what to expect of a language")
struct ForecastTests {
  let bench: Bench
  private static let languages =
    "tr,de,fr,es,ru,pl,fi,et,hu,ar,he,zh,ja,ko,vi,id,sw,zu,ka,hy,el,az"

  init() throws {
    bench = try Bench()
    let aligned = try bench.xling(bench.align("projection", "runs/one"))
    guard aligned.status == 0 else { throw BenchFailure(message: aligned.stderr) }
  }

  private func forecast(_ arguments: String...) throws -> XlingBinary.Result {
    try bench.xling(["coverage", "--forecast"] + arguments)
  }

  @Test func languagesAreForecastFromThoseMeasured() throws {
    let measured = try bench.xling(
      ["eval", "runs/one", "--data", "scenes", "--lang", Self.languages])
    #expect(measured.status == 0, "\(measured.stderr)")
    let without = [
      "agreement", "premium", "fertility", "script", "characters",
    ].flatMap { ["--without", $0] }
    let result = try bench.xling(
      ["coverage", "--forecast", "runs/one", "--lang", "nl,tr", "--json"] + without)
    #expect(result.status == 0, "\(result.stderr)")
    let object = try Parsed.object(result.stdout)
    #expect(object["schema"] as? String == "xling.forecast/1")
    let run = try #require((object["runs"] as? [[String: Any]])?.first)
    #expect(run["languages"] as? Int == 22 && run["gallery"] as? Int == 12)
    let rows = try #require(run["forecasts"] as? [[String: Any]])
    #expect(rows.map { $0["language"] as? String } == ["nl", "tr"])
    #expect(rows[0]["measured"] is NSNull && rows[1]["measured"] is [String: Any])
    let model = try #require((run["models"] as? [[String: Any]])?.first)
    let skill = try #require(model["leaveOneLanguageOut"] as? [String: Any])
    #expect(skill["languages"] as? Int == 22 && model["leaveOneFamilyOut"] is [String: Any])
    // The store in place of its run.
    let shown = try bench.xling(
      ["coverage", "--forecast", "runs/xling.sqlite", "--lang", "nl"] + without)
    #expect(shown.status == 0, "\(shown.stderr)")
    #expect(shown.stdout.hasPrefix("one on scenes test, R@10 text to image among 12 pictures"))
    #expect(shown.stdout.contains("\none language  22     22  "), "\(shown.stdout)")
    #expect(shown.stdout.contains("\none family    22     11  "))
  }

  @Test func tooFewLanguagesAreAnAnswer() throws {
    #expect(
      try bench.xling(["eval", "runs/one", "--data", "scenes", "--lang", "tr,de"]).status == 0)
    let result = try forecast(
      "runs/one", "--lang", "nl", "--without", "agreement", "--without", "premium", "--without",
      "fertility", "--without", "script", "--without", "characters")
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout.contains("not enough evidence"))
    #expect(result.stdout.contains("2 languages are measured and known, 20 are needed"))
  }

  @Test func badInputIsNamed() throws {
    func expect(_ status: Int32, _ words: String, _ arguments: String...) throws {
      let result = try bench.xling(["coverage"] + arguments)
      #expect(result.status == status && result.stderr.contains(words), "\(result.stderr)")
    }
    try expect(66, "has no results of run 'one'", "--forecast", "runs/one", "--lang", "tr")
    try expect(
      66, "there is no store", "--forecast", "runs/two", "--lang", "tr", "--store", "no.sqlite")
    try expect(
      64, "--metric has no use with --forecast", "--forecast", "runs/one", "--lang", "tr",
      "--metric", "premium")
    try expect(64, "--without belongs to --forecast", "--without", "premium", "--lang", "tr")
    try expect(
      64, "The value 'size' is invalid", "--forecast", "runs/one", "--lang", "tr", "--without",
      "size")
    try expect(64, "of what language?", "--forecast", "runs/one")
  }
}
