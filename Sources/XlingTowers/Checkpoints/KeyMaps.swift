extension KeyMap {
  /// What a LilT checkpoint (Khan and Fu 2023) holds beside the tower in question.
  static let liltsOther = [
    "visual_encoder.", "text_encoder.", "vision_proj.", "text_proj.", "temp",
  ]

  /// BERT, multilingual BERT, MiniLM, SimCSE; also LilT's text tower.
  static let bert = KeyMap(
    prefixes: ["module.bert.", "text_encoder.bert.", "text_encoder.", "bert.", "module."],
    endings: [
      ("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias"),
    ],
    ignored: [
      "pooler.", "cls.", "classifier.", "qa_outputs.", "embeddings.position_ids",
      "embeddings.token_type_ids",
    ] + liltsOther)

  static let roberta = KeyMap(
    prefixes: ["module.roberta.", "roberta.", "module."],
    ignored: [
      "pooler.", "lm_head.", "classifier.", "qa_outputs.", "embeddings.position_ids",
      "embeddings.token_type_ids",
    ])

  static let distilbert = KeyMap(
    prefixes: ["module.distilbert.", "distilbert.", "module."],
    parts: [
      ("transformer.layer.*.attention.q_lin", "encoder.layer.*.attention.self.query"),
      ("transformer.layer.*.attention.k_lin", "encoder.layer.*.attention.self.key"),
      ("transformer.layer.*.attention.v_lin", "encoder.layer.*.attention.self.value"),
      ("transformer.layer.*.attention.out_lin", "encoder.layer.*.attention.output.dense"),
      ("transformer.layer.*.sa_layer_norm", "encoder.layer.*.attention.output.LayerNorm"),
      ("transformer.layer.*.ffn.lin1", "encoder.layer.*.intermediate.dense"),
      ("transformer.layer.*.ffn.lin2", "encoder.layer.*.output.dense"),
      ("transformer.layer.*.output_layer_norm", "encoder.layer.*.output.LayerNorm"),
      ("embeddings.word_embeddings", "embeddings.word_embeddings"),
      ("embeddings.position_embeddings", "embeddings.position_embeddings"),
      ("embeddings.LayerNorm", "embeddings.LayerNorm"),
    ],
    renamesAll: true,
    ignored: [
      "vocab_transform.", "vocab_layer_norm.", "vocab_projector.", "pre_classifier.",
      "classifier.", "qa_outputs.", "embeddings.position_ids",
    ])

  /// The encoder of mT5 and T5, alone or beside its decoder.
  static let t5 = KeyMap(
    prefixes: ["module."],
    parts: [
      ("shared", "embeddings.word_embeddings"),
      ("encoder.block.*.layer.0.SelfAttention.q", "encoder.layer.*.attention.self.query"),
      ("encoder.block.*.layer.0.SelfAttention.k", "encoder.layer.*.attention.self.key"),
      ("encoder.block.*.layer.0.SelfAttention.v", "encoder.layer.*.attention.self.value"),
      ("encoder.block.*.layer.0.SelfAttention.o", "encoder.layer.*.attention.output.dense"),
      (
        "encoder.block.*.layer.0.SelfAttention.relative_attention_bias",
        "encoder.layer.*.attention.relative_attention_bias"
      ),
      ("encoder.block.*.layer.0.layer_norm", "encoder.layer.*.attention.output.LayerNorm"),
      ("encoder.block.*.layer.1.DenseReluDense.wi_0", "encoder.layer.*.intermediate.dense"),
      ("encoder.block.*.layer.1.DenseReluDense.wi_1", "encoder.layer.*.intermediate.factor.dense"),
      ("encoder.block.*.layer.1.DenseReluDense.wo", "encoder.layer.*.output.dense"),
      ("encoder.block.*.layer.1.layer_norm", "encoder.layer.*.output.LayerNorm"),
      ("encoder.final_layer_norm", "layernorm"),
    ],
    renamesAll: true,
    copies: [("encoder.embed_tokens.weight", "embeddings.word_embeddings.weight")],
    ignored: ["decoder.", "lm_head.", "classification_head.", "classifier."])
}
