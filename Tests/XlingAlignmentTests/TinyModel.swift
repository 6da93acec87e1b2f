import Foundation
import XlingAdapters
import XlingCore
import XlingData
import XlingTestSupport
import XlingTowers

@testable import XlingAlignment

/// Towers of width 16 with two layers, and 22 made-up pairs.
enum TinyModel {
  static func text(dropout: DropoutRates = DropoutRates()) -> TextTower {
    var configuration = BERTConfiguration(
      vocabularySize: 40, hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32,
      maximumPositions: 8)
    configuration.dropout = dropout
    let tower = TextTower(configuration)
    // Larger than in practice: the gradients then stand clear of the rounding.
    tower.initialize(seed: 1, deviation: 0.15)
    return tower
  }

  static func image(dropout: DropoutRates = DropoutRates()) -> ImageTower {
    var configuration = ViTConfiguration(
      imageSize: 16, patchSize: 8, hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32)
    configuration.dropout = dropout
    let tower = ImageTower(configuration)
    tower.initialize(seed: 2, deviation: 0.15)
    return tower
  }

  static let methods = ((try? MethodCards.load()) ?? []).map(\.name)

  static func dual(
    _ method: String, dropout: DropoutRates = DropoutRates()
  ) throws -> DualEncoder {
    let model = try DualEncoder(
      text: text(dropout: dropout), image: image(dropout: dropout), recipe: .named(method),
      seed: 5, embeddingWidth: 12)
    if model.recipe.text.start == .random { model.text.initialize(seed: 1, deviation: 0.15) }
    if model.recipe.image.start == .random { model.image.initialize(seed: 2, deviation: 0.15) }
    for prompt in [model.text.encoder.prompt, model.image.encoder.prompt].compactMap({ $0 }) {
      // A LayerNorm bends fast around so short a vector.
      for index in 0..<prompt.count { prompt.value[index] *= 4 }
    }
    return model
  }
}

/// Pictures of four coloured squares, 20 x 20, two or three captions each.
struct TinyPairs: PairSource {
  var count = 22
  func captionCount(_ image: Int) -> Int { 2 + image % 2 }

  func tokens(_ image: Int, caption: Int) -> [Int32] {
    var stream = RandomStream(seed: 3, "caption", image, caption)
    return [2] + (0..<1 + (image + caption) % 4).map { _ in Int32(5 + stream.index(35)) } + [3]
  }

  func picture(_ image: Int) throws -> Picture {
    var stream = RandomStream(seed: 4, "picture", image)
    let colors = (0..<4 * 3).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
    let pixels = (0..<20 * 20 * 3).map { index in
      let (x, y) = (index / 3 % 20, index / 60)
      return colors[(y / 10 * 2 + x / 10) * 3 + index % 3]
    }
    return Picture(width: 20, height: 20, pixels: pixels)
  }
}

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
    validation: any PairSource = TinyPairs(count: 9)
  ) throws -> Trainer {
    let text = try TowerSource(folder: folder.path + "/text")
    let image = try TowerSource(folder: folder.path + "/image")
    let trainer = try Trainer(
      try DualEncoder(text: text, image: image, configuration: configuration),
      identity: RunIdentity(
        text: text, image: image, tokenizerHash: "t", dataHash: "d", configuration: configuration),
      training: TinyPairs(), validation: validation, run: RunFolder(path(run)))
    // Tests of other modules raise real signals in this process.
    trainer.shouldStop = { false }
    return trainer
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
