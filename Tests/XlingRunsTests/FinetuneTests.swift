import Foundation
import Testing
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingTensor
import XlingTestSupport
import XlingTinyModel
import XlingTowers

@testable import XlingRuns

/// Classifiers in folders: resumed, started from others, read again.
@Suite struct FinetuneTests {
  let bench: TinyBench

  init() throws {
    bench = try TinyBench()
    try bench.trainer("aligned", try bench.configuration("projection")).train()
  }

  private static let classes = ["a", "b", "c"]

  private struct Squares: LabelledSource {
    let pairs = TinyPairs(count: 18)
    var count: Int { pairs.count }
    func label(_ image: Int) -> Int32 { Int32(image % 3) }
    func picture(_ image: Int) throws -> Picture { try pairs.picture(image) }
    func pictureHash(_ image: Int) throws -> [UInt8] { try pairs.pictureHash(image) ?? [] }
    func announce(_ images: [Int]) {}
  }

  private func training(
    _ name: String, _ method: String, head kind: ClassHead.Kind = .linear, classes: Int = 3,
    startFrom: String? = nil, _ change: (inout AlignmentConfiguration) -> Void = { _ in }
  ) throws -> FinetuneTraining {
    let aligned = bench.path("aligned")
    let model = try DualEncoder.load(run: aligned)
    let hash = try FinetunedModel.hash(ofRun: aligned)
    let head: ClassHead =
      kind == .linear
      ? .linear(classes: classes, width: model.image.outputWidth)
      : .text(
        try model.embedTexts((0..<classes).map { [2, Int32(6 + $0), 3] }), temperature: 0.1)
    let classifier = PictureClassifier(model, head)
    let method = try FinetuneMethod(try MethodCards.named(method), head: kind)
    var settings = try bench.configuration("projection")
    change(&settings)
    let configuration = FinetuneConfiguration(method, head: kind, training: settings)
    try classifier.adapt(method, seed: settings.seed)
    let start = try startFrom.map {
      try FinetuneStart(bench.path($0), run: aligned, runHash: hash)
    }
    _ = try start?.copy(into: classifier)
    let trainer = try ClassifierTrainer(classifier, configuration, on: Squares())
    trainer.shouldStop = { false }
    let pictures = Self.draw
    return FinetuneTraining(
      trainer,
      identity: FinetuneIdentity(
        runHash: hash, drawHash: pictures.hash, classes: Array(Self.classes.prefix(classes)),
        heldOut: [], vectorsHash: nil, startsFrom: start?.hash, configuration: configuration),
      draw: pictures,
      origin: FinetuneRecord.Origin(
        run: aligned, data: "squares", dataFolder: "/squares", labels: "concept", shots: nil,
        shotsSeed: 0, startedFrom: startFrom, tries: []), in: FinetuneFolder(bench.path(name)))
  }

  private static let draw: ShotDraw = {
    let json = #"{"version": 1, "seed": 0, "data": "d", "classes": {}}"#
    return try! JSONDecoder().decode(ShotDraw.self, from: Data(json.utf8))
  }()

  /// Trains to the end.
  private func train(
    _ name: String, _ method: String, head kind: ClassHead.Kind = .linear,
    startFrom: String? = nil
  ) throws {
    _ = try training(name, method, head: kind, startFrom: startFrom).train()
  }

  private func weights(_ name: String) throws -> Data {
    try AtomicFile.read(FinetuneFolder(bench.path(name)).weights)
  }

  @Test(arguments: [
    ("layernorm", ClassHead.Kind.text), ("linear-probe", .linear), ("lwa", .linear),
  ])
  func stoppedOrKilledItEndsWithTheSameBits(_ method: String, _ kind: ClassHead.Kind) throws {
    let record = try training("whole", method, head: kind).train()
    #expect(record.isFinished && record.steps == 8)
    let stopped = try training("stopped", method, head: kind)
    var asked = 0
    stopped.trainer.shouldStop = {
      asked += 1
      return asked > 4
    }
    #expect(throws: InterruptionFailure.self) { try stopped.train() }
    try train("stopped", method, head: kind)
    #expect(try weights("stopped") == weights("whole"))
    // A kill in step 6: what lies behind the checkpoint of step 3 is lost.
    struct Killed: Error {}
    #expect(throws: Killed.self) {
      try training("killed", method, head: kind).train { if $0.step == 5 { throw Killed() } }
    }
    try train("killed", method, head: kind)
    #expect(try weights("killed") == weights("whole"))
    // Finished, it is left as it is, and read back.
    let again = try training("whole", method, head: kind)
    #expect(try again.train() == record)
    let trained = again.trainer.classifier.storedParameters.map { $0.parameter.values.map { $0 } }
    #expect(trained.joined().contains { $0 != 0 })
  }

  @Test func otherOptionsAreNotTheSameClassifier() throws {
    try train("run", "layernorm")
    let other = try training("run", "layernorm") { $0.peakRate = 0.5 }
    #expect(
      throws: RunFailure.notTheSameRun(path: bench.path("run"), fields: ["peakRate"])
    ) { try other.train() }
    #expect(throws: RunFailure.self) { try training("run", "bitfit").train() }
  }

  @Test func layerNormsAreAStartForAProbe() throws {
    try train("norms", "layernorm", head: .text)
    let probe = try training("probe", "linear-probe", head: .text, startFrom: "norms")
    let record = try probe.train()
    #expect(record.carried.count == 10 && record.carried.allSatisfy { $0.contains("layernorm") })
    // Read again, the probe has the tuned norms, though it trained none.
    let file = try Safetensors(path: FinetuneFolder(bench.path("probe")).weights)
    let norms = try Safetensors(path: FinetuneFolder(bench.path("norms")).weights)
    for name in record.carried {
      #expect(file.entries[name] != nil && norms.entries[name] != nil)
    }
    // Without the start it ends elsewhere.
    try train("alone", "linear-probe", head: .text)
    #expect(try weights("alone") != weights("probe"))
  }

  @Test func aStartOfAnotherShapeIsRefused() throws {
    try train("three", "layernorm", head: .linear)
    let error = #expect(throws: FinetuneFailure.self) {
      try training("two", "linear-probe", head: .linear, classes: 2, startFrom: "three")
    }
    #expect(error?.exitStatus == .usage)
    #expect(
      error?.description.contains("classes.weight of shape [3, 16], and here it is [2, 16]") == true
    )
    try train("probe", "linear-probe", head: .linear)
    #expect(throws: FinetuneFailure.noStart(path: bench.path("probe"))) {
      try training("norms", "layernorm", head: .text, startFrom: "probe")
    }
    #expect(throws: FinetuneFailure.notFinetuned(path: bench.path("aligned"))) {
      try training("x", "layernorm", startFrom: "aligned")
    }
  }
}
