import XlingCore

extension TowerCheckpoint {
  /// What the folder says of the tower and its texts, each with what was made of it; of a bare file nothing.
  /// How pictures are prepared is told by who prepares them.
  public var declarations: [Declaration] {
    guard let configurationPath, let fields = try? ConfigurationFields(configurationPath) else {
      return []
    }
    let texts = configuration.text == nil ? [] : reading?.declarations ?? []
    let isOldCLIP = configuration.text?.endToken == .largest
    return (sentences?.declarations ?? []) + texts
      + fields.declarations(file: file(configurationPath)) { key in
        isOldCLIP && key == "eos_token_id"
          ? "not believed: it is 2 in old folders, and texts are read at their largest id" : nil
      }
  }

  /// Relative to the folder that was given.
  private func file(_ path: String) -> String {
    let name = PathParts.name(of: path)
    guard let whole = sentences?.folder, whole != folder else { return name }
    return String(folder.dropFirst(whole.count + 1)) + "/" + name
  }
}

extension ConfigurationFields {
  /// Every key, those of nested objects behind their own, but for what says how pictures are prepared. `use`
  /// goes before the table.
  fileprivate func declarations(
    file: String, within path: String = "", use: (String) -> String?
  ) -> [Declaration] {
    keys.filter(has).flatMap { key -> [Declaration] in
      if Self.ofPictures.contains(key) { return [] }
      let inner = section(key)
      guard inner.keys.isEmpty else {
        return inner.declarations(file: file, within: path + key + ".", use: use)
      }
      let words = use(key) ?? Self.uses[key] ?? "not needed to compute hidden states"
      return [Declaration(file: file, key: path + key, value: shown(key), use: words)]
    }
  }

  private static let ofPictures: Set = ["pretrained_cfg", "preprocess_cfg"]

  /// What keys that shape the computation do.
  private static let uses: [String: String] = {
    var uses: [String: String] = [:]
    for (keys, use) in [
      ("model_type architecture modelBase hf_model_name timm_model_name", "the family"),
      ("architectures", "compared with the family's"), ("vocab_size", "rows of the word table"),
      ("type_vocab_size", "rows of the type table"),
      ("hidden_size dim d_model width", "the width"),
      ("num_hidden_layers n_layers num_layers layers", "layers"),
      ("num_attention_heads n_heads num_heads heads", "heads"),
      ("num_key_value_heads", "heads of keys and values"),
      ("head_dim d_kv head_width", "a head's width"),
      ("intermediate_size hidden_dim d_ff mlp_ratio", "the feed-forward's width"),
      ("max_position_embeddings n_positions context_length", "no text has more tokens"),
      ("projection_dim projection_size numDims embed_dim", "the projection's width"),
      ("image_size", "pictures of this size"), ("patch_size", "the patches' size"),
      ("num_channels", "channels of a picture"), ("is_decoder", "false, as it must be"),
      ("rope_scaling", "none"), ("mask_ratio", "not needed: no patch is left out"),
      (
        "eos_token_id", "CLIP's texts are read there; not needed elsewhere: the tokenizer says it"
      ),
      (
        "pad_token_id",
        "positions count from it in RoBERTa's kin; SigLIP's padding is the tokenizer's"
      ),
      (
        "position_embedding_type", "learned positions in BERT's kin; elsewhere it means nothing"
      ),
      (
        "hidden_dropout_prob attention_probs_dropout_prob dropout attention_dropout dropout_rate",
        "in training"
      ),
      (
        "layer_norm_eps layer_norm_epsilon norm_eps rms_norm_eps eps hidden_act activation "
          + "hidden_activation approximate feed_forward_proj relative_attention_num_buckets "
          + "relative_attention_max_distance local_attention layer_types "
          + "global_attn_every_n_layers global_rope_theta local_rope_theta rope_theta attention_bias "
          + "mlp_bias norm_bias quick_gelu qkv_bias query_bias key_bias value_bias proj_bias "
          + "use_gated_mlp use_swiglu_ffn num_register_tokens layerscale_value pool_type "
          + "global_pool no_causal_mask hf_pooler_type proj_type hf_proj_type vision_use_head "
          + "timm_pool timm_proj fc_norm class_token reg_tokens pre_norm act_layer", "computed"
      ),
    ] {
      for key in keys.split(separator: " ") { uses[String(key)] = use }
    }
    return uses
  }()
}
