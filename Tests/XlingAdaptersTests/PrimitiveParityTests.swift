import Testing
import XlingAdapters
import XlingTensor
import XlingTestSupport
import XlingTowers

/// What methods insert, forward and back, against PyTorch in float64.
@Suite(.enabled(if: SharedData.exists("fixtures/parity/nn"), "needs ../shared/fixtures/parity/nn"))
struct PrimitiveParityTests {
  let workspace = Workspace(blockBytes: 1 << 16)

  private func file(_ name: String) throws -> TensorFile {
    try TensorFile(path: SharedData.path("fixtures/parity/nn/\(name).safetensors"))
  }

  private func fill(_ parameter: Parameter, _ values: [Float]) {
    #expect(values.count == parameter.count, "\(parameter.name)")
    for (index, value) in values.enumerated() { parameter.value[index] = value }
    parameter.isTrainable = true
  }

  private func rows(_ file: TensorFile, _ name: String) throws -> Matrix {
    let columns = try file.shape(name).last ?? 1
    let values = try file.floats(name)
    let matrix = workspace.take(values.count / columns, columns)
    for (index, value) in values.enumerated() { matrix.pointer[index] = value }
    return matrix
  }

  private func expect(_ found: [Float], _ file: TensorFile, _ name: String) throws {
    let golden = try file.floats(name)
    let size = golden.reduce(1) { max($0, abs($1)) }
    #expect(Distance.largest(found, golden) < 2e-6 * size, "\(name)")
  }

  private func gradient(_ parameter: Parameter) -> [Float] {
    Array(UnsafeBufferPointer(start: parameter.gradient, count: parameter.count))
  }

  private func check(
    _ module: some AdapterModule, _ file: TensorFile, _ names: [(Parameter, String)]
  ) throws {
    for (parameter, name) in names { fill(parameter, try file.floats("in." + name)) }
    let x = try rows(file, "in.x")
    let y = workspace.take(x.rows, x.columns)
    let dx = workspace.take(x.rows, x.columns)
    let saved = try #require(module.forward(x, into: y, in: workspace, saving: true))
    module.backward(saved, dy: try rows(file, "grad_out.y"), into: dx, in: workspace)
    try expect(y.array(), file, "out.y")
    try expect(dx.array(), file, "grad.x")
    for (parameter, name) in names { try expect(gradient(parameter), file, "grad." + name) }
  }

  @Test func layerwiseAdapter() throws {
    let adapter = LayerwiseAdapter("a", width: 12, bottleneck: 3)
    try check(
      adapter, try file("adapter"),
      [
        (adapter.down.weight, "down_weight"), (try #require(adapter.down.bias), "down_bias"),
        (adapter.up.weight, "up_weight"), (try #require(adapter.up.bias), "up_bias"),
      ])
  }

  @Test func compacter() throws {
    let rule = Parameter("rule", [4, 4, 4])
    let adapter = Compacter("a", rule: rule, width: 16, bottleneck: 8)
    try check(
      adapter, try file("compacter_adapter"),
      [
        (rule, "A"), (adapter.down.left, "down_left"), (adapter.down.right, "down_right"),
        (adapter.down.bias, "down_bias"), (adapter.up.left, "up_left"),
        (adapter.up.right, "up_right"), (adapter.up.bias, "up_bias"),
      ])
  }

  /// Without factors: W_i is L_i times the identity.
  @Test func kroneckerLayer() throws {
    let file = try file("phm_full")
    let rule = Parameter("rule", [4, 4, 4])
    let layer = KroneckerLinear("a", rule: rule, from: 16, to: 8, rank: 2)
    fill(rule, try file.floats("in.A"))
    fill(layer.left, try file.floats("in.W"))
    fill(layer.right, (0..<4).flatMap { _ in [1, 0, 0, 1] as [Float] })
    fill(layer.bias, try file.floats("in.bias"))
    try expect(layer.matrix(in: workspace).array(), file, "out.H")
    let x = try rows(file, "in.x")
    let y = workspace.take(x.rows, 8)
    let dx = workspace.take(x.rows, 16)
    layer.forward(x, into: y, in: workspace)
    layer.backward(x, dy: try rows(file, "grad_out.y"), dx: dx, in: workspace)
    try expect(y.array(), file, "out.y")
    try expect(dx.array(), file, "grad.x")
    try expect(gradient(rule), file, "grad.A")
    try expect(gradient(layer.left), file, "grad.W")
    try expect(gradient(layer.bias), file, "grad.bias")
  }

  /// The reference pads to six tokens and masks; we have no padding.
  @Test(arguments: MLP.Activation.allCases)
  func tokenHead(_ activation: MLP.Activation) throws {
    let file = try file("ape_head_" + activation.rawValue)
    let head = TokenMLP(
      MLP("head", from: 12, inner: 14, to: 8, layers: 4, activation: activation))
    for (index, layer) in head.mlp.layers.enumerated() {
      fill(layer.weight, try file.floats("in.w\(index)"))
      fill(try #require(layer.bias), try file.floats("in.b\(index)"))
    }
    let mask = try file.floats("in.mask")
    let all = try rows(file, "in.tokens")
    let kept = mask.indices.filter { mask[$0] != 0 }
    let lengths = (0..<2).map { row in mask[row * 6..<(row + 1) * 6].count { $0 != 0 } }
    let tokens = workspace.take(kept.count, 12)
    for (row, index) in kept.enumerated() {
      tokens.row(row).update(from: all.row(index), count: 12)
    }
    let pooled = workspace.take(2, 8)
    let saved = head.forward(
      tokens, SequenceLayout(lengths: lengths), into: pooled, in: workspace)
    try expect(pooled.array(), file, "out.pooled")
    // The reference's loss stands behind the normalization: its gradient by the pooled vector.
    let dPooled = workspace.take(2, 8)
    let dUnit = try rows(file, "grad_out.embedding")
    for row in 0..<2 {
      let norm = (0..<8).reduce(0) { $0 + pooled[row, $1] * pooled[row, $1] }.squareRoot()
      let inner = (0..<8).reduce(0) { $0 + dUnit[row, $1] * pooled[row, $1] / norm }
      for column in 0..<8 {
        dPooled[row, column] = (dUnit[row, column] - inner * pooled[row, column] / norm) / norm
      }
    }
    let dTokens = workspace.take(tokens.rows, 12)
    head.backward(saved, dPooled: dPooled, dTokens: dTokens, in: workspace)
    for (index, layer) in head.mlp.layers.enumerated() {
      try expect(gradient(layer.weight), file, "grad.w\(index)")
      try expect(gradient(try #require(layer.bias)), file, "grad.b\(index)")
    }
    let golden = try rows(file, "grad.tokens")
    for (row, index) in kept.enumerated() {
      for column in 0..<12 { #expect(abs(dTokens[row, column] - golden[index, column]) < 5e-6) }
    }
  }
}
