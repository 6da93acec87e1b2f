import Testing
import XlingCore
import XlingData
import XlingTensor
import XlingTowers

@testable import XlingPretraining

/// Central differences of a loss at a few elements of a parameter.
private func differences(
  _ parameter: Parameter, at indices: [Int], step: Float, _ loss: () throws -> Double
) rethrows -> [Double] {
  try indices.map { index in
    let kept = parameter.value[index]
    defer { parameter.value[index] = kept }
    parameter.value[index] = kept + step
    let above = try loss()
    parameter.value[index] = kept - step
    return (above - (try loss())) / Double(2 * step)
  }
}

private func agree(_ found: [Double], _ expected: [Double]) -> Bool {
  let scale = expected.map(abs).max() ?? 0
  return zip(found, expected).allSatisfy { abs($0 - $1) <= 2e-2 * scale + 2e-4 }
}

@Suite struct MaskedLanguageGradients {
  let tower: TextTower
  let head: MaskedLanguageHead
  let batch = TokenBatch([[2, 7, 8, 3], [2, 9, 3]])
  let rows = [1, 2, 5]
  let targets: [Int32] = [11, 12, 13]

  init() {
    tower = TextTower(
      BERTConfiguration(
        vocabularySize: 300, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 32,
        maximumPositions: 8))
    tower.initialize(seed: 3, deviation: 0.3)
    head = MaskedLanguageHead(tower: tower, seed: 3)
    for parameter in head.parameters where parameter.shape.count > 1 {
      Initialization.truncatedNormal(parameter, seed: 4, deviation: 0.3)
    }
  }

  private func loss(training: Bool) -> Double {
    let workspace = Workspace()
    let activations = tower.forward(
      batch, reading: .some(rows), in: workspace, training: training)
    let dHidden = workspace.take(rows.count, 16)
    let loss = head.forwardBackward(
      hidden: activations.hidden, targets: targets, weight: 1, dHidden: dHidden, in: workspace)
    if training { tower.backward(activations, dHidden: dHidden, in: workspace) }
    return loss
  }

  @Test func everyParameterAgreesWithCentralDifferences() {
    let parameters = tower.parameters.all + head.parameters
    for parameter in parameters { parameter.isTrainable = true }
    _ = loss(training: true)
    let gradients = parameters.map { parameter in
      (0..<parameter.count).map { Double(parameter.gradient?[$0] ?? 0) }
    }
    for parameter in parameters { parameter.isTrainable = false }
    for (parameter, gradient) in zip(parameters, gradients) {
      // The largest elements tell most.
      let chosen = Array(
        gradient.indices.sorted { abs(gradient[$0]) > abs(gradient[$1]) }.prefix(4))
      let expected = differences(parameter, at: chosen, step: 1e-2) { loss(training: false) }
      #expect(agree(chosen.map { gradient[$0] }, expected), "\(parameter.name)")
    }
  }
}

@Suite struct RecognitionGradients {
  @Test func headAndTowerAgreeWithCentralDifferences() throws {
    let objective = try Small.recognition(steps: 10, singles: 1)
    for step in [0, 5] {
      let chosen = objective.parameters.all.filter {
        ["recognition.weight", "recognition.bias", "layernorm.weight", "embeddings.cls_token"]
          .contains($0.name)
      }
      for parameter in objective.parameters.all { parameter.isTrainable = true }
      func loss() throws -> Double {
        try objective.forwardBackward(step: step, in: Workspace())[0].value
      }
      objective.parameters.zeroGradients()
      _ = try loss()
      // Copied first: each further loss adds to the gradients.
      let gradients = chosen.map { parameter in
        (0..<parameter.count).map { Double(parameter.gradient?[$0] ?? 0) }
      }
      for (parameter, gradient) in zip(chosen, gradients) {
        let largest = Array(
          gradient.indices.sorted { abs(gradient[$0]) > abs(gradient[$1]) }.prefix(3))
        let expected = try differences(parameter, at: largest, step: 1e-2, loss)
        #expect(agree(largest.map { gradient[$0] }, expected), "\(parameter.name), step \(step)")
      }
    }
  }
}

/// Small objectives on real emoji.
enum Small {
  static func recognition(steps: Int, singles: Int) throws -> RecognitionObjective {
    let ids = ["1f6b2", "1f355", "1f431", "2603", "1f34e"]
    let concepts = ids.map { Concept(id: $0, name: $0) }
    let sprites = try DatasetBuilder.sprites(of: concepts, font: EmojiFont())
    let tower = ImageTower(
      ViTConfiguration(
        imageSize: 128, patchSize: 16, hiddenSize: 12, layers: 1, heads: 2, intermediateSize: 24))
    tower.initialize(seed: 1, deviation: 0.1)
    let stream = SceneStream(
      seed: 1,
      plan: .init(
        steps: steps, singlesSteps: singles, singlesBatch: 6, batch: 4, wholeBatch: 3,
        wholeSteps: 2),
      concepts: concepts, sprites: sprites, sceneCount: 4,
      preprocessing: ImagePreprocessing(size: 128), patchSize: 16)
    return RecognitionObjective(tower: tower, stream: stream, options: options(steps: steps))
  }

  static func options(steps: Int) -> PretrainingOptions {
    PretrainingOptions(
      steps: steps, decaySteps: 0, warmupSteps: 2, rate: 1e-3, checkpointEvery: 2)
  }
}
