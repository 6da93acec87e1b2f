import XlingCore

extension ViTConfiguration {
  /// Keys that shape the computation, by what they do: Hugging Face's, timm's, open_clip's.
  private static let uses: [String: String] = [
    "model_type": "the family", "architectures": "compared with the family's",
    "architecture": "sizes and parts, by its name",
    "image_size": "what positions were made for", "img_size": "what positions were made for",
    "patch_size": "computed", "num_channels": "computed", "in_chans": "computed",
    "hidden_size": "the width", "embed_dim": "the width", "width": "the width",
    "num_hidden_layers": "layers", "depth": "layers", "layers": "layers",
    "num_attention_heads": "heads", "num_heads": "heads", "head_width": "a head's width",
    "intermediate_size": "the feed-forward's width", "mlp_ratio": "the feed-forward's width",
    "layer_norm_eps": "computed", "norm_kwargs": "computed", "hidden_act": "computed",
    "act_layer": "computed", "act_kwargs": "computed", "qkv_bias": "computed",
    "query_bias": "computed", "key_bias": "computed", "value_bias": "computed",
    "proj_bias": "computed", "mlp_bias": "computed", "use_swiglu_ffn": "computed",
    "use_gated_mlp": "computed", "num_register_tokens": "registers, in no mean",
    "reg_tokens": "registers, in no mean", "rope_theta": "computed", "init_values": "layer scale",
    "ls_init_value": "layer scale", "no_embed_class": "computed", "class_token": "computed",
    "pre_norm": "computed", "no_ln_pre": "computed", "final_norm": "computed",
    "fc_norm": "a norm behind the pooling", "pool_type": "how a vector is made",
    "timm_pool": "how a vector is made", "timm_proj": "what lies behind it",
    "timm_proj_bias": "computed", "timm_model_name": "parts by its name, sizes of the tensors",
    "vision_use_head": "the attention head", "projection_dim": "the projection's width",
    "mask_ratio": "for pretraining: no patch is left out",
    "decoder_num_hidden_layers": "for pretraining: the decoder is left out",
    "hidden_dropout_prob": "in training", "attention_probs_dropout_prob": "in training",
    "attention_dropout": "in training", "drop_path_rate": "not done in training either",
  ]

  /// `prefix` leads to a nested object: "vision_config.".
  func declarations(
    _ fields: ConfigurationFields, file: String, prefix: String = ""
  ) -> [Declaration] {
    let own = fields.keys.filter { fields.has($0) && !Self.nested.contains($0) }.map { key in
      Declaration(
        file: file, key: prefix + key, value: fields.shown(key), use: use(key))
    }
    let arguments = fields.section("model_args")
    return own
      + (arguments.keys.isEmpty || !prefix.isEmpty
        ? [] : declarations(arguments, file: file, prefix: "model_args."))
  }

  /// Told by themselves, or by who reads pictures.
  private static let nested: Set = ["model_args", "pretrained_cfg"]

  private func use(_ key: String) -> String {
    switch key {
    case "global_pool": "vectors are pooled by \(pooling.rawValue)"
    default: Self.uses[key] ?? "not needed to compute hidden states"
    }
  }
}

extension WholeConfiguration {
  /// Of both halves.
  func declarations(_ fields: ConfigurationFields, file: String) -> [Declaration] {
    let outer = layout == .openCLIP ? fields.section("model_cfg") : fields
    let prefix = layout == .openCLIP ? "model_cfg." : ""
    let (vision, words) =
      layout == .openCLIP ? ("vision_cfg", "text_cfg") : ("vision_config", "text_config")
    let uses = [
      "model_type": "the family", "projection_dim": "the projections' width",
      "embed_dim": "the projections' width", "quick_gelu": "computed",
      "custom_text": "names of the text tower", "architectures": "compared with the family's",
    ]
    let own = outer.keys.filter { outer.has($0) && $0 != vision && $0 != words }.map { key in
      Declaration(
        file: file, key: prefix + key, value: outer.shown(key),
        use: uses[key] ?? "not needed to compute hidden states")
    }
    let section = outer.section(words)
    let texts =
      text?.declarations(section, file: file, prefix: prefix + words + ".")
      ?? section.keys.map {
        Declaration(
          file: file, key: prefix + words + "." + $0, value: section.shown($0),
          use: "refused: \(textRefusal?.description ?? "")")
      }
    return own
      + image.declarations(
        outer.section(vision), file: file, prefix: prefix + vision + ".") + texts
  }
}
