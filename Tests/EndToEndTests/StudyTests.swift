import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite("xling study, end to end")
struct StudyTests {
  private let bench: Bench

  init() throws {
    bench = try Bench()
    try write(Self.text)
  }

  private static let text = """
    [study]
    name = "tiny"
    question = "Does the whole way work?"

    [axes]
    method = ["projection", "layernorm"]
    pairs = [16, 32]
    seed = { count = 2, from = 1 }

    [train]
    text_tower = "text"
    image_tower = "image"
    batch_size = 8

    [budget]
    steps = 3

    [evaluate]
    data = "scenes"
    languages = ["en", "tr"]
    metrics = ["R@1", "R@5"]
    captions = 1

    [compare]
    baseline = "projection"
    primary = { metric = "R@5", over = "untaught" }

    [limits]
    checkpoint_every = 1

    """

  private func write(_ text: String) throws {
    try AtomicFile.write(text, to: bench.path + "/tiny.toml")
  }

  private func read(_ name: String) throws -> String {
    String(decoding: try AtomicFile.read(bench.path + "/" + name), as: UTF8.self)
  }

  private func study(_ arguments: [String]) throws -> XlingBinary.Result {
    try bench.xling(["study"] + arguments)
  }

  /// The tables of a study's folder, without what clocks say.
  private func scores(_ output: String) throws -> [String] {
    let result = try study(["report", "tiny.toml", "--output", output, "--csv", output + "-csv"])
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout.hasPrefix("# tiny\n\nDoes the whole way work?\n"))
    return try [read(output + "-csv/scores.csv"), read(output + "-csv/pictures.csv")]
  }

  private func states(_ output: String) throws -> [String: Int] {
    let result = try study(["status", "tiny.toml", "--output", output, "--json"])
    guard result.status == 0 else { return [:] }
    let stores = try Parsed.object(result.stdout)["stores"] as? [[String: Any]]
    return stores?.first?["states"] as? [String: Int] ?? [:]
  }

  @Test func killedShardedOrSharedItIsOneStudy() throws {
    // Three processes on one study: every cell is done exactly once.
    let together = try (0..<3).map { _ in
      try bench.start(["study", "run", "tiny.toml", "--output", "together", "--json"])
    }
    var here = 0
    for process in together {
      let result = try process.result()
      #expect(result.status == 0, "\(result.stderr)")
      let object = try Parsed.object(result.stdout)
      #expect(object["done"] as? Int == 8 && object["cells"] as? Int == 8)
      here += object["finishedHere"] as? Int ?? 0
    }
    #expect(here == 8)
    let whole = try scores("together")

    // Killed while it works, it goes on.
    let killed = try bench.start(["study", "run", "tiny.toml", "--output", "killed"])
    var looks = 0
    while try states("killed")["done"] ?? 0 < 2, looks < 600 {
      usleep(50_000)
      looks += 1
    }
    kill(killed.process.processIdentifier, SIGKILL)
    #expect(try killed.result().status == 128 + SIGKILL)
    let left = try states("killed")
    #expect((left["done"] ?? 0) >= 2 && left["claimed"] == nil, "\(left)")
    let again = try study(["run", "tiny.toml", "--output", "killed"])
    #expect(again.status == 0, "\(again.stderr)")
    #expect(try scores("killed") == whole)
    let nothing = try study(["run", "tiny.toml", "--output", "killed", "--json"])
    #expect(try Parsed.object(nothing.stdout)["finishedHere"] as? Int == 0)

    // Two shards merged are the whole.
    for shard in ["1/2", "2/2"] {
      let result = try study(["run", "tiny.toml", "--output", "sharded", "--shard", shard])
      #expect(result.status == 0, "\(result.stderr)")
    }
    let early = try study(["report", "tiny.toml", "--output", "sharded"])
    #expect(early.status == 66 && early.stderr.contains("xling study merge"))
    let stores = ["sharded/shard-1-of-2/study.sqlite", "sharded/shard-2-of-2/study.sqlite"]
    let merged = try study(["merge"] + stores + ["--output", "sharded/study.sqlite"])
    #expect(merged.status == 0, "\(merged.stderr)")
    #expect(merged.stdout == "sharded/study.sqlite: 8 cells and tries of 2 stores, 8 finished\n")
    #expect(try scores("sharded") == whole)

    // One report, made from the tables alone.
    let (one, other) = (
      try study(["report", "together-csv"]), try study(["report", "killed-csv"])
    )
    #expect(one.status == 0 && !one.stdout.isEmpty)
    func figures(_ text: String) -> [Substring] {
      text.split(separator: "\n").filter { !$0.contains(" s |") }
    }
    #expect(figures(one.stdout) == figures(other.stdout))
    let page = try study(["report", "tiny.toml", "--output", "together", "--html"])
    #expect(page.status == 0)
    #expect(try read("together/report.html").contains("<h1>Study: tiny</h1>"))

    // Checkpoints go, results stay.
    let cleaned = try study(["clean", "tiny.toml", "--output", "together", "--json"])
    #expect(try Parsed.object(cleaned.stdout)["runs"] as? Int == 8)
    #expect(try scores("together") == whole)
    let after = try study(["run", "tiny.toml", "--output", "together", "--json"])
    #expect(try Parsed.object(after.stdout)["done"] as? Int == 8)
    for run in bench.names(in: "together/runs") {
      #expect(try bench.xling(["check", "together/runs/" + run]).status == 0)
    }
  }

  @Test func aChangedFileSaysWhatChanges() throws {
    try write(
      Self.text.replacing("pairs = [16, 32]", with: "pairs = [16]")
        .replacing("[\"projection\", \"layernorm\"]", with: "[\"projection\"]")
        .replacing("count = 2", with: "count = 1"))
    let first = try study(["run", "tiny.toml"])
    #expect(first.status == 0, "\(first.stderr)")
    #expect(first.stdout.hasPrefix("tiny: 1 of 1 cells done; 1 finished here in "))
    try write(
      Self.text.replacing("pairs = [16, 32]", with: "pairs = [16]")
        .replacing("[\"projection\", \"layernorm\"]", with: "[\"projection\"]"))
    let second = try study(["run", "tiny.toml"])
    #expect(second.status == 0, "\(second.stderr)")
    #expect(second.stderr.contains("xling: the study was changed: seeds: 1 before, 1 2 now\n"))
    #expect(second.stderr.contains("1 cells stay (1 of them done), 1 are new, 0 fall away"))
    #expect(second.stdout.hasPrefix("tiny: 2 of 2 cells done; 1 finished here in "))
    let plan = try study(["plan", "tiny.toml"])
    #expect(plan.stdout.hasSuffix("2 cells, 2 finished\n"))
    let results = try bench.xling(["runs", "--store", "runs/studies/tiny/study.sqlite"])
    #expect(results.status == 65 && results.stderr.contains("a study's store"))
  }

  @Test func ratesAreChosenOnValAndFailuresAreTold() throws {
    let text =
      Self.text.replacing("pairs = [16, 32]", with: "pairs = [16]")
      .replacing("[\"projection\", \"layernorm\"]", with: "[\"projection\", \"lwa\"]")
      .replacing("count = 2", with: "count = 1")
      + "\n[learning_rate]\ntries = [1e-3, 3e-3]\n"
    try write(text)
    let run = try study(["run", "tiny.toml"])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(
      run.stdout.hasPrefix(
        "tiny: 2 of 2 cells done, 4 tries of learning rates; 6 finished here in "))
    let report = try study(["report", "tiny.toml", "--csv", "tables"])
    #expect(report.status == 0, "\(report.stderr)")
    #expect(report.stdout.contains("2 tries in "))
    #expect(report.stdout.contains("each against projection") && !report.stderr.contains("warning"))
    // A comparison decides no cell: it is as the file has it now. What else changed waits for a run, and is told.
    try write(text.replacing("baseline = \"projection\"", with: "baseline = \"lwa\""))
    let turned = try study(["report", "tiny.toml"])
    #expect(turned.stdout.contains("each against lwa") && !turned.stderr.contains("warning"))
    try write(text.replacing("pairs = [16]", with: "pairs = [16, 17]"))
    let changed = try study(["report", "tiny.toml"])
    #expect(changed.stdout == report.stdout)
    #expect(changed.stderr.contains("axes.pairs: 16 before, 16 17 now"))
    try write(text)
    let tries = try read("tables/tries.csv").split(separator: "\n")
    #expect(tries.count == 5)
    // A cell of the chosen rate is the run that was tried: nothing is trained twice.
    #expect(bench.names(in: "runs/studies/tiny/runs").count == 4)
    // A module's option without the module fails its cells; the others are done.
    try write(
      Self.text.replacing("pairs = [16, 32]", with: "image_size = [32, 33]")
        .replacing("[\"projection\", \"layernorm\"]", with: "[\"projection\"]")
        .replacing("count = 2", with: "count = 1").replacing("\"tiny\"", with: "\"odd\""))
    let odd = try study(["run", "tiny.toml"])
    #expect(odd.status != 0)
    #expect(
      odd.stderr.contains(
        "xling: error: 1 of 2 cells failed and were given up, the others were done."),
      "\(odd.stderr)")
    let status = try study(["status", "tiny.toml"])
    #expect(
      status.stdout.contains("1 done, 1 given up")
        && status.stdout.contains("given up after 2 attempts"))
    // It stays given up, and says so, until someone asks for more.
    let again = try study(["run", "tiny.toml"])
    #expect(again.status == odd.status && again.stderr.contains("--retry-failed"))
    #expect(try study(["status", "tiny.toml"]).stdout.contains("given up after 2 attempts"))
    let retried = try study(["run", "tiny.toml", "--retry-failed"])
    #expect(retried.status == odd.status)
    #expect(retried.stderr.contains("xling: 1 cells that had failed begin anew\n"))
  }

  /// A rate of a thousand, whose weight decay multiplies the weights by -999 a step: the run is a result, at chance
  /// level, and said everywhere.
  @Test func aRunThatDivergesIsShown() throws {
    try write(
      Self.text.replacing("pairs = [16, 32]", with: "rate = [1e-3, 1000]")
        .replacing("[\"projection\", \"layernorm\"]", with: "[\"full\"]")
        .replacing("baseline = \"projection\"", with: "axis = \"rate\"\nbaseline = 0.001")
        .replacing("steps = 3", with: "steps = 30").replacing("count = 2", with: "count = 1")
        .replacing(
          "batch_size = 8",
          with: "batch_size = 8\nweight_decay = 1\nwarmup_steps = 0\nschedule = \"constant\""))
    let run = try study(["run", "tiny.toml"])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(
      run.stdout.hasPrefix("tiny: 1 of 2 cells done, 1 diverged; 2 finished here in "),
      "\(run.stdout)")
    let status = try study(["status", "tiny.toml"])
    #expect(status.stdout.contains("1 done, 1 diverged"))
    let report = try study(["report", "tiny.toml", "--csv", "tables", "--html"])
    #expect(report.status == 0, "\(report.stderr)")
    #expect(
      report.stdout.contains("**1 of 2 runs diverged; they count at chance level in every mean.**"))
    #expect(report.stdout.contains("1, 1 diverged"))
    #expect(try read("runs/studies/tiny/report.html").contains("1 of 2 runs diverged"))
    #expect(try read("tables/cells.csv").contains(",diverged,"))
    let again = try study(["run", "tiny.toml", "--json"])
    #expect(try Parsed.object(again.stdout)["finishedHere"] as? Int == 0)
  }

  /// Each method gets as many steps as its budget buys; the plan is the same when it is made again.
  @Test(arguments: ["flops = 3e7", "seconds = 0.2"])
  func aBudgetBuysSteps(budget: String) throws {
    try write(
      Self.text.replacing("pairs = [16, 32]", with: "pairs = [16]")
        .replacing("[\"projection\", \"layernorm\"]", with: "[\"projection\", \"full\"]")
        .replacing("steps = 3", with: budget).replacing("count = 2", with: "count = 1"))
    let plan = try study(["plan", "tiny.toml"])
    #expect(plan.status == 0, "\(plan.stderr)")
    let run = try study(["run", "tiny.toml"])
    #expect(run.status == 0, "\(run.stderr)")
    let after = try study(["plan", "tiny.toml"])
    func hashes(_ text: String) -> [Substring] {
      text.split(separator: "\n").dropFirst(2).prefix(2).map { $0.prefix(12) }
    }
    #expect(hashes(plan.stdout).count == 2 && hashes(plan.stdout) == hashes(after.stdout))
    #expect(after.stdout.hasSuffix("2 cells, 2 finished\n"))
    _ = try study(["report", "tiny.toml", "--csv", "tables"])
    let rows = try read("tables/cells.csv").split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let steps = Dictionary(rows.map { ($0[1], Int($0[7]) ?? 0) }) { $1 }
    let (cheap, dear) = (try #require(steps["projection"]), try #require(steps["full"]))
    #expect(dear > 0 && (budget.hasPrefix("flops") ? cheap > dear : cheap >= dear), "\(steps)")
    #expect(
      bench.names(in: "runs/studies/tiny").contains("speed.json") == budget.hasPrefix("seconds"))
    try write(
      try read("tiny.toml").replacing(budget, with: budget.split(separator: " ")[0] + " = 1e-9"))
    let nothing = try study(["plan", "tiny.toml"])
    #expect(
      nothing.status == 65 && nothing.stderr.contains("which one step of"), "\(nothing.stderr)")
  }

  @Test func listsAndCommandsForSchedulers() throws {
    let shipped = try study([])
    #expect(shipped.status == 0)
    for name in ["conservation", "locking", "scaling"] {
      #expect(shipped.stdout.contains(name + " "))
    }
    let commands = try study(["plan", "tiny.toml", "--commands", "--output", "a b"])
    let lines = commands.stdout.split(separator: "\n")
    #expect(lines.count == 8)
    #expect(
      lines.allSatisfy {
        $0.hasPrefix("xling study run tiny.toml --cell ") && $0.hasSuffix(" --output 'a b'")
      })
    let halves = try ["1/2", "2/2"].flatMap {
      try study(["plan", "tiny.toml", "--commands", "--output", "a b", "--shard", $0]).stdout
        .split(separator: "\n").map(String.init)
    }
    #expect(halves.sorted() == lines.map(String.init).sorted())
    let estimate = try study(["plan", "tiny.toml", "--estimate"])
    #expect(estimate.status == 0, "\(estimate.stderr)")
    #expect(estimate.stdout.contains("8 cells, 0 finished\n8 runs, about "))
    let task = try bench.xling(
      ["study", "run", "tiny.toml"],
      shell: "export SLURM_ARRAY_TASK_ID=19 SLURM_ARRAY_TASK_MIN=11")
    #expect(task.status == 64, "\(task.stderr)")
    #expect(task.stderr.contains("task 9 of the array, and the study has 8 cells"))
  }

  @Test(arguments: [
    (["run", "tiny.toml", "--shard", "3/2"], 64, "--shard"),
    (["run", "tiny.toml", "--shard", "1/2", "--cell", "a"], 64, "exclude each other"),
    (["run", "tiny.toml", "--cell", "zz"], 64, "has no cell that begins with 'zz'"),
    (["run", "tiny.toml", "--small"], 64, "no [small] table"),
    (["run", "conservatoin"], 66, "Did you mean 'conservation'?"),
    (["report", "tiny.toml"], 66, "has no finished cell yet"),
    (["status", "tiny.toml"], 66, "has no finished cell yet"),
    (["plan", "none.toml"], 66, "none.toml does not exist"),
    (["merge", "none.sqlite", "--output", "x.sqlite"], 65, "none.sqlite is no store of a study"),
  ])
  func badInputIsToldPlainly(arguments: [String], status: Int32, words: String) throws {
    let result = try study(arguments)
    #expect(result.status == status, "\(result.stderr)")
    #expect(result.stderr.contains(words), "\(result.stderr)")
    #expect(result.stdout.isEmpty)
  }

  @Test(arguments: [
    (
      "steps = 3", "stepps = 3",
      "tiny.toml, line 16: expected the keys steps, flops, seconds of [budget], found \"stepps\""
    ),
    ("[\"en\", \"tr\"]", "[\"en\", \"klingonish\"]", "klingonish"),
    ("\"layernorm\"]", "\"layernrom\"]", "tiny.toml, line 6: expected axes.method"),
  ])
  func badFilesAreToldPlainly(old: String, new: String, words: String) throws {
    try write(Self.text.replacing(old, with: new))
    let result = try study(["plan", "tiny.toml"])
    #expect(
      [65, 66, 64].contains(result.status) && result.stderr.contains(words), "\(result.stderr)")
  }
}
