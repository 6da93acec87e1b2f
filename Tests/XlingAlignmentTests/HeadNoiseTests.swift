import Foundation
import Testing
import XlingAdapters
import XlingCore
import XlingData
import XlingTensor
import XlingTinyModel
import XlingTowers

@testable import XlingAlignment

/// Noise on the vectors that enter the heads, and dropout within them.
@Suite struct HeadNoiseTests {
  let workspace = Workspace(blockBytes: 1 << 20)

  private func configuration(
    _ method: String = "full", _ change: (inout AlignmentConfiguration) -> Void = { _ in }
  ) throws -> AlignmentConfiguration {
    var configuration = AlignmentConfiguration(recipe: try .named(method), seed: 3, steps: 8)
    change(&configuration)
    return configuration
  }

  private func noise(_ sigma: Float, step: Int = 0, firstPair: Int = 0) -> VectorNoise {
    VectorNoise(sigma: sigma, seed: 3, purpose: "text noise", step: step, firstPair: firstPair)
  }

  private func rows(_ count: Int, _ width: Int) -> Matrix {
    let x = workspace.take(count, width)
    var stream = RandomStream(seed: 5, "rows")
    for row in 0..<count {
      for column in 0..<width { x[row, column] = Float(stream.uniform(-1, 1)) * Float(1 + row) }
    }
    return x
  }

  private func length(_ x: Matrix, _ row: Int) -> Float {
    (0..<x.columns).reduce(Float(0)) { $0 + x[row, $1] * x[row, $1] }.squareRoot()
  }

  private func difference(_ a: Matrix, _ b: Matrix) -> Matrix {
    let out = workspace.take(a.rows, a.columns)
    for row in 0..<a.rows {
      for column in 0..<a.columns { out[row, column] = a[row, column] - b[row, column] }
    }
    return out
  }

  /// Its length is sigma times the vector's, its components are normal and not tied to the vector's.
  @Test func isGaussianInUnitsOfTheVectorsLength() {
    let x = rows(400, 384)
    let added = difference(noise(0.5).added(to: x, nil, in: workspace), x)
    var (sum, squares, fourth, along) = (0.0, 0.0, 0.0, 0.0)
    for row in 0..<x.rows {
      #expect(abs(length(added, row) / length(x, row) - 0.5) < 0.1)
      let unit = Double(length(x, row)) * 0.5 / 384.0.squareRoot()
      for column in 0..<x.columns {
        let z = Double(added[row, column]) / unit
        sum += z
        squares += z * z
        fourth += z * z * z * z
        along += z * Double(x[row, column]) / Double(length(x, row))
      }
    }
    let count = Double(x.rows * x.columns)
    #expect(abs(sum / count) < 0.01 && abs(squares / count - 1) < 0.02)
    #expect(abs(fourth / count - 3) < 0.1)
    #expect(abs(along / Double(x.rows)) < 0.2)
  }

  @Test func seedStepAndPlaceDecide() {
    let x = rows(6, 16)
    let whole = noise(0.5).added(to: x, nil, in: workspace).array()
    #expect(noise(0.5).added(to: x, nil, in: workspace).array() == whole)
    #expect(noise(0.5, step: 1).added(to: x, nil, in: workspace).array() != whole)
    let part = noise(0.5, firstPair: 2).added(to: x.slice(rows: 2..<6), nil, in: workspace)
    #expect(part.array() == Array(whole[32...]))
  }

  /// One draw for all tokens of a caption.
  @Test func tokensOfACaptionMoveTogether() {
    let x = workspace.take(5, 16)
    for row in 0..<5 { for column in 0..<16 { x[row, column] = 1 } }
    let layout = SequenceLayout(lengths: [2, 3])
    let y = noise(0.5).added(to: x, layout, in: workspace)
    let rows = (0..<5).map { y.slice(rows: $0..<$0 + 1).array() }
    #expect(rows[0] == rows[1] && rows[2] == rows[3] && rows[3] == rows[4])
    #expect(rows[0] != rows[2])
  }

  @Test func gradientIsThatOfTheNoiseWithTheVectorsLength() {
    let x = rows(3, 8)
    let dy = rows(3, 8)
    func value() -> Double {
      let y = noise(0.7).added(to: x, nil, in: workspace)
      return zip(y.array(), dy.array()).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let dx = workspace.take(3, 8)
    Elementwise.copy(dy, into: dx)
    noise(0.7).backward(x, nil, dy: dx)
    for row in 0..<3 {
      for column in 0..<8 {
        let kept = x[row, column]
        x[row, column] = kept + 0.01
        let above = value()
        x[row, column] = kept - 0.01
        let below = value()
        x[row, column] = kept
        #expect(abs((above - below) / 0.02 - Double(dx[row, column])) < 2e-3)
      }
    }
    let zero = workspace.take(1, 8)
    zero.fill(0)
    let dZero = rows(1, 8)
    let before = dZero.array()
    #expect(noise(0.7).added(to: zero, nil, in: workspace).array() == zero.array())
    noise(0.7).backward(zero, nil, dy: dZero)
    #expect(dZero.array() == before)
  }

  @Test func nothingIsDrawnWhereNothingIsSaid() throws {
    #expect(TrainingNoise(try configuration(), step: 0) == nil)
    #expect(TrainingNoise(try configuration { $0.textNoise = 0 }, step: 0) == nil)
    let noise = try #require(TrainingNoise(try configuration { $0.headDropout = 0.3 }, step: 0))
    #expect(noise.text(firstPair: 0).vectors == nil)
    #expect(noise.text(firstPair: 0).dropout(pairs: 4, nil) != nil)
    let other = try #require(TrainingNoise(try configuration { $0.imageNoise = 0.3 }, step: 0))
    #expect(other.text(firstPair: 0).vectors == nil && other.image(firstPair: 0).vectors != nil)
    #expect(other.text(firstPair: 0).dropout(pairs: 4, nil) == nil)
  }

  /// The share is left out, the rest is scaled, and both sides draw their own.
  @Test func dropoutLeavesOutItsShare() throws {
    let noise = try #require(
      TrainingNoise(try configuration { $0.headDropout = 0.3 }, step: 2))
    let x = workspace.take(200, 100)
    for row in 0..<200 { for column in 0..<100 { x[row, column] = 1 } }
    let text = noise.text(firstPair: 0).dropout(pairs: 200, nil)?.applied(to: x, in: workspace)
    let image = noise.image(firstPair: 0).dropout(pairs: 200, nil)?.applied(to: x, in: workspace)
    let values = try #require(text?.array())
    let zeros = values.count { $0 == 0 }
    #expect(abs(Double(zeros) / 20_000 - 0.3) < 0.02)
    #expect(values.allSatisfy { $0 == 0 || abs($0 - 1 / 0.7) < 1e-5 })
    #expect(values != image?.array())
  }

  private func step(
    _ model: DualEncoder, chunk: Int = 22
  ) throws -> (loss: Float, gradients: [[Float]]) {
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
      model.trainedParameters.map {
        Array(UnsafeBufferPointer(start: $0.parameter.gradient, count: $0.parameter.count))
      }
    )
  }

  private func model(_ method: String, hidden: Bool = false) throws -> DualEncoder {
    var recipe = try Recipe.named(method)
    if hidden { try RecipeChange(assignment: "head=hidden").apply(to: &recipe) }
    let model = try DualEncoder(
      text: TinyModel.text(), image: TinyModel.image(), recipe: recipe, seed: 5,
      embeddingWidth: 12)
    model.noise = TrainingNoise(
      try configuration {
        ($0.textNoise, $0.imageNoise, $0.headDropout) = (0.5, 0.2, 0.3)
      }, step: 1)
    return model
  }

  @Test(arguments: [("full", false), ("lwa", true), ("ape", false), ("projection", true)], [1, 5])
  func chunksHaveTheGradientOfTheBatch(_ method: (String, Bool), _ chunk: Int) throws {
    let whole = try step(try model(method.0, hidden: method.1))
    let parts = try step(try model(method.0, hidden: method.1), chunk: chunk)
    #expect(abs(whole.loss - parts.loss) < 1e-6)
    let (a, b) = (whole.gradients.joined(), parts.gradients.joined())
    let size = a.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let distance = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    #expect(distance.squareRoot() < 1e-5 * size)
  }

  @Test func evaluationIsWithout() throws {
    let captions = (0..<5).map { TinyPairs().tokens($0, caption: 0) }
    let noisy = try model("full", hidden: true)
    let embedded = try noisy.embedTexts(captions)
    noisy.noise = nil
    #expect(try noisy.embedTexts(captions) == embedded)
  }

  @Test func aRecipeWithoutHeadsHasNothingToLeaveOut() throws {
    var configuration = try configuration("lit") { $0.headDropout = 0.3 }
    try RecipeChange(assignment: "head=none").apply(to: &configuration.recipe)
    #expect(throws: AlignmentFailure.self) { try configuration.check(pairs: 100) }
    configuration.headDropout = nil
    try configuration.check(pairs: 100)
    configuration.textNoise = -.infinity
    #expect(throws: AlignmentFailure.self) { try configuration.check(pairs: 100) }
  }
}
