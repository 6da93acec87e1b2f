import CKernels
import Testing
import XlingTensor
import XlingTestSupport

/// Each operation and its way back against PyTorch in float64.
@Suite(
  .enabled(
    if: KernelFixture.isPresent, "needs ../shared/fixtures/parity/nn, or another set with nn/"))
struct KernelParityTests {
  let workspace = Workspace(blockBytes: 1 << 16)

  @Test(arguments: [("1e-12", Float(1e-12)), ("1e-06", 1e-6), ("1e-05", 1e-5)])
  func layerNorm(name: String, epsilon: Float) throws {
    let fixture = try KernelFixture("layernorm_eps\(name)")
    let x = try fixture.matrix("in.x", in: workspace)
    let norm = LayerNorm("norm", width: x.columns, epsilon: epsilon)
    norm.gamma.fill(try fixture.floats("in.weight"))
    norm.beta?.fill(try fixture.floats("in.bias"))
    for parameter in norm.parameters { parameter.isTrainable = true }
    let y = workspace.take(x.rows, x.columns)
    let dx = workspace.take(x.rows, x.columns)
    let saved = norm.forward(x, into: y, in: workspace)
    norm.backward(saved, dy: try fixture.matrix("grad_out.y", in: workspace), dx: dx)
    #expect(try fixture.error("out.y", y.array()) <= 1)
    #expect(try fixture.error("grad.x", dx.array()) <= 1)
    #expect(try fixture.error("grad.weight", norm.gamma.gradients) <= 1)
    #expect(try fixture.error("grad.bias", norm.beta?.gradients ?? []) <= 1)
  }

  @Test(arguments: [("1e-06", Float(1e-6)), ("1e-05", 1e-5)])
  func rootMeanSquareNorm(name: String, epsilon: Float) throws {
    let fixture = try KernelFixture("rmsnorm_eps\(name)")
    let x = try fixture.matrix("in.x", in: workspace)
    let norm = LayerNorm("norm", width: x.columns, epsilon: epsilon, form: .rootMeanSquare)
    #expect(norm.parameters.count == 1)
    norm.gamma.fill(try fixture.floats("in.weight"))
    norm.gamma.isTrainable = true
    let y = workspace.take(x.rows, x.columns)
    let dx = workspace.zeros(x.rows, x.columns)
    let saved = norm.forward(x, into: y, in: workspace)
    norm.backward(
      saved, dy: try fixture.matrix("grad_out.y", in: workspace), dx: dx, accumulate: true)
    #expect(try fixture.error("out.y", y.array()) <= 1)
    #expect(try fixture.error("grad.x", dx.array()) <= 1)
    #expect(try fixture.error("grad.weight", norm.gamma.gradients) <= 1)
  }

  @Test func lowRankUpdate() throws {
    let fixture = try KernelFixture("lora")
    let x = try fixture.matrix("in.x", in: workspace)
    var dense = Linear("dense", from: x.columns, to: 7)
    let update = LowRankUpdate("dense", from: x.columns, to: 7, rank: 3, alpha: 8)
    dense.lowRank = update
    dense.weight.fill(try fixture.floats("in.weight"))
    dense.bias?.fill(try fixture.floats("in.bias"))
    update.down.fill(try fixture.floats("in.lora_A"))
    update.up.fill(try fixture.floats("in.lora_B"))
    for parameter in dense.parameters + update.parameters { parameter.isTrainable = true }
    let y = workspace.take(x.rows, 7)
    let dx = workspace.take(x.rows, x.columns)
    dense.forward(x, into: y)
    dense.backward(x, dy: try fixture.matrix("grad_out.y", in: workspace), dx: dx)
    #expect(try fixture.error("out.y", y.array()) <= 1)
    #expect(try fixture.error("grad.x", dx.array()) <= 1)
    #expect(try fixture.error("grad.weight", dense.weight.gradients) <= 1)
    #expect(try fixture.error("grad.lora_A", update.down.gradients) <= 1)
    #expect(try fixture.error("grad.lora_B", update.up.gradients) <= 1)
    // Merged into the weight it computes the same.
    update.merge(into: dense.weight)
    dense.lowRank = nil
    dense.forward(x, into: y)
    #expect(try fixture.error("out.y", y.array()) <= 1)
  }

  @Test(arguments: [
    ("gelu_erf", Activation.gelu), ("gelu_tanh", .geluTanh), ("quick_gelu", .quickGELU),
  ])
  func activation(name: String, form: Activation) throws {
    let fixture = try KernelFixture(name)
    let x = try fixture.matrix("in.x", in: workspace)
    let y = workspace.take(x.rows, x.columns)
    Elementwise.activate(x, into: y, form: form)
    #expect(try fixture.error("out.y", y.array()) <= 1)
    let dx = try fixture.matrix("grad_out.y", in: workspace)
    Elementwise.activationBackward(x, dy: dx, form: form)
    #expect(try fixture.error("grad.x", dx.array()) <= 1)
  }

  @Test func layerScale() throws {
    let fixture = try KernelFixture("layer_scale")
    let x = try fixture.matrix("in.branch", in: workspace)
    let scale = LayerScale("scale", width: x.columns)
    scale.gamma.fill(try fixture.floats("in.gamma"))
    scale.gamma.isTrainable = true
    let y = workspace.take(x.rows, x.columns)
    let dx = workspace.take(x.rows, x.columns)
    scale.forward(x, into: y)
    Elementwise.add(try fixture.matrix("in.x", in: workspace), to: y)
    scale.backward(x, dy: try fixture.matrix("grad_out.y", in: workspace), dx: dx)
    #expect(try fixture.error("out.y", y.array()) <= 1)
    #expect(try fixture.error("grad.branch", dx.array()) <= 1)
    #expect(try fixture.error("grad.gamma", scale.gamma.gradients) <= 1)
  }

  @Test func linear() throws {
    let fixture = try KernelFixture("linear")
    let x = try fixture.matrix("in.x", in: workspace)
    let dy = try fixture.matrix("grad_out.y", in: workspace)
    let linear = Linear("dense", from: 10, to: 7)
    linear.weight.fill(try fixture.floats("in.weight"))
    linear.bias?.fill(try fixture.floats("in.bias"))
    for parameter in linear.parameters { parameter.isTrainable = true }
    let y = workspace.take(x.rows, 7)
    let dx = workspace.take(x.rows, 10)
    linear.forward(x, into: y)
    linear.backward(x, dy: dy, dx: dx)
    #expect(try fixture.error("out.y", y.array()) <= 1)
    #expect(try fixture.error("grad.x", dx.array()) <= 1)
    #expect(try fixture.error("grad.weight", linear.weight.gradients) <= 1)
    #expect(try fixture.error("grad.bias", linear.bias?.gradients ?? []) <= 1)
    // A second pass adds: the gradient of a sum of batches.
    linear.backward(x, dy: dy, dx: dx, accumulate: true)
    let half = linear.weight.gradients.map { $0 / 2 }
    #expect(try fixture.error("grad.weight", half) <= 1)
    #expect(try fixture.error("grad.x", dx.array().map { $0 / 2 }) <= 1)
  }

  @Test func attention() throws {
    let fixture = try KernelFixture("attention_nomask")
    let layout = SequenceLayout(lengths: [6, 6])
    let attention = Attention(heads: 3, size: 8)
    let qkv = try joined(fixture, ["in.q", "in.k", "in.v"], lengths: [6, 6])
    let context = workspace.take(12, 24)
    attention.forward(.init(sideBySide: qkv), layout, into: context)
    let dcontext = try joined(fixture, ["grad_out.y"], lengths: [6, 6])
    let dqkv = workspace.take(12, 72)
    attention.backward(
      .init(sideBySide: qkv), layout, dcontext: dcontext, into: .init(sideBySide: dqkv))
    let expected = try joined(fixture, ["out.y"], lengths: [6, 6])
    #expect(Distance.largest(context.array(), expected.array()) <= fixture.bound("out.y"))
    for (index, name) in ["grad.q", "grad.k", "grad.v"].enumerated() {
      let found = dqkv.slice(columns: index * 24..<(index + 1) * 24)
      let gold = try joined(fixture, [name], lengths: [6, 6])
      #expect(Distance.largest(found.array(), gold.array()) <= fixture.bound(name), "\(name)")
    }
  }

  /// Rows without padding give what a mask over padded keys gives.
  @Test(arguments: ["neginf", "minus10000"])
  func attentionOfDifferentLengths(mask: String) throws {
    let fixture = try KernelFixture("attention_mask_\(mask)")
    let keep = try fixture.floats("in.mask")
    let lengths = [0, 1].map { Int(keep[$0 * 6..<$0 * 6 + 6].reduce(0, +)) }
    #expect(lengths == [4, 2])
    let qkv = try joined(fixture, ["in.q", "in.k", "in.v"], lengths: lengths)
    let context = workspace.take(6, 24)
    Attention(heads: 3, size: 8).forward(
      .init(sideBySide: qkv), SequenceLayout(lengths: lengths), into: context)
    let expected = try joined(fixture, ["out.y"], lengths: lengths)
    #expect(Distance.largest(context.array(), expected.array()) <= fixture.bound("out.y"))
  }

  /// Padded sequences whose masked keys nobody attends to: every row of the result, and the way back.
  @Test(arguments: ["mask_neginf", "mask_minus10000", "all_masked_minus10000"])
  func attentionOfMaskedKeys(name: String) throws {
    let fixture = try KernelFixture("attention_" + name)
    let keep = try fixture.floats("in.mask").map { UInt8($0) }
    let layout = SequenceLayout(lengths: [6, 6], keep: keep)
    let attention = Attention(heads: 3, size: 8)
    let qkv = try joined(fixture, ["in.q", "in.k", "in.v"], lengths: [6, 6])
    let context = workspace.take(12, 24)
    attention.forward(.init(sideBySide: qkv), layout, into: context)
    let expected = try joined(fixture, ["out.y"], lengths: [6, 6])
    #expect(Distance.largest(context.array(), expected.array()) <= fixture.bound("out.y"))
    let dqkv = workspace.take(12, 72)
    attention.backward(
      .init(sideBySide: qkv), layout,
      dcontext: try joined(fixture, ["grad_out.y"], lengths: [6, 6]), into: .init(sideBySide: dqkv))
    for (index, name) in ["grad.q", "grad.k", "grad.v"].enumerated() {
      let found = dqkv.slice(columns: index * 24..<(index + 1) * 24)
      let gold = try joined(fixture, [name], lengths: [6, 6])
      #expect(Distance.largest(found.array(), gold.array()) <= fixture.bound(name), "\(name)")
    }
  }

  @Test func softmaxCrossEntropy() throws {
    let fixture = try KernelFixture("softmax")
    let x = try fixture.matrix("in.x", in: workspace)
    let logarithms = try fixture.floats("out.log")
    let targets: [Int32] = [0, 8, 3, 5]
    var losses = [Float](repeating: 0, count: 4)
    xk_softmax_cross_entropy(x.pointer, targets, &losses, 4, 9)
    let expected = (0..<4).map { -logarithms[$0 * 9 + Int(targets[$0])] }
    #expect(Distance.largest(losses, expected) <= fixture.bound("out.log"))
    #expect(try fixture.error("out.y", x.array()) <= 1)
  }

  /// [batch, heads, tokens, size] tensors as rows of the valid tokens, side by side.
  private func joined(_ fixture: KernelFixture, _ names: [String], lengths: [Int]) throws -> Matrix
  {
    let out = workspace.take(lengths.reduce(0, +), 24 * names.count)
    for (part, name) in names.enumerated() {
      let values = try fixture.floats(name)
      var row = 0
      for (sequence, length) in lengths.enumerated() {
        for token in 0..<length {
          for column in 0..<24 {
            let (head, inner) = (column / 8, column % 8)
            out[row, part * 24 + column] =
              values[((sequence * 3 + head) * 6 + token) * 8 + inner]
          }
          row += 1
        }
      }
    }
    return out
  }
}
