import Foundation
import Testing
import XlingCore

@testable import XlingStudies

@Suite("a study of classifiers: its file and its cells")
struct ClassifierDesignTests {
  @Test func aFileIsReadAndItsGridCounted() throws {
    let design = try Samples.design(Samples.classifiers)
    #expect(design.axes.map(\.name) == ["method", "mode", "shots"])
    #expect(design.axes[0].values == ["layernorm", "linear-probe", "zero-shot"])
    let classifiers = try #require(design.classifiers)
    #expect(classifiers.alignedData == "scenes" && design.data == "emoji")
    #expect(
      classifiers.aligned == [
        .init(key: "method", value: "full"), .init(key: "steps", value: "3"),
      ])
    #expect(
      classifiers.allTests.map(\.name) == [
        "emoji", "emoji, held-out classes", "emoji-size-2", "emoji-size-2, held-out classes",
      ])
    #expect(classifiers.allTests.map(\.name).map(ClassTest.init(name:)) == classifiers.allTests)
    #expect(design.comparison?.over == ["emoji"] && design.comparison?.only == ["mode": ["alone"]])
    let plan = try Samples.classifierPlan()
    // layernorm and the probe alone, the probe with and from layernorm, by shots; zero-shot once.
    #expect(plan.cells.count == 2 * 9 && plan.tries.count == 2 * 8 && plan.aligned.count == 2)
    #expect(Set(plan.all.map(\.hash)).count == plan.all.count)
    #expect(design.label(plan.cells[0].factors) == "layernorm, alone, shots 2")
    #expect(design.label(.aligned, [:], seed: 2, rate: nil) == "aligned run, seed 2")
  }

  @Test func cellsSayWhatTheyAreMadeOf() throws {
    let plan = try Samples.classifierPlan()
    let aligned = Dictionary(plan.aligned.map { ($0.seed, $0.hash) }) { $1 }
    for cell in plan.cells + plan.tries { #expect(cell.aligned == aligned[cell.seed]) }
    let from = plan.cells.filter { $0.factors["mode"] == "from layernorm" }
    #expect(from.count == 4)
    for cell in from {
      let start = try #require(plan.cells.first { $0.hash == cell.start })
      #expect(start.factors["method"] == "layernorm" && start.factors["mode"] == "alone")
      #expect(start.factors["shots"] == cell.factors["shots"] && start.seed == cell.seed)
      // Its rate is chosen from the same start, and all stay in one shard.
      let tries = plan.tries.filter { cell.tries.contains($0.hash) }
      #expect(tries.count == 2 && tries.allSatisfy { $0.seed == 1 && $0.start != nil })
      #expect(cell.shard(of: 7) == start.shard(of: 7))
      let needed = try plan.cell(cell.hash)
      #expect(needed.contains { $0.hash == start.hash } && needed.last?.hash == cell.hash)
      #expect(Set(needed.map(\.hash)).isSuperset(of: needed.flatMap(\.needs)))
    }
    #expect(plan.cells.filter { $0.start != nil } == from)
    let shot = try #require(plan.cells.first { $0.factors["method"] == "zero-shot" })
    #expect(shot.tries.isEmpty)
    #expect(try plan.classifier(shot, rate: nil)?.method == nil)
    for shard in 1...3 {
      let own = plan.shard(shard, of: 3)
      #expect(Set(own.map(\.hash)).isSuperset(of: own.flatMap(\.needs)))
    }
    let all = Set((1...3).flatMap { plan.shard($0, of: 3).map(\.hash) })
    #expect(all == Set(plan.all.map(\.hash)))
  }

  @Test func aCellTrainsWhatItsAxesSay() throws {
    let plan = try Samples.classifierPlan()
    let cell = try #require(plan.cells.first { $0.factors["mode"] == "with layernorm" })
    let classifier = try #require(try plan.classifier(cell, rate: "0.5"))
    #expect(classifier.method?.name == "projection" && classifier.with.map(\.name) == ["layernorm"])
    #expect(classifier.shots == 2 && classifier.start == nil)
    #expect(classifier.settings.rate == 0.5 && classifier.settings.seed == 1)
    #expect(classifier.settings.steps == 4 && classifier.settings.batchSize == 8)
    let attempt = try #require(plan.tries.first { cell.tries.contains($0.hash) })
    #expect(try plan.run(attempt, rate: nil) == plan.run(cell, rate: attempt.rate))
    let run = plan.aligned[0]
    #expect(try plan.classifier(run, rate: nil) == nil)
    #expect(plan.aligns(run) && !plan.aligns(cell))
    #expect(try plan.training(run, rate: nil).recipe.name == "full")
    #expect(try plan.training(run, rate: nil).settings.steps == 3)
  }

  /// By content: what one cell does not ask about does not change it.
  @Test func cellsAreNamedByTheirContent() throws {
    func changed(_ old: String, _ new: String) throws -> [(before: StudyCell, same: Bool)] {
      let text = Samples.classifiers.replacing(old, with: new)
      #expect(text != Samples.classifiers)
      let after = Set(try Samples.classifierPlan(text).all.map(\.hash))
      return try Samples.classifierPlan().all.map { ($0, after.contains($0.hash)) }
    }
    // More methods, other names, another order.
    let more = try changed(
      "\"layernorm\", \"linear-probe\", \"zero-shot\"]",
      "\"lwa\", \"projection\", \"layernorm\", \"zero-shot\"]")
    #expect(more.allSatisfy { $0.same })
    let aligned = try changed("steps = 3", "steps = 5")
    #expect(aligned.allSatisfy { !$0.same })
    let steps = try changed("steps = 4", "steps = 5")
    for (cell, same) in steps {
      #expect(same == (cell.kind == .aligned || cell.factors["method"] == "zero-shot"))
    }
    let rates = try changed("[0.1, 0.2]", "[0.1, 0.3]")
    for (cell, same) in rates where cell.kind == .cell {
      #expect(same == (cell.factors["method"] == "zero-shot"))
    }
    // Another start is another cell, the start's own rates included.
    #expect(
      rates.filter { $0.before.kind == .attempt && $0.same }.allSatisfy { $0.before.start == nil })
    let inputs = Samples.classifierInputs(tests: ["emoji other", "x", "y", "z"])
    let others = try StudyPlan(
      Samples.design(Samples.classifiers), inputs, path: "tiny.toml")
    #expect(
      try Set(others.cells.map(\.hash)).isDisjoint(with: Samples.classifierPlan().cells.map(\.hash))
    )
    #expect(try others.aligned.map(\.hash) == Samples.classifierPlan().aligned.map(\.hash))
  }

  /// The names of cells that stores have since before there were classifiers.
  @Test func cellsOfAlignedRunsKeepTheirNames() throws {
    let plan = try Samples.plan()
    let contents = RunContents(plan.design, plan.inputs)
    let text = try contents.condition(plan.cells[0].factors).measured.text
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(
      lines.map { $0.prefix { $0 != "=" } } == [
        "numerics", "recipe", "towers", "data", "pairs", "rate", "steps", "measured", "languages",
        "metrics",
      ])
    #expect(
      lines[0] == "numerics=\(Version.numerics)" && lines[2...3] == ["towers=mini mini", "data=d"])
    #expect(
      lines[4...] == [
        "pairs=10", "rate=0.01", "steps=4", "measured=d test all", "languages=en tr",
        "metrics=R@1 R@10",
      ])
    #expect(plan.cells[0].hash == Digest.of(text + "\nseed=1"))
  }

  @Test func theSmallFormChangesWhatItSays() throws {
    let design = try Samples.design(
      Samples.classifiers
        + "\n[small]\nsteps = 1\nseeds = 1\nalign_steps = 2\nheld_out_classes = 0\ndata = [\"emoji\"]\n"
        + "[small.axes]\nshots = [2]\n")
    let small = try design.smallForm()
    #expect(small.classifiers?.aligned.last == .init(key: "steps", value: "2"))
    #expect(small.classifiers?.allTests.map(\.name) == ["emoji"])
    #expect(small.fixed.contains(.init(key: "steps", value: "1")) && small.seeds == [1])
    #expect(
      small.differences(from: design).contains("align.steps: 3 before, 2 now"))
  }

  @Test(arguments: [
    ("head = \"text\"", "head = \"linear\"", "0 under a linear head"),
    ("least = 2", "least = 1", "2 or more, so that each class has its 2 shots"),
    ("least = 2", "leest = 2", "did you mean \"least\"?"),
    ("labels = \"subgroup\"", "labels = \"subgroups\"", "one of subgroup, group, concept"),
    ("[align]", "[alignn]", "did you mean \"align\"?"),
    ("method = \"full\"", "batch_size = 4", "no method"),
    ("mode = [\"alone\",", "mode = [\"together\",", "\"with METHOD\" or \"from METHOD\""),
    ("\"from layernorm\"]", "\"from lwa\"]", "the cell that it starts from"),
    ("\"with layernorm\",", "\"with lwa\",", "what can be trained"),
    ("\"zero-shot\"], mode", "\"linear-probe\"], mode", "leave it out by [[skip]]"),
    ("\"linear-probe\", \"zero-shot\"]\nmode", "\"lit\", \"zero-shot\"]\nmode", "trains nothing"),
    ("shots = [2, \"all\"]", "shots = [0]", "\"0\""),
    ("batch_size = 8", "temperature = 0.1", "\"temperature\""),
    ("metrics = [\"top-1\"]", "metrics = [\"R@1\"]", "one of top-1, top-5"),
    ("over = \"emoji\"", "over = \"scenes\"", "\"emoji-size-2, held-out classes\""),
    ("steps = 4", "flops = 1e9", "steps where cells are classifiers"),
    ("metric = \"top-1\", seeds = 1", "languages = [\"en\"]", "\"languages\""),
    ("axis = \"mode\"", "axis = \"pairs\"", "one of the axes"),
    ("[finetune]\ndata = \"emoji\"\n", "[finetune]\n", "finetune.data"),
  ])
  func contradictionsAreToldWithTheirLine(_ old: String, _ new: String, _ words: String) throws {
    let text = Samples.classifiers.replacing(old, with: new)
    #expect(text != Samples.classifiers)
    let failure = #expect(throws: StudyFailure.self) { try Samples.design(text) }
    #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
    #expect(failure?.description.hasPrefix("tiny.toml, line ") == true)
  }

  @Test func alignAloneMeansNothing() throws {
    let failure = #expect(throws: StudyFailure.self) {
      try Samples.design(Samples.text + "\n[align]\nmethod = \"full\"\n")
    }
    #expect(failure?.description.contains("expected align, [finetune], too") == true)
    let made = Samples.classifiers + "\n[[tower]]\nname = \"a\"\ntokenizer = \"b\"\n"
    #expect(throws: StudyFailure.self) { try Samples.design(made) }
  }
}
