import XlingAdapters
import XlingTensor
import XlingTowers

/// A model's parameters under the names and in the shapes of LilT's code (Khan and Fu 2023), which
/// can load them as a checkpoint's `model`; its buffer of position ids, which it fills itself, is left
/// out.
public struct LilTStateDict {
  public struct Tensor: Equatable {
    public let name: String
    public let shape: [Int]
    public let values: [Float]
  }

  /// In the model's order.
  public let tensors: [Tensor]

  /// LilT's text tower has no token types: the first one, which ours adds to every token, is added
  /// to the position embeddings. Throws ``AlignmentFailure/configuration(reason:)`` for modules and
  /// heads that its code does not have.
  public init(_ model: DualEncoder) throws(AlignmentFailure) {
    try Self.check(model.recipe)
    guard model.text.configuration.family == .bert else {
      throw .configuration(
        reason: "LilT's text tower is a BERT, this is "
          + "\(model.text.configuration.modelType): its positions cannot be exported to it")
    }
    tensors = Self.text(model.text) + Self.image(model.image) + Self.heads(model)
  }

  private static func check(_ recipe: Recipe) throws(AlignmentFailure) {
    for (name, side) in [("text", recipe.text), ("image", recipe.image)] {
      let strange = side.modules.filter { $0 != .layerwiseAdapters && $0 != .deepAdapter }
      guard strange.isEmpty, side.head == .linear else {
        let what = strange.first.map(\.rawValue) ?? "a head \(side.head.rawValue)"
        throw .configuration(
          reason: "LilT's code has no \(what) in its \(name) tower: only lwa, da and linear heads "
            + "can be exported to it")
      }
    }
  }

  private static func tensor(_ name: String, _ parameter: Parameter) -> Tensor {
    Tensor(name: name, shape: parameter.shape, values: Array(parameter.values))
  }

  private static func heads(_ model: DualEncoder) -> [Tensor] {
    var tensors = [tensor("temp", model.temperature)]
    for (name, head) in [("text_proj", model.textHead), ("vision_proj", model.imageHead)] {
      for parameter in head.parameters {
        tensors.append(tensor(name + "." + last(parameter), parameter))
      }
    }
    return tensors
  }

  /// "weight" or "bias".
  private static func last(_ parameter: Parameter) -> Substring {
    parameter.name.split(separator: ".").last ?? ""
  }

  private static func text(_ tower: TextTower) -> [Tensor] {
    let first = Array(tower.tokenTypeEmbeddings.values.prefix(tower.width))
    let positions = tower.positionEmbeddings.values.enumerated().map {
      $1 + first[$0 % tower.width]
    }
    let outer = "text_encoder.embeddings."
    var tensors = [
      tensor(outer + "word_embeddings.weight", tower.wordEmbeddings),
      Tensor(
        name: outer + "position_embeddings.weight", shape: tower.positionEmbeddings.shape,
        values: positions),
    ]
    tensors += (tower.embeddingNorm?.parameters ?? []).map {
      tensor(outer + "LayerNorm." + last($0), $0)
    }
    for (index, layer) in tower.encoder.layers.enumerated() {
      let prefix = "text_encoder.encoder.layer.\(index)"
      tensors += layer.parameters.map {
        tensor(prefix + $0.name.dropFirst(layer.name.count), $0)
      }
      tensors += adapters(
        layer, [.attention: ".attention.output.adapter", .feedForward: ".output.adapter"], prefix)
    }
    return tensors
  }

  private static func image(_ tower: ImageTower) -> [Tensor] {
    let prefix = "visual_encoder."
    var tensors = [
      tensor(prefix + "cls_token", tower.classToken),
      tensor(prefix + "pos_embed", tower.positionEmbeddings),
      tensor(prefix + "patch_embed.proj.weight", tower.patchWeight),
      tensor(prefix + "patch_embed.proj.bias", tower.patchBias),
    ]
    for (index, layer) in tower.encoder.layers.enumerated() {
      let block = prefix + "blocks.\(index)"
      let attention = layer.attention
      let parts = [
        (".norm1", layer.attentionNorm.parameters), (".attn.proj", attention.output.parameters),
        (".norm2", layer.feedForwardNorm.parameters),
        (".mlp.fc1", layer.feedForward.intermediate.parameters),
        (".mlp.fc2", layer.feedForward.output.parameters),
      ]
      tensors += joined([attention.query, attention.key, attention.value], block + ".attn.qkv")
      for (name, parameters) in parts {
        tensors += parameters.map { tensor(block + name + "." + last($0), $0) }
      }
      tensors += adapters(layer, [.attention: ".adapter1", .feedForward: ".adapter2"], block)
    }
    return tensors + tower.finalNorm.parameters.map { tensor(prefix + "norm." + last($0), $0) }
  }

  /// Queries, keys and values one below another.
  private static func joined(_ dense: [Linear], _ name: String) -> [Tensor] {
    let weights = dense.map(\.weight)
    let biases = dense.compactMap(\.bias)
    let rows = weights.reduce(0) { $0 + $1.shape[0] }
    let weight = Tensor(
      name: name + ".weight", shape: [rows, weights[0].shape[1]],
      values: weights.flatMap { Array($0.values) })
    guard biases.count == dense.count else { return [weight] }
    return [
      weight,
      Tensor(name: name + ".bias", shape: [rows], values: biases.flatMap { Array($0.values) }),
    ]
  }

  private static func adapters(
    _ layer: EncoderLayer, _ names: [AdapterSite: String], _ prefix: String
  ) -> [Tensor] {
    AdapterSite.allCases.flatMap { site -> [Tensor] in
      guard let adapter = layer.adapters[site] as? LayerwiseAdapter, let name = names[site] else {
        return []
      }
      return [("down", adapter.down), ("up", adapter.up)].flatMap { part, dense in
        dense.parameters.map { tensor("\(prefix)\(name).\(part)_sampler.\(last($0))", $0) }
      }
    }
  }
}
