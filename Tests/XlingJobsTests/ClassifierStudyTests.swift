import Foundation
import Testing
import XlingAlignment
import XlingCore
import XlingData
import XlingRuns
import XlingStudies
import XlingTestSupport

@testable import XlingJobs

@Suite("a study of classifiers as a job")
struct ClassifierStudyTests {
  let runs: TinyRuns
  private var folder: String { runs.gallery.folder.path }

  /// Three classes of three training pictures, two of each other part.
  init() throws {
    runs = try TinyRuns()
    try runs.gallery.write([
      #"{"image": "0.png", "split": "train", "captions": {"en": ["dog"]}}"#,
      #"{"image": "1.png", "split": "train", "captions": {"en": ["cat"]}}"#,
      #"{"image": "2.png", "split": "test", "captions": {"en": ["cow"]}}"#,
    ])
    for (number, name) in ["cat", "cow", "dog", "it"].enumerated() {
      for (part, count) in [("train", 3), ("val", 2), ("test", 2)] {
        try AtomicFile.createFolder("\(folder)/animals/\(part)/\(name)")
        for index in 0..<count {
          let seed = 31 * number + 7 * index + part.count
          let pixels = (0..<16 * 16 * 3).map { UInt8(($0 * (seed + 3) * 7 + seed) % 251) }
          try AtomicFile.write(
            try Picture(width: 16, height: 16, pixels: pixels).png(),
            to: "\(folder)/animals/\(part)/\(name)/\(index).png")
        }
      }
    }
    let names = ["cat", "cow", "dog", "it"].map {
      #"{"class": "\#($0)", "names": {"en": ["\#($0)"]}}"#
    }
    try AtomicFile.write(names.joined(separator: "\n"), to: folder + "/names.jsonl")
  }

  private func setup(_ output: String) throws -> StudySetup {
    let path = "\(folder)/\(output).toml"
    try AtomicFile.write(
      """
      [study]
      name = "tiny"
      question = "Which?"
      [finetune]
      data = "\(folder)/animals"
      classes = "\(folder)/names.jsonl"
      least = 2
      held_out_classes = 2
      [align]
      method = "projection"
      data = "\(runs.gallery.data)"
      text_tower = "\(folder)/text"
      image_tower = "\(folder)/image"
      batch_size = 2
      embedding_width = 8
      steps = 2
      [axes]
      method = ["layernorm", "linear-probe", "zero-shot"]
      mode = ["alone", "from layernorm"]
      seed = [1, 2]
      [[skip]]
      when = { method = ["layernorm", "zero-shot"], mode = "from layernorm" }
      [train]
      shots = 2
      batch_size = 3
      [learning_rate]
      tries = [0.001, 0.01]
      [budget]
      steps = 3
      [evaluate]
      metrics = ["top-1"]
      [compare]
      baseline = "layernorm"
      explore = { axis = "mode", baseline = "alone" }
      """, to: path)
    return try StudySetup(path, isSmall: false, output: "\(folder)/\(output)") { _ in }
  }

  private func run(
    _ setup: StudySetup, _ output: String, _ cells: [StudyCell]? = nil, isPart: Bool = false
  ) throws -> (result: StudyJob.Result, labels: [String]) {
    var options = StudyJob.Options(
      StudyPlace(folder: "\(folder)/\(output)"), cells: cells ?? setup.plan.all)
    options.isPart = isPart
    var labels: [String] = []
    let result = try StudyJob(setup, options).run { event in
      if case .began(_, let label, _, _) = event { labels.append(label) }
    }
    return (result, labels)
  }

  private func tables(_ setup: StudySetup, _ output: String) throws -> StudyTables {
    try StudyStore(looking: "\(folder)/\(output)/study.sqlite").tables(setup.design)
  }

  @Test func theWholeStudyIsDoneOnceAndSaysWhatFinetuningSays() throws {
    let setup = try setup("whole")
    #expect(setup.plan.cells.count == 8 && setup.plan.tries.count == 6)
    let (result, labels) = try run(setup, "whole")
    #expect(result.cells == 8 && result.done == 8 && result.tries == 6)
    #expect(labels.prefix(2) == ["aligned run, seed 1", "aligned run, seed 2"])
    #expect(labels.count == 16 && Set(labels).count == 16)
    let start = labels.firstIndex(of: "layernorm, alone, seed 1") ?? .max
    let after = labels.firstIndex(of: "linear-probe, from layernorm, seed 1, try of rate 0.01") ?? 0
    #expect(start < after)
    #expect(try run(setup, "whole").labels.isEmpty)
    let tables = try tables(setup, "whole")
    for cell in tables.cells {
      let scores = try #require(tables.accuracies[cell.hash])
      #expect(scores.map(\.test.isHeldOut) == [false, true])
      #expect(scores.allSatisfy { $0.hits.count == 4 && $0.classes == 2 })
    }
    #expect(tables.tries.allSatisfy { $0.result?.value != nil })
    #expect(tables.costs.isEmpty)

    // The same as `xling finetune` makes of the same.
    let cell = try #require(
      setup.plan.cells.first { $0.factors["mode"] == "from layernorm" && $0.seed == 2 })
    let stored = try #require(tables.cells.first { $0.hash == cell.hash })
    let found = try #require(stored.result)
    let place = "\(folder)/whole/"
    func path(_ hash: String?) -> String {
      let cells = (try? StudyStore(looking: place + "study.sqlite").cells()) ?? []
      return place + (cells.first { $0.hash == hash }?.result?.run ?? "")
    }
    let classes = try #require(setup.classes)
    let classifier = try #require(try setup.plan.classifier(cell, rate: "\(found.rate)"))
    var options = classes.options(
      run: path(cell.aligned), try #require(classifier.method), classifier.settings)
    (options.shots, options.shotsSeed) = (2, 2)
    (options.startFrom, options.output) = (path(cell.start), folder + "/beside")
    let beside = try FinetuneJob(options).run { _ in }
    #expect(beside.weightsHash == found.checkpoint && beside.record.steps == found.steps)
    let rows = beside.rows.filter { $0.phase == "after" }
    #expect(rows.map(\.value) == (tables.accuracies[cell.hash] ?? []).map { 100 * $0.value })
    // Zero-shot is what it was before.
    let shot = try #require(
      tables.cells.first { $0.factors["method"] == "zero-shot" && $0.seed == 2 })
    let before = beside.rows.filter { $0.phase == "before" }
    #expect(before.map(\.value) == (tables.accuracies[shot.hash] ?? []).map { 100 * $0.value })
    #expect(shot.result?.trained == 0 && shot.result?.steps == 0)

    let cleaned = try StudyCleaning.clean(StudyPlace(folder: "\(folder)/whole"))
    // Two aligned runs, six classifiers, and the three tries that are no cell's run.
    #expect(cleaned.runs == 2 + 6 + 3)
    #expect(try run(setup, "whole").labels.isEmpty)
    let estimate = try StudyEstimate(setup)
    #expect(estimate.runs == 2 + 6 + 6 - 3 && estimate.seconds > 0)
  }

  @Test func sharesJoinToTheSame() throws {
    let setup = try setup("shares")
    _ = try run(setup, "together")
    var stores: [String] = []
    for shard in 1...2 {
      let cells = setup.plan.shard(shard, of: 2)
      guard !cells.isEmpty else { continue }
      _ = try run(setup, "shares/\(shard)", cells, isPart: true)
      stores.append("\(folder)/shares/\(shard)/study.sqlite")
    }
    let merge = try StudyStore.merge(stores, into: "\(folder)/shares/study.sqlite")
    #expect(merge.done == setup.plan.all.count)
    let (one, other) = (try tables(setup, "shares"), try tables(setup, "together"))
    #expect(one.accuracies == other.accuracies)
    #expect(one.cells.map(\.result?.checkpoint) == other.cells.map(\.result?.checkpoint))
  }

  @Test func whatIsMadeOfADivergedRunCountsAsDiverged() throws {
    let setup = try setup("lost")
    let store = try StudyStore(path: "\(folder)/lost/study.sqlite")
    _ = try store.take(setup.design, setup.plan.all)
    let run = setup.plan.aligned[0].hash
    #expect(try store.claim(run) != nil)
    _ = try store.complete(run, .diverged, nil, CellMeasurements(), error: "far off")
    let result = try self.run(setup, "lost").result
    #expect(result.diverged == 4 && result.done == 4)
    let lost = try tables(setup, "lost").cells.filter { $0.state == .diverged }
    #expect(lost.allSatisfy { $0.seed == 1 && $0.error == "what it is made of diverged: far off" })
  }

  @Test func whatIsNotThereIsTold() throws {
    try FileManager.default.removeItem(atPath: folder + "/animals/val")
    let gone = words { _ = try self.setup("gone") }
    #expect(gone?.contains("val") == true, "\(gone ?? "nothing")")
  }
}
