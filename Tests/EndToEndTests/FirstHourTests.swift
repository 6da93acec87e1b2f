import Foundation
import Testing
import XlingCore

@Suite("the first hour: the store is found, hints work, cheap checks come first, chance is told")
struct FirstHourTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  /// Pastes the command behind the last of `words` into a shell, as it is printed.
  private func paste(_ text: String, after words: String) throws -> XlingBinary.Result {
    let range = try #require(text.range(of: words, options: .backwards), "\(text)")
    let line = try #require(text[range.upperBound...].split(separator: "\n").first)
    #expect(line.hasPrefix("xling "))
    let quoted = "'" + XlingBinary.path.replacing("'", with: "'\\''") + "'"
    return try bench.xling([], shell: "\(quoted) \(line.dropFirst(6)); exit")
  }

  private func evaluate(_ run: String) throws {
    let result = try bench.xling(["eval", run, "--data", "scenes", "--lang", "tr"])
    #expect(result.status == 0, "\(result.stderr)")
  }

  @Test func theStoreIsFound() throws {
    for (method, run) in [("lwa", "runs/one"), ("da", "runs/two")] {
      #expect(try bench.xling(bench.align(method, run)).status == 0)
      try evaluate(run)
    }
    try AtomicFile.createFolder(bench.path + "/notes/today")
    let below = try bench.xling(["runs"], shell: "cd notes/today")
    #expect(below.status == 0 && below.stdout.contains("one"))
    #expect(below.stderr == "xling: the store is ../../runs/xling.sqlite\n")
    let folder = bench.path + "/runs/"
    let elsewhere = try bench.xling(
      ["compare", folder + "one", folder + "two", "--data", bench.path + "/scenes"],
      shell: "cd /")
    #expect(elsewhere.status == 0, "\(elsewhere.stderr)")
    #expect(elsewhere.stdout.contains("\nchance "))
    let named = try bench.xling(["runs"], shell: "cd /; export XLING_STORE=\(folder)xling.sqlite")
    #expect(named.status == 0 && named.stderr.isEmpty)
    let missing = try bench.xling(["runs", "--store", "none.sqlite"])
    #expect(missing.status == 66 && missing.stderr.contains("none.sqlite, which --store names"))
    #expect(!bench.exists("none.sqlite"))
  }

  @Test func hintsAreCommandsThatWork() throws {
    try FileManager.default.moveItem(
      atPath: bench.path + "/data/scenes", toPath: bench.path + "/my set")
    func arguments(_ run: String) -> [String] {
      var arguments = bench.align("lwa", run, ["--store", "my runs/store.sqlite"])
      arguments[4] = "my set"
      return arguments
    }
    let aligned = try bench.xling(arguments("my runs/it's one"))
    #expect(aligned.status == 0, "\(aligned.stderr)")
    let next = try paste(aligned.stdout, after: "next: ")
    #expect(next.status == 0, "\(next.stderr)")
    #expect(try bench.xling(arguments("my runs/two")).status == 0)
    let compare = [
      "compare", "it's one", "two", "--data", "my set", "--store", "my runs/store.sqlite",
    ]
    let lacking = try bench.xling(compare)
    #expect(lacking.status == 66)
    #expect(try paste(lacking.stderr, after: "Make it: ").status == 0)
    #expect(try bench.xling(compare).status == 0)
    let drawn = try bench.xling(
      [
        "interpolate", "two", "--text", "0.5", "--output", "my runs/half", "--store",
        "my runs/store.sqlite",
      ])
    #expect(try paste(drawn.stdout, after: "next: ").status == 0, "\(drawn.stdout)")
    let none = try bench.xling(["runs"])
    #expect(none.status == 66 || bench.exists("runs/xling.sqlite"))
    #expect(try paste(try bench.xling(["show", "runs/x"]).stderr, after: "says: ").status == 0)
  }

  @Test func cheapChecksComeFirst() throws {
    #expect(try bench.xling(bench.align("projection", "runs/one")).status == 0)
    try bench.change("data/scenes/captions.jsonl") { $0 + Data("{\"image\": ".utf8) }
    let eval = ["eval", "runs/one", "--data", "scenes"]
    for (arguments, status, word) in [
      (eval + ["--lang", "klingonish"], Int32(64), "klingonish"),
      (eval + ["--lang", "tr", "--metric", "X@1"], 64, "X@1"),
      (bench.align("projection", "runs/two", ["--language", "klingonish"]), 64, "klingonish"),
      (["gap", "one", "--data", "scenes", "--lang", "turkis"], 64, "tr (Turkish)"),
      (eval + ["--lang", "tr"], 65, "captions.jsonl"),
    ] {
      let result = try bench.xling(arguments)
      #expect(result.status == status, "\(result.stderr)")
      #expect(result.stderr.contains(word), "\(result.stderr)")
    }
  }

  @Test func chanceStandsBesideEveryFigure() throws {
    #expect(try bench.xling(bench.align("lwa", "runs/one")).status == 0)
    let eval = ["eval", "runs/one", "--data", "scenes", "--lang", "tr"]
    let rows = try Parsed.list(try bench.xling(eval + ["--json"]).stdout)
    let first = rows.first {
      $0["metric"] as? String == "R@5" && $0["direction"] as? String == "text-to-image"
        && $0["subset"] as? String == "all"
    }
    // 5 of 12 pictures.
    #expect(abs((first?["chance"] as? Double ?? 0) - 500 / 12.0) < 1e-9)
    // Twelve pictures claim no interval, and nothing is said of chance by it.
    #expect(first?["low"] is NSNull && first?["high"] is NSNull && first?["coversChance"] == nil)
    #expect(try bench.xling(eval).stdout.contains("8.3 / 41.7 / 83.3"))
  }
}
