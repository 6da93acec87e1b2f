import XlingTensor

/// What shapes an image tower's computation: `config.json` of a Hugging Face ViT or DeiT folder, of
/// a timm folder, or what a bare checkpoint's tensors say.
public struct ViTConfiguration: Sendable, Equatable {
  /// Whose names a saved checkpoint has.
  public enum Naming: Sendable, Equatable {
    case huggingFace
    /// With the architecture that timm is asked for.
    case timm(architecture: String)
  }

  public var imageSize: Int
  public var patchSize: Int
  public var channels: Int
  public var hiddenSize: Int
  public var layers: Int
  public var heads: Int
  public var intermediateSize: Int
  public var layerNormEpsilon: Float
  public var queryBias: Bool
  public var activation = Activation.gelu
  /// DeiT's distillation token, at position 1 (Touvron et al. 2021, section 4).
  public var hasDistillationToken = false
  /// Whether the position table has rows for the tokens before the patches; DeiT-III's has not.
  public var hasPrefixPositions = true
  public var hasLayerScale = false
  public var naming = Naming.huggingFace
  /// Of Hugging Face's configurations; timm's models of these sizes have none.
  public var dropout = DropoutRates()

  public init(
    imageSize: Int, patchSize: Int, hiddenSize: Int, layers: Int, heads: Int,
    intermediateSize: Int, channels: Int = 3, layerNormEpsilon: Float = 1e-6,
    queryBias: Bool = true
  ) {
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channels = channels
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads
    self.intermediateSize = intermediateSize
    self.layerNormEpsilon = layerNormEpsilon
    self.queryBias = queryBias
  }

  /// Patches along one side of a picture.
  public var grid: Int { imageSize / patchSize }

  /// Patches of a picture, without the tokens before them.
  public var patches: Int { grid * grid }

  /// Tokens before the patches: CLS, and DeiT's distillation token.
  public var prefixTokens: Int { hasDistillationToken ? 2 : 1 }

  /// Rows of the position table.
  var positions: Int { patches + (hasPrefixPositions ? prefixTokens : 0) }

  var layerShape: EncoderLayer.Shape {
    var shape = EncoderLayer.Shape(
      width: hiddenSize, heads: heads, intermediateWidth: intermediateSize,
      epsilon: layerNormEpsilon, activation: activation)
    if !queryBias { shape.biases.formSymmetricDifference([.query, .key, .value]) }
    shape.hasLayerScale = hasLayerScale
    return shape
  }

  var keyMap: KeyMap { naming == .huggingFace ? .vit : .timm }
}

extension ViTConfiguration {
  /// Hugging Face's keys. Throws ``TowerFailure/configuration(path:reason:)``.
  init(_ fields: ConfigurationFields, modelType: String) throws(TowerFailure) {
    imageSize = try fields.side("image_size")
    patchSize = try fields.side("patch_size")
    channels = try fields.size("num_channels", default: 3)
    hiddenSize = try fields.size("hidden_size")
    layers = try fields.size("num_hidden_layers")
    heads = try fields.size("num_attention_heads")
    intermediateSize = try fields.size("intermediate_size")
    layerNormEpsilon = try fields.float("layer_norm_eps", default: 1e-12)
    queryBias = try fields.flag("qkv_bias", default: true)
    activation = try BERTConfiguration.activation(fields, "hidden_act")
    hasDistillationToken = modelType == "deit"
    dropout = try DropoutRates(
      fields, hidden: "hidden_dropout_prob", attention: "attention_probs_dropout_prob")
    try check(fields)
  }

  func check(_ fields: ConfigurationFields) throws(TowerFailure) {
    guard hiddenSize % heads == 0 else {
      throw fields.refuse("hidden_size \(hiddenSize) is not a multiple of \(heads) heads")
    }
    guard layers <= 1000 else {
      throw fields.refuse("num_hidden_layers is \(layers), expected at most 1000")
    }
    guard imageSize % patchSize == 0 else {
      throw fields.refuse("image_size \(imageSize) is not a multiple of patch_size \(patchSize)")
    }
  }

  /// `config.json` as `transformers` or timm reads it.
  var json: [String: any Sendable] {
    if case .timm(let architecture) = naming { return timmJSON(architecture) }
    return [
      "model_type": hasDistillationToken ? "deit" : "vit",
      "architectures": [hasDistillationToken ? "DeiTModel" : "ViTModel"],
      "image_size": imageSize, "patch_size": patchSize, "num_channels": channels,
      "hidden_size": hiddenSize, "num_hidden_layers": layers, "num_attention_heads": heads,
      "intermediate_size": intermediateSize,
      "layer_norm_eps": JSONNumber.shortest(layerNormEpsilon), "qkv_bias": queryBias,
      "hidden_act": activation.configurationName,
      "hidden_dropout_prob": JSONNumber.shortest(dropout.hidden),
      "attention_probs_dropout_prob": JSONNumber.shortest(dropout.attention),
    ]
  }
}
