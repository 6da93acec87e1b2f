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

/// Every trained tensor's gradient against central differences of the loss.
@Suite struct GradientTests {
  let workspace = Workspace(blockBytes: 1 << 20)

  private func inputs() throws -> (TextInput, ImageInput) {
    let pairs = TinyPairs()
    let loader = PixelLoader(
      preprocessing: ImagePreprocessing(size: 16))
    let rows = Array(0..<6)
    let batch = try PictureBatch(rows.count, of: loader.elementCount, in: workspace) {
      try loader.load(rows, step: nil, into: $0, picture: pairs.picture)
    }
    return (.tokens(rows.map { pairs.tokens($0, caption: 0) }), .pictures(batch))
  }

  @Test(arguments: TinyModel.methods)
  func agreesWithCentralDifferences(_ method: String) throws {
    try check(try TinyModel.dual(method), method)
  }

  /// A step's dropout is a function like any other: the same whenever the step is computed.
  @Test(arguments: ["full", "lwa", "da", "prompt", "compacter", "lora", "ape"])
  func agreesUnderDropout(_ method: String) throws {
    let model = try TinyModel.dual(method, dropout: DropoutRates(hidden: 0.2, attention: 0.3))
    model.dropout = TrainingDropout(policy: .all, seed: 3, step: 1)
    try check(model, method)
  }

  /// Inside the gated feed-forward and behind the last norm, too.
  @Test func agreesUnderDropoutOfT5() throws {
    var configuration = BERTConfiguration(
      vocabularySize: 40, hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32,
      maximumPositions: 8, tokenTypes: 0, layerNormEpsilon: 1e-6)
    configuration.modelType = "mt5"
    configuration.t5 = BERTConfiguration.T5(
      buckets: RelativePositions.Buckets(count: 8, maximumDistance: 16), headWidth: 8)
    configuration.dropout = DropoutRates(hidden: 0.2, attention: 0.2)
    let text = TextTower(configuration)
    text.initialize(seed: 1, deviation: 0.15)
    let model = try DualEncoder(
      text: text, image: TinyModel.image(), recipe: .named("full"), seed: 5, embeddingWidth: 12)
    model.dropout = TrainingDropout(policy: .trained, seed: 4, step: 0)
    try check(model, "mt5")
  }

  /// Noise on what enters the heads and dropout within them, heads of two layers among them.
  @Test(arguments: [("full", "linear"), ("full", "hidden"), ("lwa", "hidden"), ("ape", "")])
  func agreesUnderNoiseAtTheHeads(_ method: String, _ head: String) throws {
    var configuration = AlignmentConfiguration(recipe: try .named(method), seed: 3, steps: 1)
    if !head.isEmpty {
      try RecipeChange(assignment: "head=" + head).apply(to: &configuration.recipe)
    }
    (configuration.textNoise, configuration.imageNoise) = (0.3, 0.2)
    configuration.headDropout = 0.3
    let model = try DualEncoder(
      text: TinyModel.text(), image: TinyModel.image(), recipe: configuration.recipe, seed: 5,
      embeddingWidth: 12)
    model.noise = TrainingNoise(configuration, step: 1)
    try check(model, method + " " + head)
  }

  /// Through the standardization of what the heads read, with noise in units of what it gives.
  @Test(arguments: ["linear", "hidden"])
  func agreesBehindStandardization(_ head: String) throws {
    var configuration = AlignmentConfiguration(recipe: try .named("full"), seed: 3, steps: 1)
    for option in ["head=" + head, "head_input=standardized"] {
      try RecipeChange(assignment: option).apply(to: &configuration.recipe)
    }
    configuration.textNoise = 0.3
    let model = try DualEncoder(
      text: TinyModel.text(), image: TinyModel.image(), recipe: configuration.recipe, seed: 5,
      embeddingWidth: 12)
    // Six pairs of random towers lie so close together that the loss would bend too fast behind their own moments.
    for side in [model.textStandardization, model.imageStandardization] {
      let side = try #require(side)
      for column in 0..<side.mean.count {
        side.mean.value[column] = 0.1 * Float(column % 5)
        side.scale.value[column] = 0.5 + 0.5 * Float(column % 3)
      }
    }
    model.noise = TrainingNoise(configuration, step: 1)
    try check(model, "standardized " + head)
  }

  private func check(_ model: DualEncoder, _ method: String) throws {
    // At 0.07 the loss bends too fast for float32 differences; the derivative is the same code.
    model.temperature.value.pointee = 0.3
    let (texts, images) = try inputs()
    let start = workspace.mark()
    func loss() -> Double {
      defer { workspace.release(to: start) }
      return Double(model.forwardBackward(texts: texts, images: images, in: workspace))
    }
    model.zeroGradients()
    _ = loss()
    let trained = model.trainedParameters
    let gradients = trained.map {
      Array(UnsafeBufferPointer(start: $0.parameter.gradient, count: $0.parameter.count))
    }
    let total = GradientNorm.of(trained.map(\.parameter))
    for ((name, parameter), gradient) in zip(trained, gradients) {
      let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      for direction in directions(gradient, norm, name) {
        let slope = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * $1.1 }
        let measured = difference(parameter, along: direction, loss)
        // The loss is float32: its last bit limits what a difference can tell.
        let tolerance = 1e-3 * norm + 1e-4 * total
        #expect(
          abs(slope - measured) <= tolerance,
          "\(method) \(name): backward \(slope), differences \(measured), norm \(norm)")
      }
    }
  }

  /// Along the gradient and along a random unit vector.
  private func directions(_ gradient: [Float], _ norm: Double, _ name: String) -> [[Double]] {
    var stream = RandomStream(seed: 11, name)
    let random = gradient.map { _ in stream.uniform(-1, 1) }
    let length = random.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let own = norm > 0 ? [gradient.map { Double($0) / norm }] : []
    return own + [random.map { $0 / length }]
  }

  /// Central differences at h and h / 2, extrapolated (Richardson): the error is of order h^4.
  private func difference(
    _ parameter: Parameter, along direction: [Double], _ loss: () -> Double
  ) -> Double {
    let values = Array(parameter.values)
    func central(_ step: Double) -> Double {
      defer { for index in values.indices { parameter.value[index] = values[index] } }
      func moved(_ step: Double) -> Double {
        for index in values.indices {
          parameter.value[index] = Float(Double(values[index]) + step * direction[index])
        }
        return loss()
      }
      return (moved(step) - moved(-step)) / (2 * step)
    }
    let step = 0.02
    return (4 * central(step / 2) - central(step)) / 3
  }
}
