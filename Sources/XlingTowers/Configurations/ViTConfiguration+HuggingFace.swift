import XlingTensor

/// `config.json` of Hugging Face's image towers.
extension ViTConfiguration {
  static let modelTypes: Set = [
    "vit", "deit", "vit_mae", "dinov2", "dinov2_with_registers", "dinov3_vit", "clip_vision_model",
    "siglip_vision_model",
  ]

  /// Of one of ``modelTypes``. Throws ``TowerFailure/configuration(path:reason:)``.
  init(_ fields: ConfigurationFields, modelType: String) throws(TowerFailure) {
    switch modelType {
    case "dinov2", "dinov2_with_registers":
      try self.init(dinov2: fields, hasRegisters: modelType == "dinov2_with_registers")
    case "dinov3_vit": try self.init(dinov3: fields)
    case "clip_vision_model": try self.init(clip: fields, projection: nil)
    case "siglip_vision_model": try self.init(siglip: fields)
    default: try self.init(vit: fields, modelType: modelType)
    }
    try check(fields)
  }

  /// What all of them call alike. `epsilon` is what a missing one stands for.
  private init(common fields: ConfigurationFields, epsilon: Float) throws(TowerFailure) {
    let width = try fields.size("hidden_size")
    self.init(
      imageSize: try fields.side("image_size"), patchSize: try fields.side("patch_size"),
      hiddenSize: width, layers: try fields.size("num_hidden_layers"),
      heads: try fields.size("num_attention_heads"),
      intermediateSize: fields.has("intermediate_size")
        ? try fields.size("intermediate_size") : 4 * width,
      channels: try fields.size("num_channels", default: 3),
      layerNormEpsilon: try fields.float("layer_norm_eps", default: epsilon))
    activation = try BERTConfiguration.activation(fields, "hidden_act")
  }

  private init(vit fields: ConfigurationFields, modelType: String) throws(TowerFailure) {
    _ = try fields.size("intermediate_size")
    try self.init(common: fields, epsilon: 1e-12)
    if try !fields.flag("qkv_bias", default: true) { biases.subtract(.inputs) }
    hasDistillationToken = modelType == "deit"
    if modelType == "vit_mae" { naming = .mae }
    dropout = try DropoutRates(
      fields, hidden: "hidden_dropout_prob", attention: "attention_probs_dropout_prob")
  }

  private init(dinov2 fields: ConfigurationFields, hasRegisters: Bool) throws(TowerFailure) {
    try self.init(common: fields, epsilon: 1e-6)
    naming = .dinov2
    let ratio = try fields.float("mlp_ratio", default: 4)
    guard ratio > 0, ratio < 1024 else { throw fields.refuse("mlp_ratio is \(ratio)") }
    let inner = Int(Double(hiddenSize) * JSONNumber.shortest(ratio))
    isGated = try fields.flag("use_swiglu_ffn", default: false)
    // Two thirds, up to a multiple of eight, as the family's code has it.
    intermediateSize = isGated ? (Int(Double(inner) * 2 / 3) + 7) / 8 * 8 : inner
    if isGated { activation = .silu }
    guard intermediateSize > 0 else { throw fields.refuse("mlp_ratio leaves nothing") }
    if try !fields.flag("qkv_bias", default: true) { biases.subtract(.inputs) }
    hasLayerScale = true
    registers = hasRegisters ? try fields.integer("num_register_tokens", default: 4) : 0
    interpolation = hasRegisters ? .timm : .bicubic
    takesOtherSizes = true
    dropout = try DropoutRates(
      fields, hidden: "hidden_dropout_prob", attention: "attention_probs_dropout_prob")
  }

  private init(dinov3 fields: ConfigurationFields) throws(TowerFailure) {
    try self.init(common: fields, epsilon: 1e-5)
    naming = .dinov3
    isGated = try fields.flag("use_gated_mlp", default: false)
    hasLayerScale = true
    registers = try fields.integer("num_register_tokens", default: 0)
    rotaryTheta = try fields.float("rope_theta", default: 100)
    takesOtherSizes = true
    biases = []
    for (key, bias, isThere) in [
      ("query_bias", EncoderLayer.Biases.query, true), ("key_bias", .key, false),
      ("value_bias", .value, true), ("proj_bias", .attentionOutput, true),
      ("mlp_bias", .feedForward, true),
    ] where try fields.flag(key, default: isThere) { biases.insert(bias) }
    dropout = try DropoutRates(
      fields, hidden: "hidden_dropout_prob", attention: "attention_dropout")
  }

  /// CLIP's vision half; `projection` is the width of the space that it shares with texts, nil for the
  /// tower alone.
  init(clip fields: ConfigurationFields, projection: Int?) throws(TowerFailure) {
    _ = try fields.size("intermediate_size")
    try self.init(common: fields, epsilon: 1e-5)
    if !fields.has("hidden_act") { activation = .quickGELU }
    naming = .clip(isWhole: projection != nil)
    hasPatchBias = false
    hasEmbeddingNorm = true
    let own = fields.texts("architectures").contains("CLIPVisionModelWithProjection")
    let ownWidth = own ? try fields.size("projection_dim", default: 512) : nil
    if let width = projection ?? ownWidth {
      head = ImageHead.Shape(.cls, projection: width)
      pooling = .head
    }
    dropout = try DropoutRates(
      fields, hidden: "hidden_dropout_prob", attention: "attention_dropout")
    try check(fields)
  }

  /// SigLIP's vision half, whose vector is that of its attention head.
  init(siglip fields: ConfigurationFields, isWhole: Bool = false) throws(TowerFailure) {
    _ = try fields.size("intermediate_size")
    try self.init(common: fields, epsilon: 1e-6)
    if !fields.has("hidden_act") { activation = .geluTanh }
    naming = .siglip(isWhole: isWhole)
    hasClassToken = false
    guard try fields.flag("vision_use_head", default: true) else {
      throw fields.refuse("vision_use_head is false: a SigLIP without its head gives no vector")
    }
    head = ImageHead.Shape(.attention(intermediate: intermediateSize))
    pooling = .head
    dropout = try DropoutRates(
      fields, hidden: "hidden_dropout_prob", attention: "attention_dropout")
    try check(fields)
  }

  /// With the projection that a checkpoint of CLIP's vision half has, whatever class its folder names: the
  /// class decides only whether a user gets it.
  func fitted(to checkpoint: Checkpoint) -> ViTConfiguration {
    guard case .clip = naming, head == nil,
      let shape = checkpoint.tensors["visual_projection.weight"]?.shape, shape.count == 2,
      shape[1] == hiddenSize
    else { return self }
    var fitted = self
    fitted.head = ImageHead.Shape(.cls, projection: shape[0])
    return fitted
  }

  func check(_ fields: ConfigurationFields) throws(TowerFailure) {
    guard hiddenSize % heads == 0 else {
      throw fields.refuse("hidden_size \(hiddenSize) is not a multiple of \(heads) heads")
    }
    guard layers <= 1000 else {
      throw fields.refuse("num_hidden_layers is \(layers), expected at most 1000")
    }
    guard (0...1000).contains(registers) else {
      throw fields.refuse("num_register_tokens is \(registers), expected 0 to 1000")
    }
    if rotaryTheta != nil {
      guard hiddenSize / heads % 4 == 0 else {
        throw fields.refuse("heads are \(hiddenSize / heads) wide, expected a multiple of 4")
      }
    }
    guard patchSize <= imageSize, imageSize % patchSize == 0 || leavesPixelsOut else {
      throw fields.refuse("image_size \(imageSize) is not a multiple of patch_size \(patchSize)")
    }
  }

  /// Whether pixels beside the last whole patch are left out by the library too (a SigLIP of 384 pixels
  /// in patches of 14).
  private var leavesPixelsOut: Bool {
    switch naming {
    case .siglip, .timm, .openCLIPTrunk, .clip: true
    default: false
    }
  }
}
