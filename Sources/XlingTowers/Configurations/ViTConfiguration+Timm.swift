/// timm's architectures by name, and `config.json` as timm writes it for the hub.
extension ViTConfiguration {
  /// Width, layers, heads of the sizes.
  private static let sizes: [Substring: (width: Int, layers: Int, heads: Int)] = [
    "tiny": (192, 12, 3), "small": (384, 12, 6), "medium": (512, 12, 8), "base": (768, 12, 12),
    "large": (1024, 24, 16),
  ]

  /// From a name such as `vit_base_patch16_224`, `deit_tiny_distilled_patch16_224` or
  /// `deit3_small_patch16_224`; nil for architectures that compute something else.
  init?(timm name: String) {
    var words = name.split(separator: ".")[0].split(separator: "_")
    guard let kind = words.first, ["vit", "deit", "deit3"].contains(kind) else { return nil }
    words.removeFirst()
    guard let word = words.first, let size = Self.sizes[word] else { return nil }
    words.removeFirst()
    let isDistilled = kind == "deit" && words.first == "distilled"
    if isDistilled { words.removeFirst() }
    guard let patchWord = words.first, patchWord.hasPrefix("patch"),
      let patch = Int(patchWord.dropFirst("patch".count)), words.count >= 2,
      let image = Int(words[1]), patch > 0, image > 0, image < 1 << 16,
      words.count == 2 || words.dropFirst(2).elementsEqual(["in21k"])
        || words.dropFirst(2).elementsEqual(["in21ft1k"])
    else { return nil }
    self.init(
      imageSize: image, patchSize: patch, hiddenSize: size.width, layers: size.layers,
      heads: size.heads, intermediateSize: 4 * size.width)
    hasDistillationToken = isDistilled
    hasLayerScale = kind == "deit3"
    hasPrefixPositions = kind != "deit3"
    naming = .timm(architecture: name)
  }

  /// What timm takes and what does not change a tower's hidden states.
  private static let harmless: Set = [
    "num_classes", "drop_rate", "pos_drop_rate", "patch_drop_rate", "proj_drop_rate",
    "attn_drop_rate", "drop_path_rate", "weight_init", "dynamic_img_size",
  ]
  private static let known: Set = [
    "img_size", "patch_size", "in_chans", "embed_dim", "depth", "num_heads", "mlp_ratio",
    "qkv_bias", "init_values", "no_embed_class", "class_token", "global_pool",
  ]

  /// A timm `config.json`: an architecture, changed by `model_args`. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  init(timm fields: ConfigurationFields) throws(TowerFailure) {
    let name = try fields.text("architecture") ?? ""
    guard let named = ViTConfiguration(timm: name) else {
      throw fields.refuse(
        "the architecture \"\(name)\" is not known; ViT, DeiT and DeiT-III are "
          + "(vit_base_patch16_224, deit_tiny_distilled_patch16_224, deit3_small_patch16_224)")
    }
    self = named
    let arguments = fields.section("model_args")
    if let other = arguments.keys.first(where: {
      !Self.known.contains($0) && !Self.harmless.contains($0)
    }) {
      throw fields.refuse("the argument \"\(other)\" in model_args is not known")
    }
    imageSize = try arguments.side("img_size", default: imageSize)
    patchSize = try arguments.side("patch_size", default: patchSize)
    channels = try arguments.size("in_chans", default: channels)
    hiddenSize = try arguments.size("embed_dim", default: hiddenSize)
    layers = try arguments.size("depth", default: layers)
    heads = try arguments.size("num_heads", default: heads)
    let ratio = try arguments.float("mlp_ratio", default: 4)
    guard ratio > 0, ratio < 1024 else { throw fields.refuse("mlp_ratio is \(ratio)") }
    // As timm computes it, in double precision and cut down.
    intermediateSize = Int(Double(hiddenSize) * JSONNumber.shortest(ratio))
    queryBias = try arguments.flag("qkv_bias", default: true)
    hasPrefixPositions = !(try arguments.flag("no_embed_class", default: !hasPrefixPositions))
    if arguments.has("init_values") { hasLayerScale = try arguments.float("init_values") != 0 }
    guard try arguments.flag("class_token", default: true),
      try arguments.text("global_pool") ?? "token" == "token"
    else { throw fields.refuse("model_args asks for pooling by other than the class token") }
    guard intermediateSize > 0 else { throw fields.refuse("mlp_ratio leaves nothing") }
    try check(fields)
  }

  func timmJSON(_ architecture: String) -> [String: any Sendable] {
    var arguments: [String: any Sendable] = [
      "img_size": imageSize, "patch_size": patchSize, "in_chans": channels,
      "embed_dim": hiddenSize, "depth": layers, "num_heads": heads,
      "mlp_ratio": Double(intermediateSize) / Double(hiddenSize), "qkv_bias": queryBias,
      "no_embed_class": !hasPrefixPositions,
    ]
    if hasLayerScale { arguments["init_values"] = 1e-6 }
    return [
      "architecture": architecture, "num_classes": 0, "num_features": hiddenSize,
      "global_pool": "token", "model_args": arguments,
      "pretrained_cfg": [
        "input_size": [channels, imageSize, imageSize], "num_classes": 0,
        "first_conv": "patch_embed.proj", "classifier": "head",
      ] as [String: any Sendable],
    ]
  }

  /// From the tensors of a bare checkpoint under timm's names. Heads leave no trace in them: `heads`,
  /// or the width in heads of 64 that all published sizes have. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  package init(inferredFrom checkpoint: Checkpoint, heads given: Int?) throws(TowerFailure) {
    func refuse(_ reason: String) -> TowerFailure {
      .configuration(path: checkpoint.path, reason: reason)
    }
    var shapes: [String: [Int]] = [:]
    for (name, tensor) in checkpoint.tensors {
      switch KeyMap.timm.target(of: name) {
      case .parameter(let ours): shapes[ours] = tensor.shape
      case .parts(let ours): for name in ours { shapes[name] = tensor.shape }
      case .ignored, .copy, .unknown: continue
      }
    }
    guard let kernel = shapes["embeddings.patch_embeddings.projection.weight"], kernel.count == 4,
      let table = shapes["embeddings.position_embeddings"], table.count == 3,
      let inner = shapes["encoder.layer.0.intermediate.dense.weight"], inner.count == 2,
      (kernel + table + inner).allSatisfy({ (1...1 << 24).contains($0) }), kernel[2] == kernel[3]
    else {
      throw refuse(
        "there is no config.json beside it, and its tensors are not those of a ViT under timm's "
          + "names, from which the sizes could be read")
    }
    let width = kernel[0]
    guard let heads = given ?? (width % 64 == 0 ? width / 64 : nil), heads > 0, width % heads == 0
    else {
      throw refuse(
        given.map { "its width \(width) is not a multiple of \($0) heads" }
          ?? "its width \(width) is none of the published ones, so its heads are unknown: --heads")
    }
    let isDistilled = shapes["embeddings.distillation_token"] != nil
    let prefix = isDistilled ? 2 : 1
    guard let (grid, hasPrefix) = Self.grid(table[1], prefix) else {
      throw refuse("its position table of \(table[1]) rows fits no square of patches")
    }
    let layers = (0...1000).first { shapes["encoder.layer.\($0).intermediate.dense.weight"] == nil }
    self.init(
      imageSize: grid * kernel[2], patchSize: kernel[2], hiddenSize: width, layers: layers ?? 0,
      heads: heads, intermediateSize: inner[0], channels: kernel[1],
      queryBias: shapes["encoder.layer.0.attention.attention.query.bias"] != nil)
    hasDistillationToken = isDistilled
    hasPrefixPositions = hasPrefix
    hasLayerScale = shapes["encoder.layer.0.layer_scale_attention.weight"] != nil
    naming = .timm(architecture: architecture)
  }

  /// The square that a table of `rows` rows covers, and whether it has rows for the prefix.
  private static func grid(_ rows: Int, _ prefix: Int) -> (Int, Bool)? {
    for (patches, hasPrefix) in [(rows - prefix, true), (rows, false)] where patches > 0 {
      let side = Int(Double(patches).squareRoot().rounded())
      if side * side == patches { return (side, hasPrefix) }
    }
    return nil
  }

  /// timm's model of this width, or its base model; `model_args` change what differs.
  private var architecture: String {
    let size = Self.sizes.first { $0.value.width == hiddenSize }?.key ?? "base"
    if hasLayerScale { return "deit3_\(size)_patch16_224" }
    return hasDistillationToken ? "deit_\(size)_distilled_patch16_224" : "vit_\(size)_patch16_224"
  }
}
