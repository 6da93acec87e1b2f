import Foundation
import Testing
import XlingTensor
import XlingTestSupport
import XlingTowers

/// mT5's encoder beyond its hidden states, which TowerParityTests compares.
struct T5Tests {
  let folder = Fixtures.path("parity/towers/mt5")

  private func batch(_ inputs: TensorFile) throws -> TokenBatch {
    let shape = try inputs.shape("b0.input_ids")
    return TokenBatch(
      ids: try inputs.integers("b0.input_ids").map { Int32($0) },
      lengths: Array(repeating: shape[1], count: shape[0]),
      keep: try inputs.integers("b0.attention_mask").map { UInt8($0) }, types: nil)
  }

  /// The mean over the tokens kept, and the gradient of every parameter from it, the table that all
  /// layers share among them.
  @Test(arguments: [false, true])
  func everyGradientFromTheMean(recomputing: Bool) throws {
    let tower = try TextTower.load(folder)
    tower.encoder.recomputesActivations = recomputing
    tower.train { _ in true }
    let golden = try TensorFile(path: folder + "/gradients_mean.safetensors")
    let workspace = Workspace(blockBytes: 1 << 16)
    let batch = try batch(try TensorFile(path: folder + "/inputs.safetensors"))
    let activations = tower.forward(batch, in: workspace, training: true)
    let mean = tower.pool(activations, in: workspace)
    #expect(Distance.largest(mean.array(), try golden.floats("mean")) <= 1.5e-5)
    let weights = workspace.matrix(try golden.floats("weight.mean"), columns: tower.width)
    tower.backward(activations, dPooled: weights, in: workspace)
    #expect(
      golden.names.filter { !$0.hasSuffix("mean") } == tower.parameters.all.map(\.name).sorted())
    for parameter in tower.parameters.all {
      #expect(
        Distance.relative(parameter.gradients, try golden.floats(parameter.name)) < 1e-4,
        "\(parameter.name)")
    }
  }

  /// With the table frozen, or only the last norm trained, the rest is what it was.
  @Test(arguments: ["layernorm.weight", "encoder.layer.0.attention.relative_attention_bias.weight"])
  func oneParameterAloneHasTheSameGradient(name: String) throws {
    func gradient(_ chosen: (Parameter) -> Bool) throws -> [Float] {
      let tower = try TextTower.load(folder)
      tower.train(chosen)
      let workspace = Workspace(blockBytes: 1 << 16)
      let activations = tower.forward(
        TokenBatch([[4, 9, 2, 30, 7, 1], [8, 1]]), in: workspace, training: true)
      let ones = workspace.take(2, tower.width)
      for index in 0..<ones.count { ones.pointer[index] = Float(index % 7) - 3 }
      tower.backward(activations, dPooled: ones, in: workspace)
      return try #require(tower.gradients[name])
    }
    let alone = try gradient { $0.name == name }
    #expect(alone.contains { $0 != 0 })
    #expect(alone == (try gradient { _ in true }))
  }

  @Test(arguments: [(32, 128), (8, 6), (9, 1000)])
  func everyDistanceFallsIntoItsBucket(count: Int, distance: Int) throws {
    let golden = try TensorFile(path: folder + "/buckets.safetensors")
    let buckets = RelativePositions.Buckets(count: count, maximumDistance: distance)
    let expected = try golden.integers("\(count)_\(distance)")
    #expect(expected == (-1100...1100).map(buckets.bucket))
  }

  static let refused: [(key: String, value: String, reason: String)] = [
    (
      "feed_forward_proj", #""relu""#,
      #"feed_forward_proj is "relu"; only "gated-gelu" (mT5, T5 1.1) is supported"#
    ),
    (
      "relative_attention_max_distance", "2",
      "8 buckets for distances up to 2, expected at least 4 and distances beyond the fourth of them "
        + "that hold one each"
    ),
    ("d_kv", "null", #""d_kv" is null, expected Int"#),
    ("is_decoder", "true", "is_decoder is true: a decoder is no text tower"),
  ]

  @Test(arguments: refused)
  func whatIsNotComputedIsRefused(key: String, value: String, reason: String) throws {
    let place = try TemporaryFolder()
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/config.json"))
    var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    object[key] = try JSONSerialization.jsonObject(
      with: Data(value.utf8), options: .fragmentsAllowed)
    let path = place.path + "/config.json"
    try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
    #expect(throws: TowerFailure.configuration(path: path, reason: reason)) {
      try TextTower.load(place.path)
    }
  }

  /// As some files have it: the words under the encoder's own name only.
  @Test func theWordsMayLieUnderTheEncodersName() throws {
    let place = try TemporaryFolder()
    let original = try TextTower.load(folder)
    try original.save(to: place.path, storage: .float32)
    let file = try Checkpoint(place.path)
    let tensors = try file.tensors.sorted { $0.key < $1.key }.map { name, tensor in
      let parameter = Parameter(
        name == "shared.weight" ? "encoder.embed_tokens.weight" : name, tensor.shape)
      for (index, value) in try #require(tensor.floats()).enumerated() {
        parameter.value[index] = value
      }
      return parameter
    }
    try Safetensors.write(tensors, to: place.path + "/model.safetensors")
    let loaded = try TextTower.load(place.path)
    #expect(loaded.wordEmbeddings.values.elementsEqual(original.wordEmbeddings.values))
    #expect(loaded.configuration == original.configuration)
  }
}
