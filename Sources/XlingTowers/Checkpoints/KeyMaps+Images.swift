/// Image towers.
extension KeyMap {
  private static let layer = "encoder.layer.*"
  private static let attention = "encoder.layer.*.attention.attention."
  private static let inputs = ["query", "key", "value"].map { attention + $0 }
  /// Both parts of a gated feed-forward: what is activated, then what it is multiplied by.
  private static let gates = [layer + ".intermediate.dense", layer + ".intermediate.factor.dense"]

  /// Hugging Face's ViT, DeiT and ViT-MAE, whose decoder is left out.
  static let vit = KeyMap(
    prefixes: ["vit.", "deit.", "module."],
    ignored: [
      "pooler.", "classifier.", "cls_classifier.", "distillation_classifier.", "decoder.",
      "embeddings.mask_token",
    ])

  /// Hugging Face's DINOv2, with registers or without; the mask token is for training.
  static func dinov2(isGated: Bool) -> KeyMap {
    KeyMap(
      prefixes: ["dinov2_with_registers.", "dinov2.", "module."],
      parts: [
        (layer + ".norm1", layer + ".layernorm_before"),
        (layer + ".norm2", layer + ".layernorm_after"),
        (layer + ".layer_scale1.lambda1", layer + ".layer_scale_attention.weight"),
        (layer + ".layer_scale2.lambda1", layer + ".layer_scale_feed_forward.weight"),
      ]
        + (isGated
          ? [(layer + ".mlp.weights_out", layer + ".output.dense")]
          : [
            (layer + ".mlp.fc1", layer + ".intermediate.dense"),
            (layer + ".mlp.fc2", layer + ".output.dense"),
          ]),
      fused: isGated ? [(layer + ".mlp.weights_in", gates)] : [],
      ignored: ["embeddings.mask_token", "classifier."])
  }

  /// Hugging Face's DINOv3; `isGated` says what the dense layers of its feed-forward are.
  static func dinov3(isGated: Bool) -> KeyMap {
    KeyMap(
      prefixes: ["model.", "module."],
      parts: [
        ("embeddings.cls_token", "embeddings.cls_token"),
        ("embeddings.register_tokens", "embeddings.register_tokens"),
        ("embeddings.patch_embeddings", "embeddings.patch_embeddings.projection"),
        ("layer.*.attention.q_proj", attention + "query"),
        ("layer.*.attention.k_proj", attention + "key"),
        ("layer.*.attention.v_proj", attention + "value"),
        ("layer.*.attention.o_proj", layer + ".attention.output.dense"),
        ("layer.*.norm1", layer + ".layernorm_before"),
        ("layer.*.norm2", layer + ".layernorm_after"),
        ("layer.*.layer_scale1.lambda1", layer + ".layer_scale_attention.weight"),
        ("layer.*.layer_scale2.lambda1", layer + ".layer_scale_feed_forward.weight"),
        ("layer.*.mlp.up_proj", gates[isGated ? 1 : 0]),
        ("layer.*.mlp.down_proj", layer + ".output.dense"),
        ("norm", "layernorm"),
      ] + (isGated ? [("layer.*.mlp.gate_proj", gates[0])] : []),
      renamesAll: true, ignored: ["embeddings.mask_token", "rope_embeddings."])
  }

  /// The vision half of Hugging Face's CLIP and SigLIP, alone or beside the text half.
  static func vision(hasProjection: Bool) -> KeyMap {
    KeyMap(
      prefixes: ["vision_model."], savedPrefix: "vision_model.",
      parts: [
        ("embeddings.class_embedding", "embeddings.cls_token"),
        ("embeddings.patch_embedding", "embeddings.patch_embeddings.projection"),
        ("embeddings.position_embedding.weight", "embeddings.position_embeddings"),
        // So spelled there.
        ("pre_layrnorm", "embeddings.layernorm"),
        ("post_layernorm", "layernorm"),
        ("encoder.layers.*.layer_norm1", layer + ".layernorm_before"),
        ("encoder.layers.*.layer_norm2", layer + ".layernorm_after"),
        ("encoder.layers.*.self_attn.q_proj", attention + "query"),
        ("encoder.layers.*.self_attn.k_proj", attention + "key"),
        ("encoder.layers.*.self_attn.v_proj", attention + "value"),
        ("encoder.layers.*.self_attn.out_proj", layer + ".attention.output.dense"),
        ("encoder.layers.*.mlp.fc1", layer + ".intermediate.dense"),
        ("encoder.layers.*.mlp.fc2", layer + ".output.dense"),
        ("head.probe", "head.probe"),
        ("head.attention.out_proj", "head.attention.output"),
        ("head.layernorm", "head.layernorm"),
        ("head.mlp.fc1", "head.intermediate"),
        ("head.mlp.fc2", "head.output"),
        ("visual_projection", "head.projection"),
      ],
      renamesAll: true,
      fused: [
        ("head.attention.in_proj", ["query", "key", "value"].map { "head.attention." + $0 })
      ],
      ignored: [
        "text_model.", "text_projection.", "logit_scale", "logit_bias", "embeddings.position_ids",
        "classifier.",
      ] + (hasProjection ? [] : ["visual_projection."]))
  }

  /// timm's ViT and DeiT, DINO's, DINOv2's and DeiT-III's own files, LilT's image tower.
  static let timm = KeyMap(
    prefixes: ["module.backbone.", "backbone.", "visual_encoder.", "module."],
    parts: [
      ("cls_token", "embeddings.cls_token"),
      ("dist_token", "embeddings.distillation_token"),
      ("reg_token", "embeddings.register_tokens"),
      ("register_tokens", "embeddings.register_tokens"),
      ("pos_embed", "embeddings.position_embeddings"),
      ("patch_embed.proj", "embeddings.patch_embeddings.projection"),
      ("norm_pre", "embeddings.layernorm"),
      ("blocks.*.norm1", layer + ".layernorm_before"),
      ("blocks.*.norm2", layer + ".layernorm_after"),
      ("blocks.*.attn.proj", layer + ".attention.output.dense"),
      ("blocks.*.mlp.fc1", layer + ".intermediate.dense"),
      ("blocks.*.mlp.fc1_g", gates[0]),
      ("blocks.*.mlp.fc1_x", gates[1]),
      ("blocks.*.mlp.fc2", layer + ".output.dense"),
      ("blocks.*.mlp.w3", layer + ".output.dense"),
      ("blocks.*.ls1.gamma", layer + ".layer_scale_attention.weight"),
      ("blocks.*.ls2.gamma", layer + ".layer_scale_feed_forward.weight"),
      ("blocks.*.gamma_1", layer + ".layer_scale_attention.weight"),
      ("blocks.*.gamma_2", layer + ".layer_scale_feed_forward.weight"),
      ("norm", "layernorm"),
      ("fc_norm", "head.norm"),
      ("attn_pool.latent", "head.probe"),
      ("attn_pool.q", "head.attention.query"),
      ("attn_pool.proj", "head.attention.output"),
      ("attn_pool.norm", "head.layernorm"),
      ("attn_pool.mlp.fc1", "head.intermediate"),
      ("attn_pool.mlp.fc2", "head.output"),
    ],
    renamesAll: true,
    fused: [
      ("blocks.*.attn.qkv", inputs), ("blocks.*.mlp.w12", gates),
      ("attn_pool.kv", ["head.attention.key", "head.attention.value"]),
    ],
    ignored: ["head.", "head_dist.", "pre_logits.", "mask_token", "blocks.*.attn.k_bias"]
      + liltsOther)

  /// LilT's image tower: timm's of 2021, whose layer scale has DeiT-III's own names.
  package static let lilt: KeyMap = {
    var map = timm
    map.parts.removeAll { $0.file.contains(".ls1.") || $0.file.contains(".ls2.") }
    return map
  }()

  /// timm's with both parts of a gated feed-forward in one tensor (`SwiGLUPacked`), and of DINOv3 the
  /// names of its layer scale.
  static func timm(isPacked: Bool, isEva: Bool) -> KeyMap {
    var map = timm
    if isPacked {
      map.parts.removeAll { $0.file.hasPrefix("blocks.*.mlp.fc1") }
      map.fused.insert(("blocks.*.mlp.fc1", gates), at: 0)
    }
    guard isEva else { return map }
    map.parts.removeAll { $0.file.contains(".ls1.") || $0.file.contains(".ls2.") }
    // Keys have none, so that no tensor holds all three.
    map.parts += [
      ("blocks.*.attn.q_bias", attention + "query.bias"),
      ("blocks.*.attn.v_bias", attention + "value.bias"),
    ]
    return map
  }

  /// The text half of an open_clip file, and its temperature. Everything that is no picture's begins
  /// otherwise than `visual.`.
  private static let openCLIPTexts = [
    "text.", "transformer.", "token_embedding.", "positional_embedding", "ln_final.",
    "text_projection", "logit_scale", "logit_bias", "attn_mask",
  ]

  /// open_clip's own vision tower beside a text tower.
  static let openCLIP = KeyMap(
    prefixes: ["module."],
    parts: [
      ("visual.class_embedding", "embeddings.cls_token"),
      ("visual.positional_embedding", "embeddings.position_embeddings"),
      ("visual.conv1", "embeddings.patch_embeddings.projection"),
      ("visual.ln_pre", "embeddings.layernorm"),
      ("visual.ln_post", "layernorm"),
      ("visual.transformer.resblocks.*.ln_1", layer + ".layernorm_before"),
      ("visual.transformer.resblocks.*.ln_2", layer + ".layernorm_after"),
      ("visual.transformer.resblocks.*.attn.out_proj", layer + ".attention.output.dense"),
      ("visual.transformer.resblocks.*.mlp.c_fc", layer + ".intermediate.dense"),
      ("visual.transformer.resblocks.*.mlp.c_proj", layer + ".output.dense"),
      ("visual.transformer.resblocks.*.ls_1.gamma", layer + ".layer_scale_attention.weight"),
      ("visual.transformer.resblocks.*.ls_2.gamma", layer + ".layer_scale_feed_forward.weight"),
      ("visual.proj", "head.projection.weight"),
    ],
    renamesAll: true, fused: [("visual.transformer.resblocks.*.attn.in_proj", inputs)],
    transposed: ["head.projection.weight"], ignored: openCLIPTexts)

  /// A timm tower inside open_clip; its projection is timm's classifier or lies behind it.
  static func openCLIPTrunk(_ trunk: KeyMap) -> KeyMap {
    var map = trunk
    map.prefixes = ["module.visual.trunk.", "visual.trunk."]
    map.parts += [("head", "head.projection"), ("visual.head.proj", "head.projection")]
    map.ignored = ["mask_token"] + openCLIPTexts
    return map
  }
}
