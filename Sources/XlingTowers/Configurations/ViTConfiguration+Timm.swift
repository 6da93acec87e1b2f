import XlingTensor

/// `config.json` as timm writes it for the hub.
extension ViTConfiguration {
  /// What timm takes and what does not change a tower's hidden states.
  private static let harmless: Set = [
    "num_classes", "drop_rate", "pos_drop_rate", "patch_drop_rate", "proj_drop_rate",
    "attn_drop_rate", "drop_path_rate", "weight_init", "dynamic_img_size", "dynamic_img_pad",
    "strict_img_size", "pretrained",
  ]
  private static let known: Set = [
    "img_size", "patch_size", "in_chans", "embed_dim", "depth", "num_heads", "mlp_ratio",
    "qkv_bias", "init_values", "no_embed_class", "class_token", "global_pool", "reg_tokens",
    "pre_norm", "fc_norm", "final_norm", "act_layer", "qk_norm",
  ]

  /// A timm `config.json`: an architecture, changed by `model_args`. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  init(timm fields: ConfigurationFields) throws(TowerFailure) {
    let name = try fields.text("architecture") ?? ""
    guard let named = TimmArchitecture(name) else {
      throw fields.refuse(
        "the architecture \"\(name)\" is not known; \(TimmArchitecture.known)")
    }
    self = named.configuration
    let arguments = fields.section("model_args")
    if let other = arguments.keys.first(where: {
      !Self.known.contains($0) && !Self.harmless.contains($0)
    }) {
      throw fields.refuse("the argument \"\(other)\" in model_args is not known")
    }
    try readSizes(fields, arguments, named)
    try readParts(arguments)
    try readPooling(fields, arguments, named)
    try check(fields)
  }

  private mutating func readSizes(
    _ fields: ConfigurationFields, _ arguments: ConfigurationFields, _ named: TimmArchitecture
  ) throws(TowerFailure) {
    let pretrained = fields.section("pretrained_cfg")
    // timm makes a tower of a fixed size as large as its pretrained_cfg says.
    if let input = pretrained.numbers("input_size"), input.count == 3, input[1] == input[2],
      try pretrained.flag("fixed_input_size", default: false), (1...1 << 16).contains(input[1])
    {
      imageSize = input[1]
    }
    let old = (width: hiddenSize, inner: intermediateSize)
    imageSize = try arguments.side("img_size", default: imageSize)
    patchSize = try arguments.side("patch_size", default: patchSize)
    channels = try arguments.size("in_chans", default: channels)
    hiddenSize = try arguments.size("embed_dim", default: hiddenSize)
    layers = try arguments.size("depth", default: layers)
    heads = try arguments.size("num_heads", default: heads)
    let usual =
      isGated && named.family == .dinov2
      ? Float(2.66667 * 2)
      : Float(old.inner) / Float(old.width)
    let isChosen = arguments.has("mlp_ratio")
    let ratio = try arguments.float("mlp_ratio", default: usual)
    guard ratio > 0, ratio < 1024 else { throw fields.refuse("mlp_ratio is \(ratio)") }
    // As timm computes it, in double precision and cut down.
    let exact = isChosen || hiddenSize != old.width ? JSONNumber.shortest(ratio) : nil
    intermediateSize = exact.map { Int(Double(hiddenSize) * $0) } ?? old.inner
    if isGated {
      // Both parts are in one matrix, or, of DINOv3, each is a multiple of eight.
      intermediateSize =
        named.family == .dinov2 ? intermediateSize / 2 : (intermediateSize + 7) / 8 * 8
    }
    guard intermediateSize > 0 else { throw fields.refuse("mlp_ratio leaves nothing") }
  }

  private mutating func readParts(_ arguments: ConfigurationFields) throws(TowerFailure) {
    if arguments.has("qkv_bias") {
      if try arguments.flag("qkv_bias", default: true) {
        biases.formUnion(rotaryTheta == nil ? .inputs : [.query, .value])
      } else {
        biases.subtract(.inputs)
      }
    }
    hasPrefixPositions = !(try arguments.flag("no_embed_class", default: !hasPrefixPositions))
    if arguments.has("init_values") { hasLayerScale = try arguments.float("init_values") != 0 }
    hasClassToken = try arguments.flag("class_token", default: hasClassToken)
    registers = try arguments.integer("reg_tokens", default: registers)
    if try arguments.flag("pre_norm", default: hasEmbeddingNorm) != hasEmbeddingNorm {
      hasEmbeddingNorm.toggle()
      hasPatchBias = !hasEmbeddingNorm
    }
    if let name = try arguments.text("act_layer") {
      activation = try BERTConfiguration.activation(
        named: name == "gelu_tanh" ? "gelu_pytorch_tanh" : name, arguments, "act_layer")
    }
    guard try !arguments.flag("qk_norm", default: false) else {
      throw arguments.refuse(
        "qk_norm in model_args is true: norms of queries and keys are not read")
    }
    guard registers == 0 || !hasPrefixPositions || rotaryTheta != nil else {
      throw arguments.refuse("reg_tokens in model_args asks for registers with positions")
    }
  }

  private mutating func readPooling(
    _ fields: ConfigurationFields, _ arguments: ConfigurationFields, _ named: TimmArchitecture
  ) throws(TowerFailure) {
    let argument = try arguments.text("global_pool")
    let top = try fields.text("global_pool")
    let pool = argument ?? top ?? named.globalPool
    guard ["token", "avg", "map"].contains(pool), pool != "token" || hasClassToken else {
      throw fields.refuse(
        "global_pool is \"\(pool)\"; \"token\" of towers with one, \"avg\" and \"map\" are "
          + "supported")
    }
    let usual = named.hasPoolNorm ?? (pool == "avg")
    let hasNorm = try arguments.flag("final_norm", default: true)
    let isBehind = try arguments.flag("fc_norm", default: usual)
    hasFinalNorm = hasNorm && !isBehind
    let norm = hasNorm && isBehind
    switch pool {
    case "map":
      head = ImageHead.Shape(.attention(intermediate: intermediateSize), hasNorm: norm)
    case "avg": head = norm ? ImageHead.Shape(.mean, hasNorm: true) : nil
    default:
      head =
        hasDistillationToken
        ? ImageHead.Shape(.distilled) : norm ? ImageHead.Shape(.cls, hasNorm: true) : nil
    }
    pooling = head != nil ? .head : pool == "avg" ? .mean : .cls
  }

  func timmJSON(_ architecture: String) -> [String: any Sendable] {
    let isPacked = isGated && !TimmArchitecture.isEva(architecture)
    let inner = isPacked ? 2 * intermediateSize : intermediateSize
    var arguments: [String: any Sendable] = [
      "img_size": imageSize, "patch_size": patchSize, "in_chans": channels,
      "embed_dim": hiddenSize, "depth": layers, "num_heads": heads,
      "mlp_ratio": Double(inner) / Double(hiddenSize),
    ]
    if rotaryTheta == nil {
      arguments["qkv_bias"] = queryBias
      arguments["no_embed_class"] = !hasPrefixPositions
    }
    if hasLayerScale { arguments["init_values"] = 1e-6 }
    let pool: String
    switch head?.source {
    case .attention: pool = "map"
    case .mean: pool = "avg"
    default: pool = pooling == .mean ? "avg" : "token"
    }
    let named = TimmArchitecture(architecture)
    if pool != named?.globalPool { arguments["global_pool"] = pool }
    if activation != named?.configuration.activation {
      arguments["act_layer"] = activation == .geluTanh ? "gelu_tanh" : activation.configurationName
    }
    return [
      "architecture": architecture, "num_classes": 0, "num_features": hiddenSize,
      "global_pool": pool, "model_args": arguments,
      "pretrained_cfg": [
        "input_size": [channels, imageSize, imageSize], "num_classes": 0,
        "first_conv": "patch_embed.proj", "classifier": "head",
      ] as [String: any Sendable],
    ]
  }
}
