import Testing
import XlingOptimization
import XlingTensor
import XlingTestSupport

/// Projections, normalization, contrastive loss and AdamW together, against PyTorch in float64.
struct OptimizationParityTests {
  let workspace = Workspace(blockBytes: 1 << 16)
  let golden: TensorFile

  init() throws {
    golden = try TensorFile(path: Fixtures.path("parity/contrastive.safetensors"))
  }

  private func parameter(_ name: String) throws -> Parameter {
    let parameter = Parameter(name, try golden.shape("start." + name))
    for (index, value) in try golden.floats("start." + name).enumerated() {
      parameter.value[index] = value
    }
    parameter.isTrainable = true
    return parameter
  }

  private func linear(_ name: String) throws -> Linear {
    Linear(weight: try parameter(name + ".weight"), bias: try parameter(name + ".bias"))
  }

  private func batch(_ name: String, _ step: Int) throws -> Matrix {
    let shape = try golden.shape(name)
    let count = shape[1] * shape[2]
    let values = try golden.floats(name)[step * count..<(step + 1) * count]
    let matrix = workspace.take(shape[1], shape[2])
    for (index, value) in values.enumerated() { matrix.pointer[index] = value }
    return matrix
  }

  @Test func sixSteps() throws {
    let image = try linear("image")
    let text = try linear("text")
    let temperature = try parameter("temperature")
    let parameters = image.parameters + text.parameters + [temperature]
    let optimizer = AdamW(parameters: parameters)
    for (step, expected) in try golden.floats("losses").enumerated() {
      workspace.reset()
      for parameter in parameters { parameter.zeroGradient() }
      temperature.value.pointee = min(max(temperature.value.pointee, 0.001), 0.5)
      let sides = try [(image, batch("images", step)), (text, batch("texts", step))].map {
        forward($0.0, $0.1)
      }
      let result = InfoNCE.forwardBackward(
        images: sides[0].y, texts: sides[1].y, temperature: temperature.value.pointee,
        in: workspace)
      #expect(abs(result.loss - expected) < 2e-5, "step \(step)")
      temperature.gradient?.pointee += result.dTemperature
      backward(image, sides[0], result.dImages)
      backward(text, sides[1], result.dTexts)
      if step == 0 { try compareGradients(parameters) }
      optimizer.step(rate: 1e-2)
    }
    for parameter in parameters {
      let expected = try golden.floats("end." + parameter.name)
      #expect(Distance.largest(Array(parameter.values), expected) < 2e-5, "\(parameter.name)")
    }
  }

  private struct Side {
    let x: Matrix
    let y: Matrix
    let norms: UnsafeMutablePointer<Float>
  }

  private func forward(_ projection: Linear, _ x: Matrix) -> Side {
    let projected = workspace.take(x.rows, projection.outputs)
    projection.forward(x, into: projected)
    let y = workspace.take(x.rows, projection.outputs)
    return Side(x: x, y: y, norms: L2Normalization.forward(projected, into: y, in: workspace))
  }

  private func backward(_ projection: Linear, _ side: Side, _ dy: Matrix) {
    let dProjected = workspace.take(dy.rows, dy.columns)
    L2Normalization.backward(side.y, norms: side.norms, dy: dy, into: dProjected)
    projection.backward(side.x, dy: dProjected, dx: nil)
  }

  private func compareGradients(_ parameters: [Parameter]) throws {
    for parameter in parameters {
      let expected = try golden.floats("gradient." + parameter.name)
      let found = Array(UnsafeBufferPointer(start: parameter.gradient, count: parameter.count))
      #expect(Distance.relative(found, expected) < 1e-4, "\(parameter.name)")
    }
  }
}

/// AdamW against PyTorch over twenty given gradients, one step's all zero, one of them near epsilon.
@Suite(.enabled(if: OptimizerFixture.isPresent, "needs ../shared/fixtures/parity/optim"))
struct AdamWParityTests {
  struct Case: Sendable, CustomStringConvertible {
    let name: String
    let options: AdamW.Options
    var description: String { name }
  }

  /// PyTorch's `Adam` without decay is `AdamW` without decay.
  static let cases = [
    Case(name: "adamw_lilt", options: .init()),
    Case(
      name: "adamw_schedule",
      options: .init(beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1)),
    Case(name: "adam", options: .init(weightDecay: 0)),
  ]

  @Test(arguments: cases)
  func twentySteps(_ test: Case) throws {
    let fixture = try OptimizerFixture(test.name)
    let optimizer = AdamW(parameters: fixture.parameters, options: test.options)
    for step in 0..<20 {
      try fixture.give(step)
      optimizer.step(rate: Float(try fixture.rate(step)))
      try fixture.expect(after: step, within: 4e-6)
    }
    for index in fixture.parameters.indices {
      let state = optimizer.state(of: index)
      try fixture.expect(state[0].tensor, "exp_avg", of: index)
      try fixture.expect(state[1].tensor, "exp_avg_sq", of: index)
    }
  }
}
