import Foundation
import Testing
import XlingAlignment
import XlingData
import XlingExperiments
import XlingRetrieval
import XlingRuns

@testable import XlingJobs

@Suite("evaluating as a job")
struct EvaluateJobTests {
  let runs: TinyRuns
  let run: String

  init() throws {
    runs = try TinyRuns()
    run = try runs.align("one")
  }

  @Test func storesAndReturnsWhatItMeasured() throws {
    var events: [LanguageEvent] = []
    let store = try ExperimentStore(path: runs.store)
    let job = EvaluateJob(runs.evaluation(run))
    let result = try job.run(in: store) { events.append($0) }
    #expect(result.run == "one" && result.pictures == 4 && result.split == "test")
    #expect(Set(result.languages.map(\.language)) == ["en", "tr"])
    #expect(result.languages.filter(\.partial).allSatisfy { $0.language == "tr" })
    #expect(result.averages.contains { $0.metric == "rsum" })
    #expect(result.averages.contains { $0.language == "mean" })
    #expect(result.rows.allSatisfy { $0.schema == "xling.eval/1" })
    // Held-out words are marked: all, with and without them.
    #expect(try store.evaluations(of: "one").count == 12)
    #expect(try coded(result) == result)
    #expect(
      events.contains(.step(.began(run: "one", total: 2)))
        && events.contains(.step(.done(2, language: "tr"))) && events.contains(.step(.ended)))
    #expect(events.contains(.saved(Saved(new: 12))))
    #expect(
      events.contains(
        .embedded(
          pictures: 4, texts: 10, cache: EmbeddingCache.path(besideStore: runs.store))))

    events = []
    #expect(try job.run(in: store) { events.append($0) } == result)
    #expect(events.contains(.saved(Saved(kept: 12))))
  }

  /// Of the very vectors that were ranked.
  @Test func centroidsAreThoseOfTheCaptions() throws {
    let result = try EvaluateJob(runs.evaluation(run)).run(in: ExperimentStore(path: runs.store))
    #expect(result.centroids.map(\.language) == ["en", "tr"])
    #expect(result.centroids.map(\.captions) == [8, 3])
    let loaded = try LoadedRun(folder: run)
    let gold = try Dataset.load(runs.gallery.data).gold("tr", .test)
    let rows = try loaded.model.embedTexts(
      gold.captions.map {
        try CaptionReading().ids(of: $0, language: "tr", maximumTokens: 30, by: loaded.tokenizer)
      }
    ).array()
    let width = loaded.model.embeddingWidth
    for column in 0..<width {
      let mean = (0..<3).reduce(0) { $0 + rows[$1 * width + column] } / 3
      #expect(abs(result.centroids[1].mean[column] - mean) < 1e-6)
    }
  }

  @Test func whatRepeatsStandsBehindTheRest() throws {
    var options = runs.evaluation(run, ["en"])
    options.measuresAmbiguity = true
    options.keepsEmbeddings = false
    let result = try EvaluateJob(options).run(in: ExperimentStore(path: runs.store))
    #expect(result.repeated.map(\.captions) == [2] && result.repeated.map(\.language) == ["en"])
    #expect(result.rows.suffix(result.repeated[0].rows.count) == result.repeated[0].rows[...])
  }

  @Test func centredLanguagesSaySo() throws {
    let store = try ExperimentStore(path: runs.store)
    let plain = try EvaluateJob(runs.evaluation(run)).run(in: store)
    #expect(plain.rows.allSatisfy { $0.centred == nil })
    let file = runs.store + ".txt"
    try Data("kedi inek\nit\ninek kedi it\n".utf8).write(to: URL(fileURLWithPath: file))
    var options = runs.evaluation(run)
    options.centred = [("Turkish", file)]
    var events: [LanguageEvent] = []
    let result = try EvaluateJob(options).run(in: store) { events.append($0) }
    #expect(result.languages.allSatisfy { ($0.centred != nil) == ($0.language == "tr") })
    #expect(result.averages.contains { $0.language == "mean" && $0.centred != nil })
    #expect(events.contains(.warning(.pairedSentences("tr", path: file, paired: 1, of: 3))))
    // Both are stored, under protocols of their own.
    let hashes = Set(try store.evaluations(of: "one").map(\.measured.hash))
    #expect(hashes.count == 2 * Set(plain.languages.map(\.subset)).count)
    options.subject.languages = ["en"]
    #expect(throws: CentringFailure.notEvaluated("Turkish", evaluated: ["en"])) {
      try EvaluateJob(options).run(in: store)
    }
    options.subject.languages = ["tr"]
    options.centred.append(("tr", file))
    #expect(throws: CentringFailure.twice("tr")) { try EvaluateJob(options).run(in: store) }
  }

  @Test func anObserverThatThrowsKeepsWhatWasStored() throws {
    struct Stop: Error {}
    let store = try ExperimentStore(path: runs.store)
    #expect(throws: Stop.self) {
      try EvaluateJob(runs.evaluation(run)).run(in: store) {
        if case .step(.done(1, _)) = $0 { throw Stop() }
      }
    }
    #expect(Set(try store.evaluations(of: "one").map(\.language)) == ["en"])
  }

  private static let bad: [(change: @Sendable (inout EvaluateJob.Options) -> Void, words: String)] =
    [
      (
        { $0.subject.languages = ["turkysh"] },
        "there is no language \"turkysh\". Did you mean tr (Turkish)?"
      ),
      ({ $0.subject.languages = ["ko"] }, "has no test caption in ko (Korean). It has, nearest "),
      ({ $0.subject.split = .val }, "has no val captions at all, in en (English) or otherwise."),
      ({ $0.subject.data?.name += "/nowhere" }, "/data/nowhere"),
      ({ $0.subject.run += "/nowhere" }, "/runs/one/nowhere"),
    ]

  @Test func badInputIsNamedAndMakesNoStore() throws {
    for (change, expected) in Self.bad {
      var options = runs.evaluation(run)
      change(&options)
      let found = words {
        _ = try EvaluateJob(options).run(in: ExperimentStore(path: runs.store))
      }
      #expect(found?.contains(expected) == true, "\(found ?? "nothing")")
    }
    #expect(!FileManager.default.fileExists(atPath: runs.store))
  }
}

@Suite("evaluating perturbed captions")
struct PerturbedEvaluationTests {
  let runs: TinyRuns
  let run: String

  init() throws {
    runs = try TinyRuns()
    run = try runs.align("one")
  }

  @Test func isStoredUnderAProtocolOfItsOwn() throws {
    let store = try ExperimentStore(path: runs.store)
    let plain = try EvaluateJob(runs.evaluation(run)).run(in: store)
    var options = runs.evaluation(run)
    options.perturbations = [.nfc, .fullwidth, .zwj]
    options.perturbationSeed = 7
    let result = try EvaluateJob(options).run(in: store)
    #expect(result.languages == plain.languages && result.averages == plain.averages)
    #expect(result.perturbed.map(\.perturbation) == [.nfc, .fullwidth, .zwj])
    #expect(result.perturbed.map(\.seed) == [nil, nil, 7])
    // All, with and without held-out words, plain and three times more.
    #expect(try store.evaluations(of: "one").count == 12 * 4)
    let subsets = Set(try store.evaluations(of: "one").map(\.measured.subset))
    #expect(subsets.contains("all") && subsets.contains("all, perturbed by zwj, seed 7"))
    let hashes = Set(result.rows.filter { $0.subset.hasPrefix("all") }.map(\.protocol))
    #expect(hashes.count == 4)
    #expect(result.rows.count > plain.rows.count)
    #expect(try coded(result) == result)
  }

  @Test func whatChangesNothingMeasuresTheSame() throws {
    var options = runs.evaluation(run, ["en"])
    options.perturbations = [.nfc, .fullwidth]
    let result = try EvaluateJob(options).run(in: ExperimentStore(path: runs.store))
    func values(_ rows: [ResultRow]) -> [Double] { rows.map(\.value) }
    #expect(values(result.perturbed[0].rows) == values(result.languages))
    #expect(result.perturbed[0].changes.map(\.changed) == [0])
    #expect(result.perturbed[1].changes.map(\.changed) == [8])
    // The tokenizer knows no full-width letters: every caption is the same to the model.
    #expect(values(result.perturbed[1].rows) != values(result.languages))
  }
}
