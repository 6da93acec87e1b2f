import Foundation
import Testing
import XlingCore

@testable import XlingStudies

@Suite("a study's file and its cells")
struct DesignTests {
  @Test func aFileIsReadAndItsGridCounted() throws {
    let design = try Samples.design()
    #expect(design.axes.map(\.name) == ["method", "pairs"])
    #expect(design.axes[1].values == ["10", "20"])
    #expect(design.seeds == [1, 2, 3])
    #expect(design.fixed == [.init(key: "steps", value: "4")])
    let plan = try Samples.plan()
    #expect(plan.cells.count == 9 && plan.tries.isEmpty)
    #expect(StudyPlan.count(design) == 9)
    #expect(Set(plan.cells.map(\.hash)).count == 9)
    // Every condition at the first seed comes before the second seed.
    #expect(plan.cells.map(\.seed) == [1, 1, 1, 2, 2, 2, 3, 3, 3])
    let training = try plan.training(plan.cells[0], rate: nil)
    #expect(training.settings.steps == 4 && training.settings.pairs == 10)
    #expect(training.settings.seed == 1 && training.recipe.name == "projection")
  }

  /// Without captions a cell is the cell of a study without them.
  @Test func targetCaptionsAreMixedIn() throws {
    let plain = try Samples.plan()
    let text = Samples.text.replacing(
      "[budget]", with: "[train]\ntarget = \"tr\"\nmix_seed = \"run\"\n[budget]"
    )
    .replacing("seed = {", with: "target_captions = [0, 5]\nseed = {")
    let plan = try Samples.plan(text)
    #expect(plan.cells.count == 18 && Set(plan.cells.map(\.hash)).count == 18)
    let without = plan.cells.filter { $0.factors["target_captions"] == "0" }
    #expect(without.map(\.hash) == plain.cells.map(\.hash))
    let with = try #require(plan.cells.first { $0.factors["target_captions"] == "5" })
    #expect(try plan.training(with, rate: nil).settings.mix == "tr=5")
    #expect(try plan.training(with, rate: nil).settings.mixSeed == .run)
    #expect(try plan.training(without[0], rate: nil).settings.mixSeed == nil)
    #expect(try plan.design.mixes == ["tr=5"])
    #expect(plan.design.label(with.factors) == "projection, pairs 10, target_captions 5")
  }

  private static let towers = """
    [[tower]]
    name = "small"
    tokenizer = { kind = "unigram", size = 2000 }
    pretrain = { objective = "masked", steps = 30 }
    [[tower]]
    name = "random"
    tokenizer = "mini-wordpiece"
    pretrain = { objective = "none" }
    [axes]
    text_tower = ["small", "random", "elsewhere"]
    """

  /// A tower comes before its cells, in every shard that needs it, and is known by what makes it.
  @Test func towersAreMadeFirst() throws {
    let text = Samples.text.replacing("[axes]", with: Self.towers)
    let design = try Samples.design(text)
    #expect(
      design.towers == [
        StudyTower(
          name: "small", tokenizer: .trained(kind: "unigram", size: 2_000), objective: .masked,
          steps: 30, seed: 1),
        StudyTower(
          name: "random", tokenizer: .made("mini-wordpiece"), objective: .none, steps: 0, seed: 1),
      ])
    func plan(_ small: String) throws -> StudyPlan {
      try StudyPlan(
        design,
        StudyInputs(
          data: "d", measuredData: "d", languages: ["en"], choiceLanguages: [],
          madeTowers: ["small": small, "random": "b"],
          towers: { text, _ in
            #expect(text == nil || text == "elsewhere")
            return text ?? ""
          }), path: "tiny.toml")
    }
    let first = try plan("a")
    #expect(
      first.towers.map(\.kind) == [.tower, .tower] && first.all.prefix(2) == first.towers[...])
    for cell in first.cells {
      let name = cell.factors["text_tower"]
      #expect(cell.tower == first.towers.first { $0.factors["text_tower"] == name }?.hash)
      #expect((cell.tower == nil) == (name == "elsewhere"))
    }
    for shard in 1...2 {
      let own = first.shard(shard, of: 2)
      let made = Set(own.filter { $0.kind == .tower }.map(\.hash))
      #expect(made == Set(own.compactMap(\.tower)))
    }
    let one = try #require(first.cells.first { $0.tower != nil })
    #expect(try first.cell(one.hash).map(\.kind) == [.tower, .cell])
    // Another tower of that name is other cells, and the others stay.
    let other = try plan("c")
    for (before, after) in zip(first.cells, other.cells) {
      #expect((before.hash == after.hash) == (before.factors["text_tower"] != "small"))
    }
    #expect(
      design.differences(from: try Samples.design()).contains { $0.hasPrefix("tower.small:") })
  }

  @Test(arguments: [
    ("kind = \"unigram\"", "kind = \"word\"", "wordpiece, unigram, bpe"),
    ("size = 2000", "size = 5", "from 100"),
    ("objective = \"masked\"", "objective = \"mask\"", "none, masked, both"),
    (", steps = 30", "", "no such key"),
    ("name = \"random\"", "name = \"small\"", "small twice"),
    ("name = \"random\"", "name = \"other\"", "which no cell has"),
    ("name = \"random\"", "name = \"../a\"", "small letters"),
    ("steps = 30", "stepps = 30", "did you mean \"steps\"?"),
  ])
  func mistakesInTowersAreTold(_ right: String, _ wrong: String, _ expected: String) throws {
    let text = Samples.text.replacing("[axes]", with: Self.towers)
    #expect(text.contains(right))
    let failure = #expect(throws: StudyFailure.self) {
      try Samples.design(text.replacing(right, with: wrong))
    }
    #expect(failure?.description.contains(expected) == true, "\(failure?.description ?? "")")
  }

  /// Translations are part of what a cell measures, by their content; without them a cell is what it was.
  @Test func translationsArePartOfACell() throws {
    let text = Samples.text.replacing(
      "metrics =", with: "translations = { tr = \"tr.txt\" }\nmetrics =")
    let design = try Samples.design(text)
    #expect(design.measure.translations == ["tr": "tr.txt"])
    #expect(try Samples.design().measure.translations == nil)
    func cells(_ translations: [String: String]) throws -> [String] {
      let inputs = StudyInputs(
        data: "d", measuredData: "d", languages: ["en", "tr"], choiceLanguages: ["en"],
        translations: translations, towers: Samples.inputs.towers)
      return try StudyPlan(design, inputs, path: "tiny.toml").cells.map(\.hash)
    }
    let plain = try Samples.plan().cells.map(\.hash)
    #expect(try cells([:]) == plain)
    #expect(try Set(cells(["tr": "a"])).isDisjoint(with: plain))
    #expect(try Set(cells(["tr": "a"])).isDisjoint(with: cells(["tr": "b"])))
    let change = design.differences(from: try Samples.design())
    #expect(change == ["evaluate.translations.tr: nothing before, tr.txt now"])
    let bad = Samples.text.replacing("metrics =", with: "translations = { tr = 5 }\nmetrics =")
    #expect(throws: StudyFailure.self) { try Samples.design(bad) }
  }

  @Test func fiveSeedsWithoutAWord() throws {
    let text = Samples.text.replacing("seed = { count = 3, from = 1 }\n", with: "")
    #expect(try Samples.design(text).seeds == [1, 2, 3, 4, 5])
  }

  @Test(arguments: [
    ("steps = 4", "stepps = 4", 14, "stepps"),
    ("method = [\"projection\", \"lwa\"]", "metod = [\"lwa\"]", 6, "did you mean \"method\"?"),
    ("[\"projection\", \"lwa\"]", "[\"projection\", \"lwaa\"]", 6, "lwaa"),
    ("pairs = [10, 20]", "pairs = [10, 10]", 7, "10 twice"),
    ("pairs = [10, 20]", "pairs = [0]", 7, "\"0\""),
    ("pairs = [10, 20]", "pairs = []", 7, "none"),
    ("pairs = 20 }", "pairs = 30 }", 11, "30"),
    ("baseline = \"projection\"", "baseline = \"da\"", 22, "da"),
    ("metric = \"R@10\"", "metric = \"R@5\"", 23, "R@5"),
    ("[budget]", "[train]\nsteps = 5\n[budget]", 14, "two places"),
    ("steps = 4", "flops = 0", 14, "a number above 0"),
    ("steps = 4", "seconds = \"ten\"", 14, "a number above 0"),
    ("steps = 4", "flops = 1e9\nseconds = 3", 15, "one budget"),
    (
      "[budget]\nsteps = 4", "[train]\nepochs = 2\n[budget]\nflops = 1e9", 16, "no epochs beside it"
    ),
    ("metrics = [\"R@1\", \"R@10\"]", "metrics = [\"median rank\"]", 19, "median rank"),
    ("name = \"tiny\"", "name = \"Tiny one\"", 2, "Tiny one"),
    ("pairs = [10, 20]", "pairs = [10, 20]\ntarget_captions = [1]", 8, "target, too"),
    ("pairs = [10, 20]", "pairs = [10, 20]\ntarget_captions = [-1]", 8, "-1"),
    ("pairs = [10, 20]", "pairs = [10, 20]\nmix_share = [0.5]", 8, "mix_share alone"),
    ("pairs = [10, 20]", "pairs = [10, 20]\ntarget = [\"tr\"]", 8, "\"target\""),
    ("pairs = [10, 20]", "pairs = [10, 20]\nmix = [\"tr\"]", 8, "LANGUAGE=PAIRS"),
  ])
  func whatMeansNothingIsRefusedWithItsLine(
    old: String, new: String, line: Int, words: String
  ) throws {
    let text = Samples.text.replacing(old, with: new)
    #expect(text != Samples.text)
    do {
      _ = try Samples.design(text)
      Issue.record("it was read")
    } catch let failure as StudyFailure {
      #expect("\(failure)".hasPrefix("tiny.toml, line \(line): expected "), "\(failure)")
      #expect("\(failure)".contains(words), "\(failure)")
      #expect(failure.exitStatus == .badData)
    }
  }

  @Test func aRateIsAnAxisOrChosenNotBoth() throws {
    let choice = "\n[learning_rate]\ntries = [1e-4, 1e-3]\n"
    let text = Samples.text.replacing("pairs = [10, 20]", with: "rate = [0.1]")
      .replacing("[[skip]]\nwhen = { method = \"projection\", pairs = 20 }\n", with: "")
    #expect(throws: StudyFailure.self) { try Samples.design(text + choice) }
    #expect(throws: StudyFailure.self) {
      try Samples.design(Samples.text + choice + "choose_on = { split = \"test\" }\n")
    }
    let plan = try Samples.plan(Samples.text + choice)
    // Two rates for each of three conditions, at the first seed.
    #expect(plan.tries.count == 6 && plan.tries.allSatisfy { $0.seed == 1 })
    #expect(plan.cells.allSatisfy { $0.tries.count == 2 })
    let cell = try #require(plan.cells.first)
    let attempt = try #require(plan.tries.first { cell.tries.contains($0.hash) })
    // What was tried is not trained again.
    #expect(try plan.run(attempt, rate: nil) == plan.run(cell, rate: attempt.rate))
    #expect(try plan.run(attempt, rate: nil) != plan.run(plan.cells[3], rate: attempt.rate))
  }

  @Test func triesMayBeShorterThanTheirCells() throws {
    let choice = "\n[learning_rate]\ntries = [1e-4, 1e-3]\nchoose_on = { seeds = 1 }\n"
    let whole = try Samples.plan(Samples.text + choice)
    let short = try Samples.plan(
      Samples.text + choice.replacing("seeds = 1", with: "seeds = 1, steps = 3"))
    #expect(Set(short.all.map(\.hash)).isDisjoint(with: whole.all.map(\.hash)))
    for (attempt, cell) in zip(short.tries, short.cells) {
      #expect(try short.training(attempt, rate: nil).settings.steps == 3)
      #expect(try short.training(cell, rate: "1e-3").settings.steps == 4)
    }
    let cell = try #require(short.cells.first)
    let attempt = try #require(short.tries.first { cell.tries.contains($0.hash) })
    #expect(try short.run(attempt, rate: nil) != short.run(cell, rate: attempt.rate))
    // The run at a rate is the same, however the rate was chosen.
    #expect(try short.run(cell, rate: "1e-3") == whole.run(whole.cells[0], rate: "1e-3"))
    // `--small` has fewer steps than a try.
    let longer = try Samples.plan(
      Samples.text + choice.replacing("seeds = 1", with: "steps = 300"))
    #expect(try longer.training(longer.tries[0], rate: nil).settings.steps == 4)
    #expect(throws: StudyFailure.self) {
      try Samples.design(Samples.text + choice.replacing("seeds = 1", with: "steps = 0"))
    }
  }

  @Test func aBudgetDecidesStepsAndStepsTheCell() throws {
    let text = Samples.text.replacing("steps = 4", with: "flops = 2e15")
    let design = try Samples.design(text)
    #expect(design.budget == .init(unit: .flops, amount: 2e15, speed: nil) && design.fixed.isEmpty)
    func plan(_ dearer: Int) throws -> StudyPlan {
      let inputs = StudyInputs(
        data: "d", measuredData: "d", languages: ["en", "tr"], choiceLanguages: ["en"],
        towers: Samples.inputs.towers,
        steps: { $0.recipe.name == "lwa" ? dearer : 4 })
      return try StudyPlan(design, inputs, path: "tiny.toml")
    }
    let short = try plan(2)
    let steps = try short.cells.map { try short.training($0, rate: nil).settings.steps }
    #expect(steps == short.cells.map { $0.factors["method"] == "lwa" ? 2 : 4 })
    // By content: the same steps are the same run, whoever said them.
    let said = try Samples.plan()
    for (one, other) in zip(short.cells, said.cells) {
      #expect((one.hash == other.hash) == (one.factors["method"] == "projection"))
    }
    #expect(try plan(4).cells.map(\.hash) == said.cells.map(\.hash))
    var slower = design
    slower.budget = .init(unit: .seconds, amount: 10, speed: ["fp32": 2.5])
    #expect(
      slower.differences(from: design) == [
        "budget.flops: 2000000000000000.0 before, nothing now",
        "budget.seconds: nothing before, 10.0 at 2.5 operations a second (fp32) now",
      ])
  }

  @Test func anEmptyGridIsRefused() throws {
    let text = Samples.text.replacing(
      "when = { method = \"projection\", pairs = 20 }", with: "when = { pairs = [10, 20] }")
    #expect(throws: StudyFailure.emptyGrid(path: "tiny.toml")) { try Samples.plan(text) }
  }

  /// APE without its head over tokens is a linear map of locked towers, as `projection` is.
  @Test func aMethodIsNotSetAgainstItself() throws {
    let text = Samples.text.replacing(
      "[\"projection\", \"lwa\"]", with: "[\"projection\", \"ape\"]")
    let rates = "\n[learning_rate]\ntries = [0.1, 0.2]\nchoose_on = { seeds = 1 }\n"
    _ = try Samples.plan(text + rates)
    #expect(
      throws: StudyFailure.sameCondition(
        path: "tiny.toml", first: "projection, pairs 10", second: "ape, pairs 10")
    ) {
      try Samples.plan(text + "\n[train]\nhead = \"hidden\"\n" + rates)
    }
  }

  @Test func cellsAreNamedByTheirContent() throws {
    let plan = try Samples.plan()
    let hashes = Set(plan.cells.map(\.hash))
    // Another order of the axes and one value more: the same cells stay the same.
    let more = Samples.text.replacing("pairs = [10, 20]", with: "pairs = [40, 20, 10]")
      .replacing("[\"projection\", \"lwa\"]", with: "[\"lwa\", \"projection\"]")
    let grown = try Samples.plan(more)
    #expect(hashes.isSubset(of: grown.cells.map(\.hash)) && grown.cells.count == 15)
    let longer = try Samples.plan(Samples.text.replacing("steps = 4", with: "steps = 5"))
    #expect(hashes.isDisjoint(with: longer.cells.map(\.hash)))
    // What is said as an axis and what is said for all is the same content.
    let fixed = Samples.text.replacing("pairs = [10, 20]\n", with: "")
      .replacing(
        "[[skip]]\nwhen = { method = \"projection\", pairs = 20 }\n", with: "[train]\npairs = 10\n")
    #expect(hashes.isSuperset(of: try Samples.plan(fixed).cells.map(\.hash)))
  }

  @Test func shardsShareOutEveryCellOnce() throws {
    let plan = try Samples.plan(Samples.text + "\n[learning_rate]\ntries = [1e-4, 1e-3]\n")
    let shards = (1...3).map { plan.shard($0, of: 3) }
    #expect(shards.flatMap { $0 }.count == plan.all.count)
    #expect(Set(shards.flatMap { $0.map(\.hash) }) == Set(plan.all.map(\.hash)))
    for shard in shards {
      let own = Set(shard.map(\.hash))
      #expect(shard.allSatisfy { own.isSuperset(of: $0.tries) }, "a cell's tries are in its shard")
    }
  }

  @Test func aCellIsFoundByTheBeginningOfItsHash() throws {
    let plan = try Samples.plan()
    let cell = plan.cells[4]
    #expect(try plan.cell(cell.short).map(\.hash) == [cell.hash])
    #expect(throws: StudyFailure.unknownCell(given: "zz", study: "tiny", cells: 9)) {
      try plan.cell("zz")
    }
    #expect(throws: StudyFailure.self) { try plan.cell("") }
  }

  @Test func tenThousandCellsArePlannedQuickly() throws {
    let pairs = (1...1_000).map(String.init).joined(separator: ", ")
    let text = Samples.text.replacing("pairs = [10, 20]", with: "pairs = [\(pairs)]")
      .replacing("count = 3", with: "count = 5")
      .replacing("[[skip]]\nwhen = { method = \"projection\", pairs = 20 }\n", with: "")
    let began = ProgressBar.uptime()
    let plan = try Samples.plan(text)
    let seconds = ProgressBar.uptime() - began
    #expect(plan.cells.count == 10_000)
    // A second in release; plain loops are many times slower in debug.
    #expect(seconds < 30)
    print("planned \(plan.cells.count) cells in \(seconds) s")
  }

  @Test func theSmallFormChangesWhatItSays() throws {
    let design = try Samples.design(
      Samples.text + "\n[small]\nsteps = 2\nseeds = 1\n[small.axes]\npairs = [5]\n")
    let small = try design.smallForm()
    #expect(small.name == "tiny-small" && small.isSmall && small.seeds == [1])
    #expect(small.axes[1].values == ["5"])
    #expect(small.fixed == [.init(key: "steps", value: "2")])
    #expect(throws: StudyFailure.noSmallForm(study: "tiny")) { try Samples.design().smallForm() }
  }

  @Test func theShippedStudiesAreRead() throws {
    let shipped = try StudyFile.shipped()
    #expect(
      shipped.map(\.name) == [
        "conservation", "few-shot", "layernorm-first", "locking", "pretraining", "scaling",
        "tokenizer",
      ])
    for (name, path) in shipped {
      let design = try StudyFile.read(path)
      #expect(design.name == name && !design.cost.isEmpty)
      #expect(StudyPlan.count(try design.smallForm()) <= 12)
      let page = PathParts.folder(of: PathParts.folder(of: path)) + "/docs/studies/\(name).md"
      let text = String(decoding: try AtomicFile.read(page), as: UTF8.self)
      for heading in ["## Question", "## Design", "## Power", "## What it cannot tell"] {
        #expect(text.contains(heading), "\(page): \(heading)")
      }
    }
  }
}
