import XlingTensor

/// Text towers of open_clip (Ilharco et al. 2021), its own and adopted ones, and of M-CLIP (Carlsson et al.
/// 2022): a BERT or XLM-R behind whose mean a projection lies. Where a folder names a model in place of sizes,
/// the tensors have them, and heads are 64 wide, as in every published model of those names.
extension BERTConfiguration {
  /// `model_cfg` of an `open_clip_config.json`. Throws ``TowerFailure/configuration(path:reason:)``.
  init(openCLIP model: ConfigurationFields, _ checkpoint: Checkpoint) throws(TowerFailure) {
    let text = model.section("text_cfg")
    let outputs = try model.size("embed_dim")
    if let name = try text.text("hf_model_name") {
      try self.init(adopted: name, text, outputs: outputs, checkpoint)
      return
    }
    let isCustom = checkpoint.tensors.keys.contains { $0.hasPrefix("text.token_embedding.") }
    let width = try text.size("width", default: 512)
    let ratio = try text.float("mlp_ratio", default: 4)
    self.init(
      vocabularySize: try text.size("vocab_size", default: 49_408), hiddenSize: width,
      layers: try text.size("layers", default: 12), heads: try text.size("heads", default: 8),
      intermediateSize: Int(Float(width) * ratio),
      maximumPositions: try text.size("context_length", default: 77), tokenTypes: 0,
      layerNormEpsilon: try text.section("norm_kwargs").float("eps", default: 1e-5))
    naming = .openCLIP(prefix: isCustom ? "text." : "")
    activation = try Self.openCLIPActivation(model, text)
    let hasBias = try text.flag("proj_bias", default: false)
    projections = [Projection(name: "head.dense", outputs: outputs, hasBias: hasBias)]
    paddingId = try text.integer("pad_id", default: 0)
    let pool = try text.text("pool_type") ?? "argmax"
    let isCausal = try !text.flag("no_causal_mask", default: false)
    switch (pool, isCausal) {
    case ("argmax", true):
      modelType = "clip_text_model"
      endToken = .largest
    case ("last", false): modelType = "siglip_text_model"
    default:
      throw text.refuse(
        "text_cfg: pool_type \"\(pool)\" \(isCausal ? "with" : "without") a causal mask; \"argmax\" with it "
          + "(CLIP) and \"last\" without (SigLIP) are supported")
    }
    for key in ["embed_cls", "ls_init_value", "output_tokens"] where text.has(key) {
      if text.shown(key) != "false" {
        throw text.refuse("text_cfg: \(key) is \(text.shown(key)), which is not supported")
      }
    }
    try check(text)
  }

  private static func openCLIPActivation(
    _ model: ConfigurationFields, _ text: ConfigurationFields
  ) throws(TowerFailure) -> Activation {
    if try model.flag("quick_gelu", default: false) { return .quickGELU }
    guard let form = try text.section("act_kwargs").text("approximate") else { return .gelu }
    guard form == "tanh" || form == "none" else {
      throw text.refuse("act_kwargs: approximate is \"\(form)\", expected \"tanh\" or \"none\"")
    }
    return form == "tanh" ? .geluTanh : .gelu
  }

  /// An adopted tower: the mean over ids that are not padding, and a projection.
  private init(
    adopted name: String, _ text: ConfigurationFields, outputs: Int, _ checkpoint: Checkpoint
  ) throws(TowerFailure) {
    try self.init(
      sizesOf: checkpoint, prefix: "text.transformer.", named: name, text)
    naming = .openCLIPAdopted
    contextLength = try text.size("context_length", default: 77)
    let pooler = try text.text("hf_pooler_type") ?? "mean_pooler"
    guard pooler == "mean_pooler" else {
      throw text.refuse("hf_pooler_type is \"\(pooler)\"; \"mean_pooler\" is supported")
    }
    let newer = try text.text("hf_proj_type")
    let older = try text.text("proj_type")
    let kind = newer ?? older ?? "mlp"
    func rows(_ name: String) -> Int? { checkpoint.tensors[name]?.shape.first }
    switch kind {
    case "mlp":
      guard let inner = rows("text.proj.0.weight") else {
        throw text.refuse("the checkpoint has no text.proj.0.weight, which its projection asks for")
      }
      projections = [
        Projection(name: "head.0", outputs: inner, hasBias: false, activation: .gelu),
        Projection(name: "head.2", outputs: outputs, hasBias: false),
      ]
    case "linear":
      projections = [Projection(name: "head.dense", outputs: outputs, hasBias: false)]
    default:
      throw text.refuse("proj_type is \"\(kind)\"; \"mlp\" and \"linear\" are supported")
    }
    try check(text)
  }

  /// `config.json` of M-CLIP. Throws ``TowerFailure/configuration(path:reason:)``.
  init(multilingualCLIP fields: ConfigurationFields, _ checkpoint: Checkpoint) throws(TowerFailure)
  {
    let base = try fields.text("modelBase") ?? "xlm-roberta"
    if fields.has("hidden_size") {
      try self.init(fields, modelType: try Self.type(named: base, fields))
    } else {
      try self.init(sizesOf: checkpoint, prefix: "transformer.", named: base, fields)
    }
    naming = .multilingualCLIP
    let outputs = try fields.size("numDims", default: 768)
    projections = [Projection(name: "head.dense", outputs: outputs, hasBias: true)]
    try check(fields)
  }

  /// Families by the names of models: "FacebookAI/xlm-roberta-base".
  private static func type(
    named name: String, _ fields: ConfigurationFields
  ) throws(TowerFailure) -> String {
    let lower = name.lowercased()
    for (part, type) in [
      ("xlm-roberta", "xlm-roberta"), ("roberta", "roberta"), ("camembert", "camembert"),
      ("labse", "bert"), ("distil", ""), ("bert", "bert"),
    ] where lower.contains(part) {
      if !type.isEmpty { return type }
      break
    }
    throw fields.refuse(
      "the text tower is \"\(name)\"; XLM-R, RoBERTa and BERT are supported in this place")
  }

  private init(
    sizesOf checkpoint: Checkpoint, prefix: String, named name: String,
    _ fields: ConfigurationFields
  ) throws(TowerFailure) {
    let type = try Self.type(named: name, fields)
    func shape(_ name: String) throws(TowerFailure) -> [Int] {
      guard let shape = checkpoint.tensors[prefix + name]?.shape, shape.count == 2,
        shape.allSatisfy({ (1...1 << 24).contains($0) })
      else {
        throw fields.refuse("the checkpoint has no matrix \(prefix)\(name), whose sizes are needed")
      }
      return shape
    }
    let words = try shape("embeddings.word_embeddings.weight")
    let positions = try shape("embeddings.position_embeddings.weight")
    let inner = try shape("encoder.layer.0.intermediate.dense.weight")
    let types = try shape("embeddings.token_type_embeddings.weight")
    let layers = (0..<1000).first {
      checkpoint.tensors["\(prefix)encoder.layer.\($0).output.dense.weight"] == nil
    }
    guard words[1] % 64 == 0 else {
      throw fields.refuse(
        "\"\(name)\" is \(words[1]) wide, which is no multiple of 64, a head's width")
    }
    self.init(
      vocabularySize: words[0], hiddenSize: words[1], layers: layers ?? 1000, heads: words[1] / 64,
      intermediateSize: inner[0], maximumPositions: positions[0], tokenTypes: types[0],
      layerNormEpsilon: type == "bert" ? 1e-12 : 1e-5)
    modelType = type
    paddingId = type == "bert" ? 0 : 1
  }
}
