import Testing
import XlingTensor
import XlingTestSupport
import XlingTowers

/// The gradient of every parameter against PyTorch in float64, and what freezing changes: nothing
/// but the work.
struct GradientTests {
  @Test(arguments: [OutputRows.all, .pooled])
  func everyTextParameterFromThePooledVectors(outputs: OutputRows) throws {
    let run = try TextRun()
    run.tower.train { _ in true }
    _ = try run.step(reading: outputs, in: Workspace(blockBytes: 1 << 16))
    try compare(run.tower, "bert/gradients_cls")
  }

  @Test func everyTextParameterFromAllHiddenStates() throws {
    let run = try TextRun()
    run.tower.train { _ in true }
    let workspace = Workspace(blockBytes: 1 << 16)
    let batch = try run.fixture.tokens()
    let activations = run.tower.forward(batch, in: workspace, training: true)
    let weights = workspace.matrix(
      try run.fixture.rows("weight.hidden", batch.layout), columns: run.tower.width)
    run.tower.backward(activations, dHidden: weights, in: workspace)
    try compare(run.tower, "bert/gradients_hidden")
  }

  @Test(arguments: [OutputRows.all, .pooled])
  func everyImageParameter(outputs: OutputRows) throws {
    let run = try ImageRun()
    run.tower.train { _ in true }
    _ = try run.step(reading: outputs, in: Workspace(blockBytes: 1 << 16))
    try compare(run.tower, "vit/gradients_cls")
  }

  /// Two passes without zeroing between them give the gradient of the sum.
  @Test func gradientsAccumulate() throws {
    let run = try TextRun()
    run.tower.train { _ in true }
    let workspace = Workspace(blockBytes: 1 << 16)
    _ = try run.step(in: workspace)
    workspace.reset()
    _ = try run.step(in: workspace)
    try compare(run.tower, "bert/gradients_cls", times: 2)
  }

  private func compare(_ tower: some Tower, _ file: String, times: Float = 1) throws {
    let golden = try TensorFile(path: Fixtures.path("parity/\(file).safetensors"))
    #expect(golden.names == tower.parameters.all.map(\.name).sorted())
    for parameter in tower.parameters.all {
      let expected = try golden.floats(parameter.name).map { $0 * times }
      // Softmax ignores what all keys share: the key bias has no gradient but rounding noise.
      if parameter.name.hasSuffix("key.bias") {
        #expect(Distance.largest(parameter.gradients, expected) < 1e-4, "\(parameter.name)")
        continue
      }
      #expect(Distance.relative(parameter.gradients, expected) < 1e-4, "\(parameter.name)")
    }
  }
}
