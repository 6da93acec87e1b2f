import Foundation
import Testing
import XlingCore

@Suite("align --mix, end to end")
struct FewShotCommandTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  private func arguments(_ output: String) -> [String] {
    bench.align(
      "lwa", output,
      [
        "--steps", "300", "--checkpoint-every", "20", "--mix", "tr=3", "--mix", "German=2",
        "--mix-share", "0.25", "--json",
      ])
  }

  private func checkpoint(_ result: XlingBinary.Result) throws -> String? {
    #expect(result.status == 0, "\(result.stderr)")
    return try Parsed.object(result.stdout)["checkpoint"] as? String
  }

  @Test func aKilledRunResumesToTheSameBits() throws {
    let expected = try checkpoint(try bench.xling(arguments("runs/whole")))
    let running = try bench.start(arguments("runs/killed"))
    let deadline = ProgressBar.uptime() + 60
    while !bench.names(in: "runs/killed/checkpoints").contains(where: { !$0.contains(".partial") }),
      running.process.isRunning, ProgressBar.uptime() < deadline
    { usleep(2_000) }
    kill(running.process.processIdentifier, SIGKILL)
    #expect(try running.result().status == 137)
    let otherwise = try bench.xling(arguments("runs/killed") + ["--resume", "--mix-seed", "1"])
    #expect(otherwise.status == 64 && otherwise.stderr.contains("these differ: mix."))
    let resumed = try bench.xling(arguments("runs/killed") + ["--resume"])
    #expect(try checkpoint(resumed) == expected)
  }

  @Test func whateverNamesTheRunSaysSo() throws {
    let plain = try bench.xling(bench.align("lwa", "runs/plain"))
    #expect(plain.status == 0, "\(plain.stderr)")
    let mixed = try bench.xling(bench.align("lwa", "runs/mixed", ["--mix", "tr=3"]))
    #expect(mixed.status == 0, "\(mixed.stderr)")
    #expect(
      mixed.stderr.contains(
        "xling: few-shot tr=3: at most 1 of 8 pairs of a batch, drawn by the rule, seed 0\n"))
    let words = "few-shot tr=3"
    #expect(try bench.xling(["show", "runs/mixed"]).stdout.contains("40 pairs in en, \(words), "))
    #expect(try bench.xling(["runs"]).stdout.contains("lwa, \(words) "))
    #expect(try bench.xling([]).stdout.contains("aligned on en, \(words)"))
    let languages = ["--data", "scenes", "--lang", "en,tr,ru"]
    for run in ["runs/plain", "runs/mixed"] {
      let result = try bench.xling(["eval", run] + languages)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(result.stdout.contains(words) == (run == "runs/mixed"))
    }
    for format in ["clip-benchmark", "mteb"] {
      let lines = try bench.xling(["eval", "runs/mixed", "--format", format] + languages).stdout
        .split(separator: "\n")
      #expect(!lines.isEmpty && lines.allSatisfy { $0.contains("mixed (\(words))") })
    }
    #expect(mixed.stdout.hasPrefix("runs/mixed: lwa, 4 steps on 40 pairs, \(words), in "))
    #expect(try bench.xling(["export", "runs/mixed", "--output", "whole"]).status == 0)
    #expect(bench.exists("whole/mix.json"))
    let csv = try bench.xling(["eval", "runs/mixed", "--format", "csv"] + languages).stdout
    #expect(csv.split(separator: "\n").dropFirst().allSatisfy { $0.hasSuffix(",\(words)") })
    let compared = try bench.xling(["compare", "runs/plain", "runs/mixed", "--data", "scenes"])
    #expect(compared.stdout.contains("second: mixed, \(words)\n"), "\(compared.stdout)")
    #expect(compared.stdout.contains("without en tr"))
    #expect(
      compared.stdout.contains("Trained on captions of other languages, too: mixed, \(words)."))
    // The mean is over ru alone, then: there is none.
    #expect(!compared.stdout.contains("which no run was aligned on"))
  }

  @Test func anOrderIsPrintedAndDrawnFrom() throws {
    let order = try bench.xling(["data", "few-shot", "scenes", "--seed", "4", "--count", "5"])
    #expect(order.status == 0, "\(order.stderr)")
    let pictures = try #require(try Parsed.object(order.stdout)["pictures"] as? [String])
    #expect(pictures.count == 5)
    try AtomicFile.write(order.stdout, to: bench.path + "/order.json")
    let runs = try [["--mix-file", "order.json"], ["--mix-seed", "4"]].enumerated().map {
      try checkpoint(
        try bench.xling(
          bench.align("lwa", "runs/r\($0)", ["--mix", "tr=5", "--json"] + $1)))
    }
    #expect(runs[0] == runs[1] && runs[0] != nil)
    let file = try Parsed.object(
      String(decoding: try AtomicFile.read(bench.path + "/runs/r0/mix.json"), as: UTF8.self))
    #expect(file["origin"] as? String == "order.json")
    let more = try bench.xling(
      bench.align("lwa", "runs/more", ["--mix", "tr=6", "--mix-file", "order.json"]))
    #expect(more.status == 65 && more.stderr.contains("found 5 in order.json"), "\(more.stderr)")
  }

  @Test(arguments: [
    (["--mix", "tr"], 64, "expected LANGUAGE=PAIRS, such as tr=10"),
    (["--mix", "tr=1", "--mix", "tr=2"], 64, "each language once"),
    (["--mix", "tr=41"], 65, "expected 41 training pictures with a caption in tr, found 40"),
    (["--mix", "en=1"], 64, "en is the language of all captions here"),
    (["--mix", "klingonish=1"], 64, "klingonish"),
    (["--mix-share", "0.5"], 64, "no use without --mix"),
    (["--mix", "tr=1", "--mix-share", "1"], 64, "above 0 and at most 0.9"),
    (["--mix", "tr=1", "--mix-seed", "x"], 64, "or run: the run's seed"),
  ])
  func badInputIsToldPlainly(more: [String], status: Int32, words: String) throws {
    let result = try bench.xling(bench.align("lwa", "runs/one", more))
    #expect(result.status == status, "\(result.stderr)")
    #expect(result.stderr.contains(words), "\(result.stderr)")
    #expect(!bench.exists("runs/one"))
  }

  @Test func aStudyCountsTargetCaptions() throws {
    try AtomicFile.write(
      """
      [study]
      name = "shots"
      question = "How many?"
      [axes]
      method = ["projection", "layernorm"]
      target_captions = [0, 2]
      seed = { count = 1, from = 1 }
      [train]
      target = "Turkish"
      text_tower = "text"
      image_tower = "image"
      batch_size = 8
      [budget]
      steps = 3
      [evaluate]
      data = "scenes"
      languages = ["en", "tr", "ru"]
      metrics = ["R@5"]
      captions = 1
      [compare]
      baseline = "projection"
      primary = { metric = "R@5", over = ["tr"] }

      """, to: bench.path + "/shots.toml")
    let plan = try bench.xling(["study", "plan", "shots.toml"])
    #expect(plan.stdout.hasSuffix("4 cells, 0 finished\n"), "\(plan.stderr)")
    let run = try bench.xling(["study", "run", "shots.toml"])
    #expect(run.status == 0, "\(run.stderr)")
    let report = try bench.xling(
      ["study", "report", "shots.toml", "--csv", "tables", "--html"])
    #expect(report.stdout.contains("saw captions in tr, too"), "\(report.stdout)\(report.stderr)")
    #expect(report.stdout.contains("- layernorm: better than projection at none"))
    let cells = String(
      decoding: try AtomicFile.read(bench.path + "/tables/cells.csv"), as: UTF8.self)
    let lines = cells.split(separator: "\n")
    #expect(lines[0].hasSuffix(",few_shot"))
    #expect(lines.count { $0.hasSuffix(",tr") } == 2)
    let page = String(
      decoding: try AtomicFile.read(bench.path + "/runs/studies/shots/report.html"), as: UTF8.self)
    #expect(page.contains("By target_captions") && page.contains("tr (few-shot)"))
    let text = try AtomicFile.read(bench.path + "/shots.toml")
    for (changes, words) in [
      ([("[0, 2]", "[0, 41]")], "found 40"),
      ([("\"en\", \"tr\", ", "\"en\", "), ("[\"tr\"]", "\"all\"")], "with tr"),
    ] {
      var changed = String(decoding: text, as: UTF8.self)
      for (old, new) in changes { changed = changed.replacing(old, with: new) }
      try AtomicFile.write(changed, to: bench.path + "/shots.toml")
      let bad = try bench.xling(["study", "plan", "shots.toml"])
      #expect(bad.status == 65 && bad.stderr.contains(words), "\(bad.stderr)")
    }
  }
}
