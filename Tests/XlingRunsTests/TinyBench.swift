import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingTestSupport
import XlingTinyModel
import XlingTowers

@testable import XlingRuns

/// A place with two tower folders, where runs are made.
final class TinyBench {
  let folder: TemporaryFolder

  init(dropout: DropoutRates = DropoutRates()) throws {
    folder = try TemporaryFolder()
    try TinyModel.text(dropout: dropout).save(to: folder.path + "/text", storage: .float32)
    try TinyModel.image(dropout: dropout).save(to: folder.path + "/image", storage: .float32)
  }

  func configuration(
    _ method: String, _ change: (inout AlignmentConfiguration) -> Void = { _ in }
  ) throws -> AlignmentConfiguration {
    var configuration = AlignmentConfiguration(recipe: try .named(method), seed: 9, steps: 8)
    configuration.batchSize = 6
    configuration.warmupSteps = 2
    configuration.checkpointEvery = 3
    configuration.validateEvery = 4
    configuration.embeddingWidth = 12
    configuration.logEvery = 1
    change(&configuration)
    return configuration
  }

  func trainer(
    _ run: String, _ configuration: AlignmentConfiguration,
    training pairs: any PairSource = TinyPairs(),
    validation: any PairSource = TinyPairs(count: 9), featuresBeside store: String? = nil,
    trunks wish: TrunkWish? = nil
  ) throws -> RunTraining {
    let text = try TowerSource(folder: folder.path + "/text")
    let image = try TowerSource(folder: folder.path + "/image")
    let identity = RunIdentity(
      text: text, image: image, tokenizerHash: "t", dataHash: "d", configuration: configuration)
    let model = try DualEncoder(text: text, image: image, configuration: configuration)
    let training = try RunTraining(
      model, identity: identity, training: pairs, validation: validation,
      run: RunFolder(path(run)),
      frozen: try store.flatMap { store in
        let plan = try wish.map {
          try TrunkPlan(
            model, identity, training: pairs, validation: validation, besideStore: store, $0)
        }
        return try model.frozenFeatures(
          besideStore: store, of: identity, trunks: plan?.budget ?? .nothing)
      })
    // Tests of other modules raise real signals in this process.
    training.trainer.shouldStop = { false }
    return training
  }

  func path(_ run: String) -> String { folder.path + "/" + run }

  /// The bytes of a run's last checkpoint: what was trained and the optimizer.
  func checkpoint(_ run: String) throws -> [Data] {
    guard let latest = RunFolder(path(run)).latestCheckpoint() else { return [] }
    return try ["/model.safetensors", "/optimizer.safetensors"].map {
      try AtomicFile.read(latest + $0)
    }
  }
}
