import XlingCore

extension TowerCheckpoint {
  /// What the folder says of the tower and its texts, each with what was made of it; of a bare file nothing.
  public var declarations: [Declaration] {
    guard let configurationPath, let fields = try? ConfigurationFields(configurationPath) else {
      return []
    }
    let file = file(configurationPath)
    let all: [Declaration] = sentences?.declarations ?? []
    switch configuration {
    case .text(let text):
      return all + (reading?.declarations ?? []) + text.declarations(fields, file: file)
    case .image(let image): return all + image.declarations(fields, file: file)
    case .whole(let whole):
      return all + (reading?.declarations ?? []) + whole.declarations(fields, file: file)
    }
  }

  /// Relative to the folder that was given.
  private func file(_ path: String) -> String {
    let name = PathParts.name(of: path)
    guard let whole = sentences?.folder, whole != folder else { return name }
    return String(folder.dropFirst(whole.count + 1)) + "/" + name
  }
}

extension BERTConfiguration {
  /// Keys of `config.json` that shape the computation, by what they do.
  private static let uses: [String: String] = [
    "model_type": "the family", "architectures": "compared with the family's",
    "vocab_size": "rows of the word table", "type_vocab_size": "rows of the type table",
    "hidden_size": "the width", "dim": "the width", "d_model": "the width",
    "num_hidden_layers": "layers", "n_layers": "layers", "num_layers": "layers",
    "num_attention_heads": "heads", "n_heads": "heads", "num_heads": "heads",
    "num_key_value_heads": "heads of keys and values", "head_dim": "a head's width",
    "d_kv": "a head's width", "intermediate_size": "the feed-forward's width",
    "hidden_dim": "the feed-forward's width", "d_ff": "the feed-forward's width",
    "max_position_embeddings": "no text has more tokens", "n_positions": "no text has more tokens",
    "layer_norm_eps": "computed", "layer_norm_epsilon": "computed", "norm_eps": "computed",
    "rms_norm_eps": "computed", "hidden_act": "computed", "activation": "computed",
    "hidden_activation": "computed", "feed_forward_proj": "computed",
    "pad_token_id": "positions count from it in RoBERTa's kin; SigLIP's padding is the tokenizer's",
    "eos_token_id": "CLIP's texts are read there; not needed elsewhere: the tokenizer says it",
    "position_embedding_type": "learned positions in BERT's kin; elsewhere it means nothing",
    "relative_attention_num_buckets": "computed", "relative_attention_max_distance": "computed",
    "local_attention": "computed: half of it to either side", "layer_types": "computed",
    "global_attn_every_n_layers": "computed", "global_rope_theta": "computed",
    "local_rope_theta": "computed", "rope_theta": "computed", "rope_parameters": "computed",
    "rope_scaling": "none", "attention_bias": "computed", "mlp_bias": "computed",
    "norm_bias": "computed", "projection_dim": "the projection's width",
    "projection_size": "the projection's width", "numDims": "the projection's width",
    "width": "the width", "layers": "layers", "heads": "heads",
    "mlp_ratio": "the feed-forward's width", "context_length": "texts are cut to so many tokens",
    "hf_model_name": "the family", "hf_pooler_type": "computed", "proj_type": "computed",
    "hf_proj_type": "computed", "pool_type": "computed", "no_causal_mask": "computed",
    "proj_bias": "computed", "norm_kwargs": "computed", "act_kwargs": "computed",
    "modelBase": "the family", "is_decoder": "false, as it must be",
    "hidden_dropout_prob": "in training", "attention_probs_dropout_prob": "in training",
    "dropout": "in training", "attention_dropout": "in training", "dropout_rate": "in training",
  ]

  /// `prefix` leads to a nested object: "text_config.".
  func declarations(
    _ fields: ConfigurationFields, file: String, prefix: String = ""
  ) -> [Declaration] {
    fields.keys.filter(fields.has).map { key in
      let use =
        key == "eos_token_id" && endToken == .largest
        ? "not believed: it is 2 in old folders, and texts are read at their largest id"
        : Self.uses[key] ?? "not needed to compute hidden states"
      return Declaration(file: file, key: prefix + key, value: fields.shown(key), use: use)
    }
  }
}
