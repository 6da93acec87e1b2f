import Testing
import XlingEvaluation
import XlingExperiments
import XlingRetrieval

@testable import XlingJobs

@Suite("comparing as a job")
struct CompareJobTests {
  let runs: TinyRuns
  let store: ExperimentStore

  init() throws {
    runs = try TinyRuns()
    store = try ExperimentStore(path: runs.store)
    for (name, seed, steps) in [("one", 1, 2), ("two", 2, 2), ("long", 1, 4)] {
      let folder = try runs.align(name, seed: UInt64(seed), steps: steps)
      _ = try EvaluateJob(runs.evaluation(folder)).run(in: store)
    }
  }

  private func options(_ names: [String]) -> CompareJob.Options {
    CompareJob.Options(runs: names, data: runs.gallery.data)
  }

  @Test func testsTheFirstAgainstEachOther() throws {
    var warnings: [Warning] = []
    let result = try CompareJob(options(["one", "two", "long"])).run(in: store) {
      warnings.append($0)
    }
    #expect(result.labels == ["one", "two", "long"] && result.seeds == 1)
    #expect(result.tests.count == 2 * 2 * 2)
    // Four pictures are too few to test anything.
    #expect(result.tests.allSatisfy { $0.first == "one" && $0.p == nil && $0.pHolm == nil })
    #expect(warnings == [.tooFewPictures(["en", "tr"])])
    #expect(result.table.languages == ["en", "tr"] && result.table.aligned == ["en"])
    #expect(result.table.blocks.map(\.direction) == ["text-to-image", "image-to-text"])
    #expect(result.table.blocks[0].rows.allSatisfy { $0.tally == nil })
    #expect(try coded(result) == result)
  }

  @Test func seedsArePooled() throws {
    var options = options(["one", "two"])
    options.poolsSeeds = true
    #expect(throws: CompareFailure.nothingToCompare) {
      try CompareJob(options).run(in: store)
    }
    options.runs.append("long")
    #expect(
      throws: CompareFailure.otherSeeds(
        first: "one (2 seeds)", seeds: 2, second: "long", others: 1)
    ) { try CompareJob(options).run(in: store) }
  }

  @Test func whatIsMissingIsNamedInTheCallersWords() throws {
    let lone = try runs.align("lone", seed: 7)
    _ = try EvaluateJob(runs.evaluation(lone, ["en"])).run(in: store)
    var options = options(["one", lone])
    options.remedy = { missing, run in "Measure \(run) in \(missing.languages)." }
    var warnings: [Warning] = []
    let result = try CompareJob(options).run(in: store) { warnings.append($0) }
    #expect(result.table.languages == ["en"])
    let expected = CompareFailure.missing(
      run: "lone", what: "dataset 'data', test, subset 'all', in tr",
      remedy: "Measure \(lone) in [\"tr\"].")
    #expect(warnings == [.incomplete(expected), .tooFewPictures(["en"])])
    options.languages = ["tr"]
    #expect(throws: expected) { try CompareJob(options).run(in: store) }
  }

  @Test func badInputIsNamed() throws {
    let table: [(change: (inout CompareJob.Options) throws -> Void, words: String)] = [
      ({ $0.runs[1] = "three" }, "three"),
      ({ $0.data = "elsewhere" }, "run 'one' has no evaluation for dataset 'elsewhere', test"),
      ({ $0.languages = ["turkysh"] }, "there is no language \"turkysh\"."),
      ({ $0.subset = "none" }, "subset 'none'"),
      ({ $0.metric = try CompareJob.metric(named: "median rank") }, "Metrics: R@1"),
      ({ $0.metric = try CompareJob.metric(named: "R@ten") }, "there is no metric 'R@ten'"),
    ]
    for (change, expected) in table {
      var options = options(["one", "two"])
      let found = words {
        try change(&options)
        _ = try CompareJob(options).run(in: store)
      }
      #expect(found?.contains(expected) == true, "\(found ?? "nothing")")
    }
  }
}
