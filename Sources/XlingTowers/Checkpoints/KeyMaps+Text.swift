/// Names of text towers other than BERT's and T5's.
extension KeyMap {
  /// The text towers of CLIP and SigLIP in transformers, alone or in a whole model.
  static let clipText = KeyMap(
    prefixes: ["module.text_model.", "text_model.", "module."],
    parts: [
      ("embeddings.token_embedding", "embeddings.word_embeddings"),
      ("embeddings.position_embedding", "embeddings.position_embeddings"),
      ("encoder.layers.*.self_attn.q_proj", "encoder.layer.*.attention.self.query"),
      ("encoder.layers.*.self_attn.k_proj", "encoder.layer.*.attention.self.key"),
      ("encoder.layers.*.self_attn.v_proj", "encoder.layer.*.attention.self.value"),
      ("encoder.layers.*.self_attn.out_proj", "encoder.layer.*.attention.output.dense"),
      ("encoder.layers.*.layer_norm1", "encoder.layer.*.attention.output.LayerNorm"),
      ("encoder.layers.*.layer_norm2", "encoder.layer.*.output.LayerNorm"),
      ("encoder.layers.*.mlp.fc1", "encoder.layer.*.intermediate.dense"),
      ("encoder.layers.*.mlp.fc2", "encoder.layer.*.output.dense"),
      ("final_layer_norm", "layernorm"),
      ("text_projection", "head.dense"),
    ],
    renamesAll: true,
    ignored: [
      "vision_model.", "visual_projection.", "logit_scale", "logit_bias", "embeddings.position_ids",
    ])

  /// SigLIP's names are CLIP's but for its head's.
  static let siglipText: KeyMap = {
    var map = clipText
    map.parts = map.parts.filter { $0.ours != "head.dense" } + [("head", "head.dense")]
    return map
  }()

  /// open_clip's own text tower; `prefix` is "text." in models of two custom towers. A projection with bias
  /// is a dense layer, one without a matrix that lies the other way round.
  static func openCLIPText(prefix: String, projectsWithBias: Bool) -> KeyMap {
    KeyMap(
      prefixes: ["module." + prefix] + (prefix.isEmpty ? [] : [prefix]),
      parts: [
        ("token_embedding", "embeddings.word_embeddings"),
        ("positional_embedding", "embeddings.position_embeddings.weight"),
        ("transformer.resblocks.*.attn.out_proj", "encoder.layer.*.attention.output.dense"),
        ("transformer.resblocks.*.ln_1", "encoder.layer.*.attention.output.LayerNorm"),
        ("transformer.resblocks.*.ln_2", "encoder.layer.*.output.LayerNorm"),
        ("transformer.resblocks.*.mlp.c_fc", "encoder.layer.*.intermediate.dense"),
        ("transformer.resblocks.*.mlp.c_proj", "encoder.layer.*.output.dense"),
        ("ln_final", "layernorm"),
        ("text_projection.weight", "head.dense.weight"),
        ("text_projection.bias", "head.dense.bias"),
        ("text_projection", "head.dense.weight"),
      ],
      renamesAll: true,
      fused: [
        (
          "transformer.resblocks.*.attn.in_proj",
          ["query", "key", "value"].map { "encoder.layer.*.attention.self.\($0)" }
        )
      ],
      transposed: projectsWithBias ? [] : ["head.dense.weight"],
      ignored: ["visual.", "logit_scale", "logit_bias", "attn_mask"])
  }

  /// BERT or XLM-R in a program that puts a projection behind it: open_clip and M-CLIP.
  static func adopted(_ family: KeyMap, by prefix: String) -> KeyMap {
    var map = family
    map.prefixes = [prefix, "module." + prefix]
    map.parts += [
      ("text.proj.*", "head.*"), ("text.proj", "head.dense"),
      ("LinearTransformation", "head.dense"),
    ]
    map.ignored += ["visual.", "logit_scale", "logit_bias"]
    return map
  }

  static let modernBERT = KeyMap(
    prefixes: ["module.model.", "model.", "module."],
    parts: [
      ("embeddings.tok_embeddings", "embeddings.word_embeddings"),
      ("embeddings.norm", "embeddings.LayerNorm"),
      ("layers.*.attn.Wo", "encoder.layer.*.attention.output.dense"),
      ("layers.*.attn_norm", "encoder.layer.*.attention.output.LayerNorm"),
      ("layers.*.mlp_norm", "encoder.layer.*.output.LayerNorm"),
      ("layers.*.mlp.Wo", "encoder.layer.*.output.dense"),
      ("final_norm", "layernorm"),
    ],
    renamesAll: true,
    fused: [
      (
        "layers.*.attn.Wqkv",
        ["query", "key", "value"].map { "encoder.layer.*.attention.self.\($0)" }
      ),
      (
        "layers.*.mlp.Wi",
        ["encoder.layer.*.intermediate.dense", "encoder.layer.*.intermediate.factor.dense"]
      ),
    ],
    // Of the prediction of masked tokens, and of classifiers.
    ignored: ["head.", "decoder.", "classifier.", "drop."])

  static let euroBERT = KeyMap(
    prefixes: ["module.model.", "model.", "module."],
    parts: [
      ("embed_tokens", "embeddings.word_embeddings"),
      ("layers.*.self_attn.q_proj", "encoder.layer.*.attention.self.query"),
      ("layers.*.self_attn.k_proj", "encoder.layer.*.attention.self.key"),
      ("layers.*.self_attn.v_proj", "encoder.layer.*.attention.self.value"),
      ("layers.*.self_attn.o_proj", "encoder.layer.*.attention.output.dense"),
      ("layers.*.input_layernorm", "encoder.layer.*.attention.output.LayerNorm"),
      ("layers.*.post_attention_layernorm", "encoder.layer.*.output.LayerNorm"),
      ("layers.*.mlp.gate_proj", "encoder.layer.*.intermediate.dense"),
      ("layers.*.mlp.up_proj", "encoder.layer.*.intermediate.factor.dense"),
      ("layers.*.mlp.down_proj", "encoder.layer.*.output.dense"),
      ("norm", "layernorm"),
    ],
    renamesAll: true, ignored: ["lm_head.", "classifier.", "dense.", "rotary_emb."])
}
