import Foundation
import Testing
import XlingAdapters
import XlingCore
import XlingData
import XlingTensor
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
    let batch = try loader.load(rows, step: nil, in: workspace, picture: pairs.picture)
    return (.tokens(rows.map { pairs.tokens($0, caption: 0) }), .pictures(batch))
  }

  @Test(arguments: TinyModel.methods)
  func agreesWithCentralDifferences(_ method: String) throws {
    let model = try TinyModel.dual(method)
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
