import Foundation
import Testing
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTinyModel
import XlingTowers

@testable import XlingRuns

@Suite struct LoadTests {
  let bench: TinyBench

  init() throws { bench = try TinyBench() }

  @Test(arguments: ["projection", "lwa", "da", "full", "lora", "compacter", "prompt"])
  func aLoadedRunEncodesAsTheTrainedModel(_ method: String) throws {
    let trainer = try bench.trainer("run", try bench.configuration(method))
    try trainer.train()
    let loaded = try DualEncoder.load(run: bench.path("run"))
    let workspace = Workspace(blockBytes: 1 << 20)
    let ids = (0..<5).map { TinyPairs().tokens($0, caption: 0) }
    let expected = trainer.model.encodeTexts(ids, in: workspace).array()
    #expect(loaded.encodeTexts(ids, in: workspace).array() == expected)
    // A row does not depend on its batch.
    let alone = loaded.encodeTexts([ids[0]], in: workspace).array()
    #expect(alone == Array(expected.prefix(12)))
    #expect(abs(alone.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    #expect(try loaded.embedTexts(ids, batchSize: 2).array() == expected)
    let preprocessing = trainer.configuration.preprocessing(for: loaded.image)
    let pictures = try loaded.embedPictures(
      5, preprocessing: preprocessing, picture: TinyPairs().picture)
    let trained = try trainer.model.embedPictures(
      5, preprocessing: preprocessing, batchSize: 3, picture: TinyPairs().picture)
    #expect(pictures == trained && pictures.count == 5 && pictures.width == 12)
    #expect(loaded.temperature.value.pointee == trainer.model.temperature.value.pointee)
  }

  @Test func anotherTowerIsRefused() throws {
    try bench.trainer("run", try bench.configuration("lwa")).train()
    let tower = TinyModel.text()
    tower.initialize(seed: 77)
    try tower.save(to: bench.path("text"), storage: .float32)
    let error = #expect(throws: RunFailure.self) {
      try DualEncoder.load(run: bench.path("run"))
    }
    guard case .towerChanged = error else {
      Issue.record("another failure: \(String(describing: error))")
      return
    }
  }

  @Test func everyNameAndShapeMustFit() throws {
    let trainer = try bench.trainer("run", try bench.configuration("layernorm"))
    try trainer.train()
    var tensors = trainer.model.trainedParameters.map {
      ($0.name, $0.parameter.shape, $0.parameter.values)
    }
    tensors[0].0 = "text.unheard.of"
    tensors[1].1 = [4, 4]
    try Safetensors.write(tensors, to: bench.path("run") + "/model.safetensors")
    #expect(throws: ContentFailure.self) { try DualEncoder.load(run: bench.path("run")) }
    unlink(bench.path("run") + "/" + ContentSums.fileName)
    let error = #expect(throws: RunFailure.self) {
      try DualEncoder.load(run: bench.path("run"))
    }
    guard case .tensors(_, let problems) = error else {
      Issue.record("another failure: \(String(describing: error))")
      return
    }
    #expect(problems.count == 3)
    #expect(problems.contains("text.embeddings.LayerNorm.bias: shape [4, 4], expected [16]"))
    #expect(problems.contains("unexpected: text.unheard.of"))
  }

  @Test func anUnfinishedRunIsLoadedOnRequestOnly() throws {
    struct Killed: Error {}
    #expect(throws: Killed.self) {
      try bench.trainer("run", try bench.configuration("da")).train {
        if $0.step == 4 { throw Killed() }
      }
    }
    #expect(
      throws: RunFailure.unfinished(path: bench.path("run"), step: 3, steps: 8)
    ) { try DualEncoder.load(run: bench.path("run")) }
    _ = try DualEncoder.load(run: bench.path("run"), allowUnfinished: true)
  }

  @Test func aFolderThatIsNoRunIsNamed() {
    let error = #expect(throws: RunFailure.self) {
      try DualEncoder.load(run: bench.path("nothing"))
    }
    #expect(error?.exitStatus == .missingInput)
    #expect(error?.description.contains(bench.path("nothing")) == true)
  }
}
