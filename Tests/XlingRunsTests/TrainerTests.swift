import Foundation
import Testing
import XlingAdapters
import XlingCore
import XlingData
import XlingOptimization
import XlingTensor
import XlingTinyModel
import XlingTowers

@testable import XlingAlignment
@testable import XlingRuns

/// What a kill in mid-training leaves: an exception where the process would have ended.
private struct Killed: Error {}

@Suite struct TrainerTests {
  let bench: TinyBench

  init() throws { bench = try TinyBench() }

  @Test(arguments: TinyModel.methods)
  func resumedRunHasTheBitsOfAnUninterruptedOne(_ method: String) throws {
    let configuration = try bench.configuration(method) { $0.augmentation = Augmentation() }
    try bench.trainer("whole", configuration).train()
    #expect(throws: Killed.self) {
      try bench.trainer("cut", configuration).train { if $0.step == 5 { throw Killed() } }
    }
    let early = try bench.checkpoint("cut")
    try bench.trainer("cut", configuration).train(resume: true)
    let whole = try bench.checkpoint("whole")
    #expect(try bench.checkpoint("cut") == whole)
    #expect(early.count == 2 && early != whole)
    let log = try String(decoding: AtomicFile.read(bench.path("cut") + "/log.jsonl"), as: UTF8.self)
    #expect(log.split(separator: "\n").count == configuration.steps)
  }

  /// Pairs of another language: a kill, kept vectors and chunks change no bit of such a run either.
  @Test(arguments: ["projection", "lwa"])
  func mixedRunsResumeToTheSameBits(_ method: String) throws {
    var pairs = TinyPairs()
    pairs.mixed = [MixedCaptions(language: "tr", first: 22, pictures: [3, 5, 22])]
    let mix = try JSONDecoder().decode(
      CaptionMix.self,
      from: Data(
        #"{"parts": [{"language": "tr", "pairs": 3, "hash": "h"}], "share": 0.34}"#.utf8))
    let configuration = try bench.configuration(method) { $0.mix = mix }
    try bench.trainer("whole", configuration, training: pairs).train()
    #expect(throws: Killed.self) {
      try bench.trainer("cut", configuration, training: pairs).train {
        if $0.step == 5 { throw Killed() }
      }
    }
    try bench.trainer("cut", configuration, training: pairs).train(resume: true)
    #expect(try bench.checkpoint("cut") == bench.checkpoint("whole"))
    let direct = try bench.trainer("direct", configuration, training: pairs)
    direct.trainer.cachesFrozenFeatures = false
    try direct.train()
    #expect(try bench.checkpoint("direct") == bench.checkpoint("whole"))
    // It is another run than without, and resumes as no other.
    try bench.trainer("plain", try bench.configuration(method)).train()
    #expect(try bench.checkpoint("plain") != bench.checkpoint("whole"))
    var other = configuration
    other.mix?.parts[0].hash = "g"
    let failure = #expect(throws: RunFailure.self) {
      try bench.trainer("whole", other, training: pairs).train(resume: true)
    }
    #expect(failure?.description.contains("these differ: mix.") == true)
  }

  /// Heads that standardize: the moments of their input are taken before the first step, stored, and read again.
  @Test(arguments: ["projection", "lit", "lwa"])
  func standardizedRunsResumeToTheSameBits(_ method: String) throws {
    let configuration = try bench.configuration(method) {
      for option in ["head=hidden", "head_input=standardized"] {
        try? RecipeChange(assignment: option).apply(to: &$0.recipe)
      }
    }
    let whole = try bench.trainer("whole", configuration)
    try whole.train()
    #expect(throws: Killed.self) {
      try bench.trainer("cut", configuration).train { if $0.step == 5 { throw Killed() } }
    }
    try bench.trainer("cut", configuration).train(resume: true)
    #expect(try bench.checkpoint("cut") == bench.checkpoint("whole"))
    let direct = try bench.trainer("direct", configuration)
    direct.trainer.cachesFrozenFeatures = false
    try direct.train()
    #expect(try bench.checkpoint("direct") == bench.checkpoint("whole"))
    let moments = try #require(whole.model.textStandardization)
    #expect(moments.mean.values.contains { $0 != 0 } && moments.scale.values.contains { $0 != 1 })
    #expect(whole.model.storedParameters.map(\.name).contains("image_head.scale"))
    #expect(!whole.model.trainedParameters.map(\.name).contains("image_head.scale"))
    try bench.trainer("plain", try bench.configuration(method)).train()
    #expect(try bench.checkpoint("plain") != bench.checkpoint("whole"))
  }

  @Test(arguments: ["projection", "lit", "lwa"])
  func cachedFeaturesGiveTheSameBits(_ method: String) throws {
    let configuration = try bench.configuration(method) { $0.steps = 12 }
    try bench.trainer("cached", configuration).train()
    let direct = try bench.trainer("direct", configuration)
    direct.trainer.cachesFrozenFeatures = false
    try direct.train()
    #expect(try bench.checkpoint("cached") == bench.checkpoint("direct"))
    #expect(try bench.checkpoint("cached").count == 2)
  }

  @Test(arguments: TinyModel.methods)
  func frozenParametersKeepTheirBits(_ method: String) throws {
    let trainer = try bench.trainer("run", try bench.configuration(method))
    let before = trainer.model.parameters.map { Array($0.parameter.values) }
    try trainer.train()
    for (values, (name, parameter)) in zip(before, trainer.model.parameters) {
      let isSame = values == Array(parameter.values)
      if !parameter.isTrainable { #expect(isSame, "\(name) moved") }
      // The second token type's row never occurs, but the tensor as a whole is used.
      if parameter.isTrainable { #expect(!isSame, "\(name) did not move") }
    }
  }

  @Test func lossFallsAndTheRecordTellsIt() throws {
    var losses: [Float] = []
    let configuration = try bench.configuration("full") {
      $0.steps = 100
      $0.batchSize = 11
      $0.peakRate = 1e-2
    }
    let record = try bench.trainer("run", configuration).train { losses.append($0.loss) }
    #expect(losses.count == 100)
    #expect(losses[99] < 0.5 * losses[0])
    #expect(record.isFinished && record.finalLoss == losses[99])
    #expect(record.validation?.step == 100 && record.validation?.pairs == 9)
    #expect(try RunFolder(bench.path("run")).record() == record)
  }

  @Test func stopsAtTheFirstStepThatIsNoNumber() throws {
    let trainer = try bench.trainer("run", try bench.configuration("projection"))
    let error = #expect(throws: AlignmentFailure.self) {
      try trainer.train {
        if $0.step == 4 { trainer.model.textProjection?.weight.value.pointee = .nan }
      }
    }
    guard case .diverged(let step, let loss, _, let rate, let checkpoint) = error else {
      Issue.record("another failure: \(String(describing: error))")
      return
    }
    #expect(step == 5 && loss.isNaN)
    #expect(rate == trainer.configuration.schedule(pairs: 22).rate(4))
    #expect(checkpoint?.hasSuffix("step-00000003") == true)
    // The checkpoint of step 3 is still there to go on from.
    #expect(RunFolder(bench.path("run")).latestCheckpoint()?.hasSuffix("step-00000003") == true)
  }

  @Test func askedToStopItSavesAndSaysHowToGoOn() throws {
    let configuration = try bench.configuration("layernorm")
    try bench.trainer("whole", configuration).train()
    let trainer = try bench.trainer("cut", configuration)
    var asked = 0
    trainer.trainer.shouldStop = {
      asked += 1
      return asked > 4
    }
    let error = #expect(throws: InterruptionFailure.self) { try trainer.train() }
    #expect(error?.exitStatus == .interrupted)
    #expect(RunFolder(bench.path("cut")).latestCheckpoint()?.hasSuffix("step-00000004") == true)
    try bench.trainer("cut", configuration).train(resume: true)
    #expect(try bench.checkpoint("cut") == bench.checkpoint("whole"))
  }

  @Test func aRunIsNeitherOverwrittenNorResumedOtherwise() throws {
    let configuration = try bench.configuration("projection")
    try bench.trainer("run", configuration).train()
    #expect(throws: RunFailure.runExists(path: bench.path("run"))) {
      try bench.trainer("run", configuration).train()
    }
    var other = configuration
    other.peakRate = 0.5
    #expect(
      throws: RunFailure.notTheSameRun(path: bench.path("run"), fields: ["peakRate"])
    ) { try bench.trainer("run", other).train(resume: true) }
    #expect(throws: RunFailure.self) {
      try bench.trainer("none", configuration).train(resume: true)
    }
  }

  @Test func aRunKilledBeforeItsRecordWasFinishedIsFinishedByResuming() throws {
    let configuration = try bench.configuration("projection")
    let whole = try bench.trainer("whole", configuration).train()
    #expect(throws: Killed.self) {
      try bench.trainer("cut", configuration).train { if $0.step == 8 { throw Killed() } }
    }
    #expect(try !RunFolder(bench.path("cut")).record().isFinished)
    let record = try bench.trainer("cut", configuration).train(resume: true)
    #expect(record.isFinished && record.finalLoss == whole.finalLoss)
    #expect(record.validation == whole.validation && record.validation?.step == 8)
  }

  @Test func impossibleOptionsAreRefused() throws {
    for change: (inout AlignmentConfiguration) -> Void in [
      { $0.steps = 0 }, { $0.batchSize = 1 }, { $0.peakRate = .infinity }, { $0.logEvery = 0 },
      { $0.peakRate = 0 }, { $0.batchSize = 23 }, { $0.chunkSize = 0 }, { $0.patience = 0 },
      {
        $0.patience = 1
        $0.validateEvery = 0
      },
    ] {
      #expect(throws: AlignmentFailure.self) {
        try bench.trainer("run", try bench.configuration("projection", change))
      }
    }
  }
}
