import Foundation
import Testing
import XlingCore

@Suite(
  "what people type first: bare commands do the natural thing and say what they took for granted")
struct FirstCommandsTests {
  let bench: Bench
  /// The shipped towers, few steps of few pairs.
  private let short = ["--steps", "8", "--batch-size", "8"]

  init() throws { bench = try Bench() }

  private func first(_ text: String) -> Substring { text.split(separator: "\n").first ?? "" }

  @Test func theWholeWayWithoutAnOption() throws {
    let before = try bench.xling([])
    #expect(before.status == 0 && before.stderr.isEmpty)
    #expect(before.stdout.split(separator: "\n").count == 8)
    #expect(before.stdout.contains("\nnext     xling align\n"))
    let empty = try bench.xling(["eval", "--lang", "tr"])
    #expect(empty.status == 66)
    #expect(
      empty.stderr
        == "xling: error: there is no run yet, and no store at runs/xling.sqlite. Begin with: xling align\n"
    )

    let aligned = try bench.xling(["align"] + short)
    #expect(aligned.status == 0, "\(aligned.stderr)")
    let plan =
      /lwa on scenes \(train, en, [0-9]+ pairs\), towers mini-text and mini-image, seed 1, 8 steps, about [0-9]+ seconds?; other methods: xling methods/
    #expect(first(aligned.stderr).wholeMatch(of: plan) != nil, "\(aligned.stderr)")
    #expect(bench.exists("runs/lwa-scenes-seed1/model.safetensors"))
    #expect(try bench.xling([]).stdout.contains("\nnext     xling eval\n"))

    let again = try bench.xling(["align"] + short)
    #expect(again.status == 0, "\(again.stderr)")
    #expect(again.stderr.contains("runs/lwa-scenes-seed1 is finished: nothing is left to train"))
    #expect(again.stdout == aligned.stdout)
    let other = try bench.xling(["align", "--steps", "9", "--batch-size", "8"])
    #expect(other.status == 64)
    #expect(other.stderr.contains("runs/lwa-scenes-seed1 holds a run already"))

    let tr = try bench.xling(["eval", "--lang", "tr"])
    #expect(tr.status == 0, "\(tr.stderr)")
    #expect(tr.stdout.hasPrefix("lwa-scenes-seed1 on scenes, test, all; gallery 12 pictures"))
    #expect(
      tr.stderr.hasPrefix(
        "xling: the run is lwa-scenes-seed1, the newest\n"
          + "xling: lwa-scenes-seed1: its own data, scenes, split test\n"))
    #expect(try bench.xling([]).stdout.contains("\nnext     xling align full\n"))

    let single = try bench.xling(["compare"])
    #expect(single.status == 0, "\(single.stderr)")
    #expect(
      single.stdout.hasSuffix(
        "\n\none run; a second to compare it with: xling align full && xling eval\n"))
    #expect(single.stdout.hasPrefix(first(tr.stdout)))
    #expect(try bench.xling(["align", "full"] + short).status == 0)
    #expect(try bench.xling(["eval"]).status == 0)
    let both = try bench.xling(["compare"])
    #expect(both.status == 0, "\(both.stderr)")
    #expect(
      both.stderr.hasPrefix(
        "xling: full-scenes-seed1, lwa-scenes-seed1 on scenes, test, protocol "))
    #expect(try bench.xling([]).stdout.contains("\nnext     xling compare\n"))
  }

  @Test func languagesAreNamedInAllWays() throws {
    #expect(try bench.xling(["align"] + short).status == 0)
    func rows(_ arguments: [String]) throws -> String {
      let result = try bench.xling(["eval", "--json"] + arguments)
      #expect(result.status == 0, "\(result.stderr)")
      return result.stdout
    }
    let two = try rows(["--lang", "tr", "--lang", "de"])
    #expect(try rows(["--lang", "tr,de"]) == two)
    #expect(try rows(["--lang", "Turkish, German"]) == two)
    let usual = try Parsed.list(try rows([])).compactMap { $0["language"] as? String }
    var languages: [String] = []
    for language in usual where !languages.contains(language) { languages.append(language) }
    #expect(
      languages.filter { $0.count == 2 } == ["en", "ru", "pl", "tr", "zh", "ko", "it", "es"])
  }

  @Test func runsAreFoundByTheirBeginning() throws {
    for word in ["lwa", "layernorm"] {
      #expect(try bench.xling(["align", word] + short).status == 0)
    }
    func error(_ arguments: [String], _ status: Int32) throws -> String {
      let result = try bench.xling(arguments)
      #expect(result.status == status, "\(result.stdout)\(result.stderr)")
      return result.stderr
    }
    let named = try bench.xling(["eval", "lw", "--lang", "tr"])
    #expect(named.status == 0, "\(named.stderr)")
    #expect(named.stderr.hasPrefix("xling: lw is the run lwa-scenes-seed1\n"))
    #expect(try bench.xling(["show", "runs/lay"]).stdout.contains("layernorm-scenes-seed1"))
    #expect(try bench.xling(["show", "latest"]).stdout.contains("layernorm-scenes-seed1"))
    #expect(
      try error(["show", "l"], 64)
        == "xling: error: 'l' is the beginning of 2 runs: lwa-scenes-seed1, layernorm-scenes-seed1. "
        + "Name one of them whole.\n")
    for arguments in [
      ["eval", "--lang", "tr"], ["show"], ["gap"], ["align"], ["compare"], ["audit"],
      ["eval", "lwa-scenes-seed1", "--data", "scenes"],
      ["eval", "lwa-scenes-seed1", "--lang", "tr"],
    ] {
      #expect(try error(arguments + ["--strict"], 64).contains("nothing is guessed with --strict"))
    }
    #expect(try error(["show", "lw", "--strict"], 66).contains("lw"))
    let strict = try bench.xling(["show"], shell: "export XLING_STRICT=1")
    #expect(strict.status == 64)
    let elsewhere = try bench.xling(
      ["eval", "--lang", "tr"],
      shell: "cd /; export XLING_STORE=\(bench.path)/runs/xling.sqlite")
    #expect(elsewhere.status == 0, "\(elsewhere.stderr)")
    #expect(elsewhere.stderr.contains("its own data, \(bench.path)/data/scenes"))
  }

  @Test func whatWouldBeADangerousGuessIsLeftToTheUser() throws {
    #expect(try bench.xling(["align"] + short).status == 0)
    let stopped = try bench.xling(
      ["align", "full"] + ["--steps", "5000", "--batch-size", "8"],
      shell: "ulimit -t 4")
    #expect(stopped.status != 0)
    let unfinished = try bench.xling(["eval", "--lang", "tr"])
    #expect(unfinished.status == 64)
    #expect(unfinished.stderr.contains("the newest one, full-scenes-seed1, is interrupted at step"))
    #expect(
      unfinished.stderr.contains("\n  xling align full --steps 5000 --batch-size 8 --resume\n"))
    #expect(unfinished.stderr.hasSuffix("\n  xling eval lwa-scenes-seed1 --lang tr\n"))
    let typed = try bench.xling(["align", "full"] + ["--steps", "5000", "--batch-size", "8"])
    #expect(typed.status == 64)
    #expect(
      typed.stderr.contains("Go on with it: xling align full --steps 5000 --batch-size 8 --resume"))

    try bench.change("data/scenes/captions.jsonl") {
      Data(
        String(decoding: $0, as: UTF8.self).replacing("\"en\": [\"", with: "\"en\": [\"oh ").utf8)
    }
    let changed = try bench.xling(["eval", "lwa-scenes-seed1", "--lang", "tr"])
    #expect(changed.status == 65)
    #expect(
      changed.stderr.hasSuffix(
        "Choose:\n  xling eval lwa-scenes-seed1 --lang tr --data scenes\n"))
    try FileManager.default.removeItem(atPath: bench.path + "/data")
    let gone = try bench.xling(["eval", "lwa-scenes-seed1", "--lang", "tr"])
    #expect(gone.status == 66 && gone.stderr.contains("are not there any more"))
  }
}
