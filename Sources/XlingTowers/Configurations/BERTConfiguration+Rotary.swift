import XlingTensor

/// `config.json` of ModernBERT (Warner et al. 2024), as mmBERT has it too, and of EuroBERT (Boizard et al.
/// 2025): as transformers 4 writes it and as 5 does.
extension BERTConfiguration {
  /// Throws ``TowerFailure/configuration(path:reason:)``.
  init(modernBERT fields: ConfigurationFields) throws(TowerFailure) {
    self.init(
      vocabularySize: try fields.size("vocab_size", default: 50_368),
      hiddenSize: try fields.size("hidden_size", default: 768),
      layers: try fields.size("num_hidden_layers", default: 22),
      heads: try fields.size("num_attention_heads", default: 12),
      intermediateSize: try fields.size("intermediate_size", default: 1_152),
      maximumPositions: try fields.size("max_position_embeddings", default: 8_192), tokenTypes: 0,
      layerNormEpsilon: try fields.float("norm_eps", default: 1e-5))
    modelType = "modernbert"
    activation = try Self.activation(fields, "hidden_activation")
    paddingId = try fields.integer("pad_token_id", default: 0)
    norm = try fields.flag("norm_bias", default: false) ? .centred : .centredWithoutBias
    biases = .none
    if try fields.flag("attention_bias", default: false) {
      biases.formUnion([.query, .key, .value, .attentionOutput])
    }
    if try fields.flag("mlp_bias", default: false) { biases.formUnion(.feedForward) }
    isGated = true
    guard heads > 0, hiddenSize % (2 * heads) == 0 else {
      throw fields.refuse("hidden_size \(hiddenSize) gives \(heads) heads no even width")
    }
    guard layers <= 1000 else {
      throw fields.refuse("num_hidden_layers is \(layers), expected at most 1000")
    }
    rotary = try Self.modernLayers(fields, layers)
    try check(fields)
  }

  private static func modernLayers(
    _ fields: ConfigurationFields, _ layers: Int
  ) throws(TowerFailure) -> Rotary {
    let window = try fields.size("local_attention", default: 128) / 2
    var isGlobal: [Bool]
    let types = fields.texts("layer_types")
    if types.isEmpty {
      let every = try fields.size("global_attn_every_n_layers", default: 3)
      isGlobal = (0..<layers).map { $0 % every == 0 }
    } else {
      guard types.count == layers,
        types.allSatisfy({ $0 == "full_attention" || $0 == "sliding_attention" })
      else {
        throw fields.refuse(
          "layer_types has \(types.count) entries, expected \(layers) of full_attention and "
            + "sliding_attention")
      }
      isGlobal = types.map { $0 == "full_attention" }
    }
    let global = try theta(
      fields, "full_attention", old: "global_rope_theta", default: 160_000)
    let local = try theta(fields, "sliding_attention", old: "local_rope_theta", default: 10_000)
    return Rotary(
      layers: isGlobal.map {
        .init(theta: $0 ? global : local, window: $0 ? nil : window)
      })
  }

  /// As version 5 writes it, under `rope_parameters`, else under version 4's key.
  private static func theta(
    _ fields: ConfigurationFields, _ kind: String?, old: String, default fallback: Float
  ) throws(TowerFailure) -> Double {
    var section = fields.section("rope_parameters")
    if let kind { section = section.section(kind) }
    if let type = try section.text("rope_type"), type != "default" {
      throw fields.refuse("rope_parameters: rope_type is \"\(type)\"; \"default\" is supported")
    }
    let value =
      section.has("rope_theta")
      ? try section.float("rope_theta") : try fields.float(old, default: fallback)
    guard value > 0, value.isFinite else {
      throw fields.refuse("\(old) is \(value), expected a positive number")
    }
    return Double(value)
  }

  /// Throws ``TowerFailure/configuration(path:reason:)``.
  init(euroBERT fields: ConfigurationFields) throws(TowerFailure) {
    self.init(
      vocabularySize: try fields.size("vocab_size", default: 128_256),
      hiddenSize: try fields.size("hidden_size", default: 768),
      layers: try fields.size("num_hidden_layers", default: 12),
      heads: try fields.size("num_attention_heads", default: 12),
      intermediateSize: try fields.size("intermediate_size", default: 3_072),
      maximumPositions: try fields.size("max_position_embeddings", default: 8_192), tokenTypes: 0,
      layerNormEpsilon: try fields.float("rms_norm_eps", default: 1e-5))
    modelType = "eurobert"
    activation = try Self.activation(fields, "hidden_act", default: "silu")
    paddingId = try fields.integer("pad_token_id", default: 0)
    keyValueHeads = try fields.size("num_key_value_heads", default: heads)
    headWidth = try fields.size("head_dim", default: max(1, hiddenSize / heads))
    norm = .rootMeanSquare
    biases = .none
    if try fields.flag("attention_bias", default: false) {
      biases.formUnion([.query, .key, .value, .attentionOutput])
    }
    if try fields.flag("mlp_bias", default: false) { biases.formUnion(.feedForward) }
    isGated = true
    guard headWidth.map({ $0 % 2 == 0 }) ?? true, layers <= 1000 else {
      throw fields.refuse(
        "head_dim \(headWidth ?? 0) in \(layers) layers, expected an even width and at most 1000 layers"
      )
    }
    if fields.has("rope_scaling") {
      throw fields.refuse("rope_scaling is \(fields.shown("rope_scaling")); null is supported")
    }
    let theta = try Self.theta(fields, nil, old: "rope_theta", default: 250_000)
    rotary = Rotary(layers: Array(repeating: .init(theta: theta, window: nil), count: layers))
    try check(fields)
  }

  /// `config.json` as transformers 4 and 5 both read it.
  var rotaryJSON: [String: any Sendable] {
    var fields: [String: any Sendable] = [
      "model_type": modelType, "vocab_size": vocabularySize, "hidden_size": hiddenSize,
      "num_hidden_layers": layers, "num_attention_heads": heads,
      "intermediate_size": intermediateSize, "max_position_embeddings": maximumPositions,
      "pad_token_id": paddingId, "attention_bias": biases.contains(.query),
      "mlp_bias": biases.contains(.feedForward),
    ]
    let epsilon = JSONNumber.shortest(layerNormEpsilon)
    let layers = rotary?.layers ?? []
    if family == .modernBERT {
      let global = layers.first { $0.window == nil }?.theta
      let local = layers.first { $0.window != nil }
      fields["norm_eps"] = epsilon
      fields["norm_bias"] = norm == .centred
      fields["hidden_activation"] = activation.configurationName
      fields["layer_types"] = layers.map {
        $0.window == nil ? "full_attention" : "sliding_attention"
      }
      fields["local_attention"] = 2 * (local?.window ?? 64)
      fields["global_rope_theta"] = global ?? 160_000
      fields["local_rope_theta"] = local?.theta ?? 10_000
      fields["architectures"] = ["ModernBertModel"]
    } else {
      fields["rms_norm_eps"] = epsilon
      fields["hidden_act"] = activation.configurationName
      fields["num_key_value_heads"] = keyValueHeads ?? heads
      fields["head_dim"] = headWidth ?? hiddenSize / heads
      fields["rope_theta"] = layers.first?.theta ?? 250_000
      fields["architectures"] = ["EuroBertModel"]
    }
    return fields
  }
}
