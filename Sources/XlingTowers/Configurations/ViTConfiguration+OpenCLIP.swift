import XlingTensor

/// The vision half of `open_clip_config.json`.
extension ViTConfiguration {
  private static let harmless: Set = [
    "patch_dropout", "output_tokens", "timm_model_pretrained", "timm_drop", "timm_drop_path",
    "attn_pooler_heads", "attn_pooler_queries",
  ]
  private static let known: Set = [
    "layers", "width", "head_width", "mlp_ratio", "patch_size", "image_size", "ls_init_value",
    "pool_type", "global_average_pool", "no_ln_pre", "final_ln_after_pool", "act_kwargs",
    "norm_kwargs", "timm_model_name", "timm_pool", "timm_proj", "timm_proj_bias",
    "attentional_pool", "input_patchnorm", "pos_embed_type",
  ]

  /// `fields` are those of the whole file; a timm tower's sizes are its tensors'. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  init(
    openCLIP fields: ConfigurationFields, _ checkpoint: Checkpoint, heads: Int?
  ) throws(TowerFailure) {
    let model = fields.section("model_cfg")
    let vision = model.section("vision_cfg")
    guard !vision.keys.isEmpty else { throw fields.refuse("model_cfg has no vision_cfg") }
    if let key = vision.keys.first(where: { key in
      vision.has(key) && !Self.known.contains(key) && !Self.harmless.contains(key)
    }) {
      throw fields.refuse("\"\(key)\" in vision_cfg is not known")
    }
    let width = try model.size("embed_dim")
    if let name = try vision.text("timm_model_name") {
      try self.init(trunk: name, in: checkpoint, heads: heads, path: fields.path)
      try readTrunk(vision, embedding: width)
    } else {
      try self.init(openCLIP: vision, isQuick: model.flag("quick_gelu", default: false))
      head = ImageHead.Shape(
        try Self.averages(vision) ? .mean : .cls, projection: width, hasProjectionBias: false)
      pooling = .head
    }
    try check(fields)
  }

  private init(openCLIP vision: ConfigurationFields, isQuick: Bool) throws(TowerFailure) {
    guard !vision.isList("layers") else {
      throw vision.refuse("vision_cfg is a ResNet's; the nearest that is read is a ViT of CLIP")
    }
    for (key, usual) in [
      ("attentional_pool", false), ("input_patchnorm", false), ("final_ln_after_pool", false),
    ] where try vision.flag(key, default: usual) != usual {
      throw vision.refuse("\(key) in vision_cfg is true: it is not computed here")
    }
    if let kind = try vision.text("pos_embed_type"), kind != "learnable" {
      throw vision.refuse("pos_embed_type is \"\(kind)\"; only \"learnable\" is read")
    }
    let width = try vision.size("width", default: 768)
    let ratio = try vision.float("mlp_ratio", default: 4)
    let headWidth = try vision.size("head_width", default: 64)
    guard ratio > 0, ratio < 1024, width >= headWidth else {
      throw vision.refuse("mlp_ratio is \(ratio), head_width \(headWidth) of \(width)")
    }
    self.init(
      imageSize: try vision.side("image_size", default: 224),
      patchSize: try vision.side("patch_size", default: 16), hiddenSize: width,
      layers: try vision.size("layers", default: 12), heads: width / headWidth,
      intermediateSize: Int(Double(width) * JSONNumber.shortest(ratio)),
      layerNormEpsilon: try vision.section("norm_kwargs").float("eps", default: 1e-5))
    if isQuick { activation = .quickGELU }
    if try vision.section("act_kwargs").text("approximate") == "tanh" { activation = .geluTanh }
    naming = .openCLIP
    hasPatchBias = false
    hasEmbeddingNorm = try !vision.flag("no_ln_pre", default: false)
    hasLayerScale = vision.has("ls_init_value")
    interpolation = .timm
  }

  private static func averages(_ vision: ConfigurationFields) throws(TowerFailure) -> Bool {
    if try vision.flag("global_average_pool", default: false) { return true }
    let pool = try vision.text("pool_type") ?? "tok"
    guard ["tok", "avg"].contains(pool) else {
      throw vision.refuse("pool_type is \"\(pool)\"; \"tok\" and \"avg\" are supported")
    }
    return pool == "avg"
  }

  /// How open_clip makes a vector of a timm tower.
  private mutating func readTrunk(
    _ vision: ConfigurationFields, embedding: Int
  ) throws(TowerFailure) {
    let pool = try vision.text("timm_pool") ?? "avg"
    let projection = try vision.text("timm_proj") ?? "linear"
    guard ["map", "avg", "token", ""].contains(pool), ["none", "linear", ""].contains(projection)
    else {
      throw vision.refuse(
        "timm_pool is \"\(pool)\", timm_proj \"\(projection)\"; \"map\", \"avg\" and \"token\", "
          + "\"linear\" and \"none\" are supported")
    }
    let named = TimmArchitecture(trunkName)
    let source: ImageHead.Shape.Source
    switch pool.isEmpty ? named?.globalPool ?? "token" : pool {
    case "map": source = .attention(intermediate: intermediateSize)
    case "avg": source = .mean
    default: source = hasDistillationToken ? .distilled : .cls
    }
    let isBehind = source == .mean && named?.hasPoolNorm ?? true
    hasFinalNorm = !isBehind
    head = ImageHead.Shape(
      source, hasNorm: isBehind, projection: projection == "none" ? nil : embedding,
      // Without a projection of its own it is the trunk's classifier, which has a bias.
      hasProjectionBias: projection.isEmpty
        ? true : try vision.flag("timm_proj_bias", default: false))
    pooling = .head
  }

  private var trunkName: String {
    if case .openCLIPTrunk(let name) = naming { name } else { "" }
  }
}
