import Foundation
import Testing
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRuns
import XlingTestSupport
import XlingTowers

@testable import XlingJobs

@Suite("aligning as a job")
struct AlignJobTests {
  let runs: TinyRuns

  init() throws {
    runs = try TinyRuns()
    try runs.gallery.write([
      #"{"image": "0.png", "split": "train", "captions": {"en": ["dog"]}}"#,
      #"{"image": "1.png", "split": "train", "captions": {"en": ["cat"]}}"#,
      #"{"image": "2.png", "split": "train", "captions": {"en": ["cow", "cow cow"]}}"#,
      #"{"image": "3.png", "split": "test", "captions": {"en": ["dog cat"], "tr": ["kedi"]}}"#,
      #"{"image": "4.png", "split": "test", "captions": {"en": ["cat dog"], "tr": ["inek"]}}"#,
    ])
  }

  private var options: AlignJob.Options {
    get throws {
      var settings = TrainingSettings()
      (settings.steps, settings.batchSize, settings.embeddingWidth) = (3, 2, 8)
      var options = AlignJob.Options(
        try .named("projection"), settings, data: runs.gallery.data)
      options.textTower = runs.gallery.folder.path + "/text"
      options.imageTower = runs.gallery.folder.path + "/image"
      options.output = runs.gallery.folder.path + "/runs/one"
      return options
    }
  }

  private func run(
    _ options: AlignJob.Options, _ events: inout [AlignJob.Event]
  ) throws -> AlignResult {
    var heard: [AlignJob.Event] = []
    defer { events = heard }
    return try AlignJob(options).run(
      storing: { _ in try ExperimentStore(path: runs.store) }, observe: { heard.append($0) })
  }

  /// What is kept of a frozen tower is known by the weights that it has from the start.
  @Test func aStartFromAnotherRunIsNotGivenTheTowersOwnVectors() throws {
    var events: [AlignJob.Event] = []
    _ = try run(options, &events)
    var tuned = try options
    tuned.recipe = try .named("layernorm")
    tuned.output = runs.gallery.folder.path + "/runs/tuned"
    _ = try run(tuned, &events)
    var checkpoints: [String] = []
    for (name, keeps) in [("kept", true), ("plain", false)] {
      var started = try options
      started.output = runs.gallery.folder.path + "/runs/" + name
      started.startFrom = runs.gallery.folder.path + "/runs/tuned"
      started.keepsFeatures = keeps
      checkpoints.append(try run(started, &events).checkpoint)
    }
    #expect(checkpoints[0] == checkpoints[1])
  }

  /// What a bare file of a ViT does not tell is an option, and part of the run.
  @Test func aBareImageFileTakesHeads() throws {
    var events: [AlignJob.Event] = []
    var bare = try options
    bare.imageTower = Fixtures.path("parity/towers/deit3_pth/deit_3_small_224_1k.pth")
    #expect(words { _ = try run(bare, &events) }?.contains("--heads") == true)
    var hashes: Set<String> = []
    var checkpoints: Set<String> = []
    for heads in [3, 1] {
      bare.settings.heads = heads
      bare.output = runs.gallery.folder.path + "/runs/heads\(heads)"
      checkpoints.insert(try run(bare, &events).checkpoint)
      let loaded = try LoadedRun(folder: bare.output ?? "")
      #expect(loaded.model.image.configuration.heads == heads)
      hashes.insert(try loaded.modelHash())
      // Evaluation warns of nothing that was said.
      #expect(try TowerWarnings.nonFinite(loaded).isEmpty)
    }
    #expect(hashes.count == 2 && checkpoints.count == 2)
    bare.resumes = true
    bare.settings.heads = 3
    #expect(
      words { _ = try run(bare, &events) }?.contains("imageHeads") == true, "another run's heads")
    let exported = runs.gallery.folder.path + "/exported"
    try RunExport(run: bare.output ?? "").write(.folder, to: exported)
    #expect(try hashes.contains(LoadedRun(folder: exported).modelHash()))
  }

  /// Heads that a folder says anyway leave the run what it is.
  @Test func theHeadsOfAFolderNeedNoWord() throws {
    var events: [AlignJob.Event] = []
    var said = try options
    let plain = try run(said, &events)
    said.settings.heads = 2
    #expect(try run(said, &events).checkpoint == plain.checkpoint)
    #expect(events.contains { if case .alreadyFinished = $0 { true } else { false } })
  }

  @Test func trainsStoresAndIsEvaluated() throws {
    var events: [AlignJob.Event] = []
    let result = try run(options, &events)
    #expect(result.steps == 3 && result.trainingPairs == 3 && result.method == "projection")
    #expect(try coded(result).checkpoint == result.checkpoint)
    #expect(events.count { if case .step = $0 { true } else { false } } == 3)
    let store = try ExperimentStore(path: runs.store)
    #expect(try store.run(named: "one").status == .finished)
    #expect(try store.trainSteps(of: "one").count == 3)
    let found = try EvaluateJob(runs.evaluation(result.run)).run(in: store)
    #expect(Set(found.languages.map(\.language)) == ["en", "tr"])
  }

  @Test func resumesToTheSameBitsAndIsDoneOnce() throws {
    var events: [AlignJob.Event] = []
    let whole = try run(options, &events)
    var again = try options
    again.resumes = true
    let kept = try run(again, &events)
    #expect(kept.checkpoint == whole.checkpoint && kept.seconds == whole.seconds)
    #expect(events.contains { if case .alreadyFinished = $0 { true } else { false } })
    again.output = runs.gallery.folder.path + "/runs/two"
    #expect(try run(again, &events).checkpoint == whole.checkpoint)
  }

  @Test func badInputIsNamedAndMakesNothing() throws {
    let table: [(change: (inout AlignJob.Options) -> Void, words: String)] = [
      ({ $0.settings.language = "englich" }, "there is no language \"englich\"."),
      ({ $0.settings.language = "ko" }, "has no train caption in ko (Korean)."),
      ({ $0.settings.batchSize = 4 }, "batch size 4, but only 3 training pairs"),
      ({ $0.data += "/nowhere" }, "/data/nowhere"),
      ({ $0.textTower = "/nowhere" }, "/nowhere"),
      ({ $0.startFrom = "/nowhere" }, "/nowhere"),
    ]
    for (change, expected) in table {
      var options = try options
      change(&options)
      var events: [AlignJob.Event] = []
      let found = words { _ = try run(options, &events) }
      #expect(found?.contains(expected) == true, "\(found ?? "nothing")")
    }
    #expect(!RunFolder(try options.output ?? "").exists)
    var events: [AlignJob.Event] = []
    _ = try run(options, &events)
    // The same again is done already; another run is in the way.
    events = []
    _ = try run(options, &events)
    #expect(
      events.contains { if case .alreadyFinished = $0 { true } else { false } })
    var changed = try options
    changed.settings.seed = 9
    let other = words { _ = try run(changed, &events) }
    #expect(other?.contains("runs/one") == true, "\(other ?? "nothing")")
  }
}
