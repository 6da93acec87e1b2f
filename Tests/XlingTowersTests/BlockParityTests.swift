import Testing
import XlingTensor
import XlingTestSupport
import XlingTowers

/// Parts of towers apart, forward and back, against PyTorch in float64.
@Suite(
  .enabled(
    if: ParityFixtures.root(of: "nn") != nil, "needs ../shared/fixtures/parity/nn, or another set"))
struct BlockParityTests {
  let workspace = Workspace(blockBytes: 1 << 16)

  private func file(_ name: String) throws -> TensorFile {
    try TensorFile(path: try #require(ParityFixtures.root(of: "nn")) + "/\(name).safetensors")
  }

  private func matrix(_ file: TensorFile, _ name: String) throws -> Matrix {
    try workspace.matrix(file.floats(name), columns: try file.shape(name).last ?? 1)
  }

  private func fill(_ parameter: Parameter, _ values: ArraySlice<Float>) {
    #expect(values.count == parameter.count, "\(parameter.name)")
    for (index, value) in values.enumerated() { parameter.value[index] = value }
    parameter.isTrainable = true
  }

  /// Relative to the largest number, as the issue measures gradients.
  private func expect(_ found: [Float], _ golden: [Float], _ name: String) {
    #expect(Distance.relative(found, golden) < 1e-5, "\(name)")
  }

  /// Queries, keys and values stacked in one tensor, as timm has them.
  @Test func selfAttentionOfStackedWeights() throws {
    let file = try file("mhsa_fused_qkv")
    let block = SelfAttentionBlock(
      names: .vit("block"),
      shape: EncoderLayer.Shape(width: 24, heads: 3, intermediateWidth: 1, epsilon: 1e-6))
    let weights = try file.floats("in.qkv_weight")
    let biases = try file.floats("in.qkv_bias")
    let thirds = [block.query, block.key, block.value]
    for (index, dense) in thirds.enumerated() {
      fill(dense.weight, weights[index * 576..<(index + 1) * 576])
      fill(try #require(dense.bias), biases[index * 24..<(index + 1) * 24])
    }
    fill(block.output.weight, try file.floats("in.proj_weight")[...])
    fill(try #require(block.output.bias), try file.floats("in.proj_bias")[...])
    let x = try matrix(file, "in.x")
    let layout = SequenceLayout(lengths: [5, 5])
    let y = workspace.take(x.rows, 24)
    let dx = workspace.zeros(x.rows, 24)
    let saved = try #require(block.forward(x, layout, into: y, in: workspace, saving: true))
    block.backward(
      saved, layout, dy: try matrix(file, "grad_out.y"), addingTo: dx, in: workspace)
    expect(y.array(), try file.floats("out.y"), "y")
    expect(dx.array(), try file.floats("grad.x"), "x")
    expect(
      thirds.flatMap { $0.weight.gradients }, try file.floats("grad.qkv_weight"), "qkv weight")
    expect(
      thirds.flatMap { $0.bias?.gradients ?? [] }, try file.floats("grad.qkv_bias"), "qkv bias")
    expect(block.output.weight.gradients, try file.floats("grad.proj_weight"), "proj weight")
    expect(block.output.bias?.gradients ?? [], try file.floats("grad.proj_bias"), "proj bias")
  }

  /// Pictures of 16 x 24 as the upper two rows of patches of a square: a tower without layers.
  @Test func patchEmbedding() throws {
    let file = try file("patch_embed")
    let pictures = try file.floats("in.x")
    var squares = [Float](repeating: 0, count: 2 * 3 * 24 * 24)
    for plane in 0..<6 {
      for index in 0..<16 * 24 {
        squares[plane * 24 * 24 + index] = pictures[plane * 16 * 24 + index]
      }
    }
    let tower = ImageTower(
      ViTConfiguration(
        imageSize: 24, patchSize: 8, hiddenSize: 6, layers: 0, heads: 1, intermediateSize: 1))
    fill(tower.patchWeight, try file.floats("in.weight")[...])
    fill(tower.patchBias, try file.floats("in.bias")[...])
    let pixels = Pixels(squares)
    let patches = Array(repeating: (0..<Int32(6)).map { $0 }, count: 2)
    let activations = tower.forward(
      PictureBatch(pixels: pixels.pointer, count: 2, patches: patches), in: workspace,
      training: true)
    // Behind each picture's class token.
    let rows = [1..<7, 8..<14]
    let found = rows.flatMap { activations.hidden.slice(rows: $0).array() }
    expect(found, try file.floats("out.y"), "y")
    let dy = try file.floats("grad_out.y")
    let dRows = workspace.zeros(14, 6)
    for (picture, range) in rows.enumerated() {
      for (index, row) in range.enumerated() {
        for column in 0..<6 { dRows[row, column] = dy[(picture * 6 + index) * 6 + column] }
      }
    }
    tower.embeddingsBackward(activations, dRows, workspace)
    expect(tower.patchWeight.gradients, try file.floats("grad.weight"), "weight")
    expect(tower.patchBias.gradients, try file.floats("grad.bias"), "bias")
  }

  /// Padding never comes to a tower, so its row has no gradient, as with torch's `padding_idx`.
  @Test func wordEmbedding() throws {
    let file = try file("embedding")
    var configuration = BERTConfiguration(
      vocabularySize: 9, hiddenSize: 6, layers: 0, heads: 1, intermediateSize: 1, tokenTypes: 0)
    configuration.modelType = "mt5"
    configuration.t5 = .init(buckets: .init(count: 4, maximumDistance: 8), headWidth: 6)
    let tower = TextTower(configuration)
    fill(tower.wordEmbeddings, try file.floats("in.weight")[...])
    let ids = try file.integers("in.ids")
    let tokens = ids.indices.filter { ids[$0] != 0 }
    let activations = tower.forward(
      TokenBatch([tokens.map { Int32(ids[$0]) }]), in: workspace, training: true)
    func kept(_ values: [Float]) -> [Float] {
      tokens.flatMap { values[$0 * 6..<($0 + 1) * 6] }
    }
    #expect(activations.encoder.hidden[0].array() == kept(try file.floats("out.y")))
    let dy = workspace.matrix(kept(try file.floats("grad_out.y")), columns: 6)
    tower.scatter(dy, activations)
    expect(tower.wordEmbeddings.gradients, try file.floats("grad.weight"), "weight")
  }
}
