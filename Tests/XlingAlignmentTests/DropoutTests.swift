import Foundation
import Testing
import XlingAdapters
import XlingData
import XlingTensor
import XlingTestSupport
import XlingTinyModel
import XlingTowers

@testable import XlingAlignment

/// Dropout in training: what it depends on, and what it leaves alone.
@Suite struct DropoutTests {
  static let rates = DropoutRates(hidden: 0.2, attention: 0.2)
  let workspace = Workspace(blockBytes: 1 << 20)

  private func step(
    _ model: DualEncoder, chunk: Int = 22
  ) throws -> (loss: Float, gradients: [(name: String, values: [Float])]) {
    let pairs = TinyPairs()
    let loader = PixelLoader(preprocessing: ImagePreprocessing(size: 16))
    workspace.reset()
    model.zeroGradients()
    let loss = try model.forwardBackward(count: 22, chunk: chunk, in: workspace) { rows in
      let pictures = try PictureBatch(rows.count, of: loader.elementCount, in: workspace) {
        try loader.load(Array(rows), step: nil, into: $0, picture: pairs.picture)
      }
      return (.tokens(rows.map { pairs.tokens($0, caption: 0) }), .pictures(pictures))
    }
    return (
      loss,
      model.trainedParameters.map { name, parameter in
        (name, Array(UnsafeBufferPointer(start: parameter.gradient, count: parameter.count)))
      }
    )
  }

  private func model(
    _ method: String, _ policy: DropoutPolicy, step: Int = 0, seed: UInt64 = 3
  ) throws -> DualEncoder {
    let model = try TinyModel.dual(method, dropout: Self.rates)
    model.dropout = TrainingDropout(policy: policy, seed: seed, step: step)
    return model
  }

  @Test func seedAndStepDecide() throws {
    let first = try step(try model("full", .trained)).loss
    #expect(try step(try model("full", .trained)).loss == first)
    #expect(try step(try model("full", .trained, step: 1)).loss != first)
    #expect(try step(try model("full", .trained, seed: 4)).loss != first)
    #expect(try step(try model("full", .none)).loss == step(try TinyModel.dual("full")).loss)
  }

  /// `trained` leaves locked towers whole; `all` does not.
  @Test func lockedTowersKeepTheirActivations() throws {
    let whole = try step(try model("projection", .none)).loss
    #expect(try step(try model("projection", .trained)).loss == whole)
    #expect(try step(try model("projection", .all)).loss != whole)
  }

  /// A chunk leaves out what the whole batch would.
  @Test(arguments: ["full", "lwa", "prompt"], [1, 5])
  func chunksHaveTheGradientOfTheBatch(_ method: String, _ chunk: Int) throws {
    let whole = try step(try model(method, .all))
    let parts = try step(try model(method, .all), chunk: chunk)
    #expect(abs(whole.loss - parts.loss) < 1e-6)
    let size = whole.gradients.reduce(0.0) { sum, entry in
      entry.values.reduce(sum) { $0 + Double($1) * Double($1) }
    }.squareRoot()
    for (expected, found) in zip(whole.gradients, parts.gradients) {
      let distance = zip(found.values, expected.values).reduce(0.0) {
        $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
      }.squareRoot()
      #expect(distance < 1e-5 * size, "\(expected.name)")
    }
  }

  @Test func activationsComputedAgainChangeNothing() throws {
    let kept = try model("full", .trained)
    let again = try model("full", .trained)
    for encoder in [again.text.encoder, again.image.encoder] {
      encoder.recomputesActivations = true
    }
    let (first, second) = (try step(kept), try step(again))
    #expect(first.loss == second.loss)
    for (one, other) in zip(first.gradients, second.gradients) {
      #expect(one.values == other.values, "\(one.name)")
    }
  }

  @Test func embeddingsAreWhole() throws {
    let captions = (0..<5).map { TinyPairs().tokens($0, caption: 0) }
    #expect(
      try model("full", .all).embedTexts(captions)
        == TinyModel.dual("full").embedTexts(captions))
  }

  @Test func liltsAugmentationIsItsCodes() {
    #expect(AugmentationChoice.lilt.augmentation?.images == .lilt)
  }
}
