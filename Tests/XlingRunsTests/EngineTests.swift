import Foundation
import Testing
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingOptimization
import XlingTinyModel
import XlingTowers

@testable import XlingRuns

private struct Killed: Error {}

/// Each picture with the caption of the next: learning the right pairs makes these worse.
private struct WrongPairs: PairSource {
  let count = 9
  func captionCount(_ image: Int) -> Int { 1 }
  func tokens(_ image: Int, caption: Int) -> [Int32] {
    TinyPairs().tokens((image + 1) % count, caption: 0)
  }
  func picture(_ image: Int) throws -> Picture { try TinyPairs().picture(image) }
}

/// Optimizers, chunks, early stopping: each resumes to the same bits.
@Suite struct EngineTests {
  let bench: TinyBench

  init() throws { bench = try TinyBench() }

  static let engines: [(name: String, change: @Sendable (inout AlignmentConfiguration) -> Void)] = [
    ("adafactor", { $0.optimizer = .adafactor(Adafactor.Options()) }),
    (
      "adafactor with a first moment",
      {
        var options = Adafactor.Options()
        options.beta1 = 0.9
        $0.optimizer = .adafactor(options)
      }
    ),
    ("chunks", { $0.chunkSize = 4 }),
    ("bf16", { $0.precision = .bf16 }),
    ("recomputation", { $0.recomputesActivations = true }),
    ("delayed image tower", { $0.imageRate = .delay }),
    ("lilt's schedule", { $0.schedule = .lilt }),
    ("early stopping", { $0.patience = 9 }),
    (
      "noise and dropout at the heads",
      { ($0.textNoise, $0.imageNoise, $0.headDropout) = (0.5, 0.2, 0.3) }
    ),
    ("captions in turn", { $0.captionOrder = .inTurn }),
  ]

  @Test(arguments: engines.indices)
  func resumesToTheSameBits(_ index: Int) throws {
    let configuration = try bench.configuration("lwa") {
      $0.augmentation = Augmentation()
      Self.engines[index].change(&$0)
    }
    try bench.trainer("whole", configuration).train()
    #expect(throws: Killed.self) {
      try bench.trainer("cut", configuration).train { if $0.step == 5 { throw Killed() } }
    }
    try bench.trainer("cut", configuration).train(resume: true)
    #expect(try bench.checkpoint("cut") == bench.checkpoint("whole"))
    let weights = try ["whole", "cut"].map {
      try AtomicFile.read(bench.path($0) + "/model.safetensors")
    }
    // Hashes and folders of the towers are in the metadata, and equal, too.
    #expect(weights[0] == weights[1])
  }

  /// Interrupted after five steps of eight and resumed, a run has the bits of one that was not.
  @Test(arguments: [("lwa", DropoutPolicy.trained), ("projection", .all)])
  func resumesToTheSameBitsUnderDropout(_ method: String, _ policy: DropoutPolicy) throws {
    let bench = try TinyBench(dropout: DropoutRates(hidden: 0.2, attention: 0.2))
    let configuration = try bench.configuration(method) { $0.dropout = policy }
    try bench.trainer("whole", configuration).train()
    #expect(throws: Killed.self) {
      try bench.trainer("killed", configuration).train { if $0.step == 5 { throw Killed() } }
    }
    try bench.trainer("killed", configuration).train(resume: true)
    #expect(try bench.checkpoint("whole") == bench.checkpoint("killed"))
    let without = try bench.configuration(method)
    try bench.trainer("without", without).train()
    #expect(try bench.checkpoint("whole") != bench.checkpoint("without"))
  }

  @Test func stopsEarlyAndKeepsTheBest() throws {
    let configuration = try bench.configuration("full") {
      $0.steps = 60
      $0.peakRate = 5e-3
      $0.validateEvery = 2
      $0.patience = 3
    }
    var points: [ValidationPoint] = []
    let trainer = try bench.trainer("run", configuration, validation: WrongPairs())
    let record = try trainer.train {
      if let point = $0.validation { points.append(point) }
    }
    let best = try #require(points.min { $0.loss < $1.loss })
    #expect(record.isFinished && record.steps < 60)
    #expect(record.bestStep == best.step && record.validation == best)
    #expect(points.count == points.firstIndex(of: best).map { $0 + 4 })
    // What the run gives is the best, not the last.
    let last = try Safetensors(
      path: try #require(RunFolder(bench.path("run")).latestCheckpoint()) + "/model.safetensors")
    let model = try DualEncoder.load(run: bench.path("run"))
    let name = "text_projection.weight"
    let projection = try #require(model.textProjection).weight
    let other = try TinyModel.dual("full")
    let lastProjection = try #require(other.textProjection).weight
    try last.read(name, into: lastProjection)
    #expect(Array(projection.values) != Array(lastProjection.values))
  }

  @Test func anExplodedLossStopsTheRun() throws {
    let trainer = try bench.trainer("run", try bench.configuration("projection"))
    let error = #expect(throws: AlignmentFailure.self) {
      try trainer.train {
        guard $0.step == 4 else { return }
        // Wrong pairs at the least temperature: each loss is about a thousand.
        trainer.model.temperature.value.pointee = 0.001
        let weight = trainer.model.textProjection?.weight
        for index in 0..<(weight?.count ?? 0) { weight?.value[index] *= -1 }
      }
    }
    guard case .diverged(let step, let loss, _, _, let checkpoint) = error else {
      Issue.record("another failure: \(String(describing: error))")
      return
    }
    #expect(step == 5 && loss > 30 && loss.isFinite)
    #expect(checkpoint?.hasSuffix("step-00000003") == true)
    #expect(error?.description.contains("step-00000003") == true)
  }

  /// None of noise, dropout and order is what it was without, and said as none it is nothing.
  @Test func noiseChangesARunAndZeroDoesNot() throws {
    try bench.trainer("plain", try bench.configuration("projection")).train()
    let plain = try bench.checkpoint("plain")
    let zero = try bench.configuration("projection") {
      ($0.textNoise, $0.imageNoise, $0.headDropout, $0.captionOrder) = (0, 0, 0, .drawn)
    }
    try bench.trainer("zero", zero).train()
    #expect(try bench.checkpoint("zero").last == plain.last)
    let changes: [@Sendable (inout AlignmentConfiguration) -> Void] = [
      { $0.textNoise = 0.5 }, { $0.imageNoise = 0.5 }, { $0.headDropout = 0.3 },
      { $0.captionOrder = .inTurn },
    ]
    for (index, change) in changes.enumerated() {
      try bench.trainer("\(index)", try bench.configuration("projection", change)).train()
      #expect(try bench.checkpoint("\(index)").last != plain.last)
    }
  }

  /// A run with heads of two layers is stored and read as it was trained.
  @Test func hiddenHeadsAreStored() throws {
    let configuration = try bench.configuration("projection") {
      $0.recipe.text.head = .hidden
      $0.recipe.text.options.headWidth = 9
      $0.headDropout = 0.2
    }
    let trainer = try bench.trainer("run", configuration)
    try trainer.train()
    let read = try DualEncoder.load(run: bench.path("run"))
    let captions = (0..<5).map { TinyPairs().tokens($0, caption: 0) }
    #expect(try read.embedTexts(captions) == trainer.model.embedTexts(captions))
    let names = read.parameters.map(\.name)
    #expect(names.contains("text_head.1.weight") && names.contains("image_projection.weight"))
    #expect(read.parameters.contains { $0.parameter.shape == [9, 16] })
  }

  @Test func onlyWhatWasTrainedIsStored() throws {
    let trainer = try bench.trainer("run", try bench.configuration("lwa"))
    try trainer.train()
    let file = try Safetensors(path: bench.path("run") + "/model.safetensors")
    #expect(Set(file.entries.keys) == Set(trainer.model.trainedParameters.map(\.name)))
    #expect(file.metadata["text_tower_sha256"]?.count == 64)
    // The same run has the same file wherever its towers lie.
    #expect(!file.metadata.values.contains { $0.contains("/") })
    let recipe = try MethodCard.read(bench.path("run") + "/recipe.toml").recipe
    #expect(recipe == trainer.configuration.recipe)
  }
}
