import XlingTensor

/// `config.json` of the encoder of mT5 (Xue et al. 2021), or of T5 as of version 1.1.
extension BERTConfiguration {
  /// What T5 has in place of position embeddings and of heads that divide the width.
  public struct T5: Sendable, Equatable {
    public var buckets: RelativePositions.Buckets
    public var headWidth: Int

    public init(buckets: RelativePositions.Buckets, headWidth: Int) {
      self.buckets = buckets
      self.headWidth = headWidth
    }
  }

  /// Throws ``TowerFailure/configuration(path:reason:)``.
  init(t5 fields: ConfigurationFields, modelType: String) throws(TowerFailure) {
    let buckets = RelativePositions.Buckets(
      count: try fields.size("relative_attention_num_buckets", default: 32),
      maximumDistance: try fields.size("relative_attention_max_distance", default: 128))
    guard buckets.count >= 4, buckets.maximumDistance > buckets.count / 4 else {
      throw fields.refuse(
        "\(buckets.count) buckets for distances up to \(buckets.maximumDistance), expected at least "
          + "4 and distances beyond the fourth of them that hold one each")
    }
    self.init(
      vocabularySize: try fields.size("vocab_size"), hiddenSize: try fields.size("d_model"),
      layers: try fields.size("num_layers"), heads: try fields.size("num_heads"),
      intermediateSize: try fields.size("d_ff"),
      // Relative positions have no end; mT5 was pretrained on 1,024 tokens.
      maximumPositions: try fields.size("n_positions", default: 1024), tokenTypes: 0,
      layerNormEpsilon: try fields.float("layer_norm_epsilon", default: 1e-6))
    self.modelType = modelType
    t5 = T5(buckets: buckets, headWidth: try fields.size("d_kv"))
    dropout = try DropoutRates(fields, hidden: "dropout_rate", attention: "dropout_rate")
    paddingId = try fields.integer("pad_token_id", default: 0)
    let form = try fields.text("feed_forward_proj") ?? "relu"
    guard form == "gated-gelu" else {
      throw fields.refuse(
        "feed_forward_proj is \"\(form)\"; only \"gated-gelu\" (mT5, T5 1.1) is supported")
    }
    // transformers takes this name for the form by tanh.
    activation = .geluTanh
    try check(fields)
  }

  /// `config.json` of a `MT5EncoderModel` or `T5EncoderModel`.
  func json(_ t5: T5) -> [String: any Sendable] {
    [
      "model_type": modelType, "vocab_size": vocabularySize, "d_model": hiddenSize,
      "d_kv": t5.headWidth, "d_ff": intermediateSize, "num_layers": layers, "num_heads": heads,
      "relative_attention_num_buckets": t5.buckets.count,
      "relative_attention_max_distance": t5.buckets.maximumDistance,
      "layer_norm_epsilon": JSONNumber.shortest(layerNormEpsilon),
      "feed_forward_proj": "gated-gelu", "dropout_rate": JSONNumber.shortest(dropout.hidden),
      "n_positions": maximumPositions, "pad_token_id": paddingId, "is_encoder_decoder": false,
      "use_cache": false, "tie_word_embeddings": true,
      "architectures": [modelType == "t5" ? "T5EncoderModel" : "MT5EncoderModel"],
    ]
  }
}

extension Activation {
  /// As `transformers` calls it.
  var configurationName: String {
    switch self {
    case .gelu: "gelu"
    case .geluTanh: "gelu_new"
    case .quickGELU: "quick_gelu"
    case .relu: "relu"
    case .silu: "silu"
    }
  }
}
