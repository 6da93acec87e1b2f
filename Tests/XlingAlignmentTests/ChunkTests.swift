import Testing
import XlingAdapters
import XlingCore
import XlingData
import XlingTensor
import XlingTestSupport
import XlingTinyModel
import XlingTowers

@testable import XlingAlignment

/// Ways to save memory that change no gradient.
@Suite struct ChunkTests {
  let workspace = Workspace(blockBytes: 1 << 20)

  private func gradients(
    _ model: DualEncoder, chunk: Int, augmented: Bool = true
  ) throws -> (loss: Float, gradients: [(String, [Float])]) {
    let pairs = TinyPairs()
    let loader = PixelLoader(
      preprocessing: ImagePreprocessing(size: 16), augmentation: Augmentation().images, seed: 3)
    workspace.reset()
    model.zeroGradients()
    let loss = try model.forwardBackward(count: 22, chunk: chunk, in: workspace) { rows in
      let pictures = try PictureBatch(rows.count, of: loader.elementCount, in: workspace) {
        try loader.load(
          Array(rows), step: 1, firstRow: rows.lowerBound, into: $0, picture: pairs.picture)
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

  @Test(arguments: TinyModel.methods, [1, 5, 7])
  func chunksHaveTheGradientOfTheBatch(_ method: String, _ chunk: Int) throws {
    let model = try TinyModel.dual(method)
    let whole = try gradients(model, chunk: 22)
    let parts = try gradients(model, chunk: chunk)
    #expect(abs(whole.loss - parts.loss) < 1e-6)
    let size = whole.gradients.reduce(0.0) { sum, entry in
      entry.1.reduce(sum) { $0 + Double($1) * Double($1) }
    }.squareRoot()
    for ((name, expected), (_, found)) in zip(whole.gradients, parts.gradients) {
      let distance = zip(found, expected).reduce(0.0) {
        $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
      }.squareRoot()
      #expect(distance < 1e-5 * size, "\(name)")
    }
  }

  /// To the bit, and with less memory.
  @Test(arguments: ["lwa", "full", "prompt", "layernorm"])
  func activationsComputedAgainChangeNothing(_ method: String) throws {
    let model = try TinyModel.dual(method)
    let kept = try gradients(model, chunk: 22)
    for encoder in [model.text.encoder, model.image.encoder] {
      encoder.recomputesActivations = true
    }
    let again = try gradients(model, chunk: 22)
    #expect(kept.loss == again.loss)
    for ((name, expected), (_, found)) in zip(kept.gradients, again.gradients) {
      #expect(found == expected, "\(name)")
    }
  }

  @Test func smallChunksTakeLessMemory() throws {
    func capacity(_ chunk: Int, recomputing: Bool) throws -> Int {
      let model = try TinyModel.dual("full")
      for encoder in [model.text.encoder, model.image.encoder] {
        encoder.recomputesActivations = recomputing
      }
      let own = Workspace(blockBytes: 64)
      let pairs = TinyPairs()
      let loader = PixelLoader(preprocessing: ImagePreprocessing(size: 16))
      _ = try model.forwardBackward(count: 22, chunk: chunk, in: own) { rows in
        let pictures = try PictureBatch(rows.count, of: loader.elementCount, in: own) {
          try loader.load(Array(rows), step: nil, into: $0, picture: pairs.picture)
        }
        return (.tokens(rows.map { pairs.tokens($0, caption: 0) }), .pictures(pictures))
      }
      return own.peak
    }
    let whole = try capacity(22, recomputing: false)
    #expect(try capacity(2, recomputing: false) < whole / 2)
    #expect(try capacity(22, recomputing: true) < whole)
  }
}
