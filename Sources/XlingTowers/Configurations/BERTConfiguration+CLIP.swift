import XlingTensor

/// `config.json` of the text towers of CLIP (Radford et al. 2021) and SigLIP (Zhai et al. 2023) as
/// transformers has them, alone or as `text_config` of a whole model. Keys that are missing have
/// transformers' defaults: published folders leave out what is usual.
extension BERTConfiguration {
  /// `outputs`: the width of the projection of a whole model; nil: as the text tower says it. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  init(clip fields: ConfigurationFields, outputs: Int? = nil) throws(TowerFailure) {
    self.init(
      vocabularySize: try fields.size("vocab_size", default: 49_408),
      hiddenSize: try fields.size("hidden_size", default: 512),
      layers: try fields.size("num_hidden_layers", default: 12),
      heads: try fields.size("num_attention_heads", default: 8),
      intermediateSize: try fields.size("intermediate_size", default: 2_048),
      maximumPositions: try fields.size("max_position_embeddings", default: 77), tokenTypes: 0,
      layerNormEpsilon: try fields.float("layer_norm_eps", default: 1e-5))
    modelType = "clip_text_model"
    activation = try Self.activation(fields, "hidden_act", default: "quick_gelu")
    paddingId = try fields.integer("pad_token_id", default: 1)
    // In folders from before transformers 4.30 the id is 2, which is wrong; there, as in its own code, the
    // largest id of a text is its end.
    let end = try fields.integer("eos_token_id", default: 49_407)
    endToken = end == 2 ? .largest : .id(Int32(truncatingIfNeeded: end))
    let own = try fields.size("projection_dim", default: 512)
    let width = outputs ?? own
    projections = [Projection(name: "head.dense", outputs: width, hasBias: false)]
    try check(fields)
  }

  /// Throws ``TowerFailure/configuration(path:reason:)``.
  init(siglip fields: ConfigurationFields) throws(TowerFailure) {
    self.init(
      vocabularySize: try fields.size("vocab_size", default: 32_000),
      hiddenSize: try fields.size("hidden_size", default: 768),
      layers: try fields.size("num_hidden_layers", default: 12),
      heads: try fields.size("num_attention_heads", default: 12),
      intermediateSize: try fields.size("intermediate_size", default: 3_072),
      maximumPositions: try fields.size("max_position_embeddings", default: 64), tokenTypes: 0,
      layerNormEpsilon: try fields.float("layer_norm_eps", default: 1e-6))
    modelType = "siglip_text_model"
    activation = try Self.activation(fields, "hidden_act", default: "gelu_pytorch_tanh")
    paddingId = try fields.integer("pad_token_id", default: 1)
    projections = [
      Projection(
        name: "head.dense", outputs: try fields.size("projection_size", default: hiddenSize),
        hasBias: true)
    ]
    try check(fields)
  }

  /// Without a projection where the checkpoint has none.
  func fitted(to checkpoint: Checkpoint) -> BERTConfiguration {
    guard family == .clip, naming == .huggingFace else { return self }
    let map = keyMap
    guard
      !checkpoint.tensors.keys.contains(where: { map.shortName($0) == "text_projection.weight" })
    else { return self }
    var fitted = self
    fitted.projections = []
    return fitted
  }

  /// `config.json` of a `CLIPTextModelWithProjection`, `CLIPTextModel` or `SiglipTextModel`.
  var clipJSON: [String: any Sendable] {
    var fields: [String: any Sendable] = [
      "model_type": modelType, "vocab_size": vocabularySize, "hidden_size": hiddenSize,
      "num_hidden_layers": layers, "num_attention_heads": heads,
      "intermediate_size": intermediateSize, "max_position_embeddings": maximumPositions,
      "layer_norm_eps": JSONNumber.shortest(layerNormEpsilon), "pad_token_id": paddingId,
      "hidden_act": activation == .geluTanh ? "gelu_pytorch_tanh" : activation.configurationName,
    ]
    let outputs = projections.last?.outputs ?? hiddenSize
    if family == .siglip {
      fields["projection_size"] = outputs
      fields["architectures"] = ["SiglipTextModel"]
    } else {
      fields["projection_dim"] = outputs
      fields["architectures"] = [
        projections.isEmpty ? "CLIPTextModel" : "CLIPTextModelWithProjection"
      ]
      fields["eos_token_id"] =
        switch endToken {
        case .id(let id): Int(id)
        case .largest, nil: 2
        }
    }
    return fields
  }
}
