import XlingTensor

/// What shapes an image tower's computation: `config.json` of a Hugging Face folder (ViT, DeiT, ViT-MAE,
/// DINOv2, DINOv3, CLIP's and SigLIP's vision half), of a timm folder, `open_clip_config.json`, or what a
/// bare checkpoint's tensors say.
public struct ViTConfiguration: Sendable, Equatable {
  /// Whose names a checkpoint has.
  public enum Naming: Sendable, Equatable {
    /// ViT and DeiT.
    case huggingFace
    case mae
    case dinov2
    case dinov3
    /// The vision half of CLIP or SigLIP, as its own model or of the whole.
    case clip(isWhole: Bool)
    case siglip(isWhole: Bool)
    /// With the architecture that timm is asked for.
    case timm(architecture: String)
    case openCLIP
    /// A timm tower inside open_clip.
    case openCLIPTrunk(architecture: String)
  }

  public var imageSize: Int
  public var patchSize: Int
  public var channels: Int
  public var hiddenSize: Int
  public var layers: Int
  public var heads: Int
  public var intermediateSize: Int
  public var layerNormEpsilon: Float
  public var biases = EncoderLayer.Biases.all
  public var activation = Activation.gelu
  /// SwiGLU in place of one dense layer with an activation.
  public var isGated = false
  /// SigLIP has none, and no token before its patches at all.
  public var hasClassToken = true
  /// DeiT's distillation token, at position 1 (Touvron et al. 2021, section 4).
  public var hasDistillationToken = false
  /// Learned tokens behind the class token that nothing reads, without positions (Darcet et al. 2024).
  public var registers = 0
  /// Whether the position table has rows for the tokens before the patches; DeiT-III's has not.
  public var hasPrefixPositions = true
  /// The base of DINOv3's rotary positions, which take the place of the table; nil elsewhere.
  public var rotaryTheta: Float?
  public var hasPatchBias = true
  /// A norm in front of the layers, which CLIP has.
  public var hasEmbeddingNorm = false
  /// false where a norm behind the pooling takes its place.
  public var hasFinalNorm = true
  public var hasLayerScale = false
  /// What makes a vector of the last hidden states beyond taking one or their mean; nil: nothing does.
  public var head: ImageHead.Shape?
  /// How the folder says that a picture's vector is made.
  public var pooling = ImagePooling.cls
  /// How the family brings positions to other picture sizes.
  public var interpolation = PositionInterpolation.bicubic
  /// Whether pictures of another size than ``imageSize`` are the family's way, without being asked.
  public var takesOtherSizes = false
  /// Whether nothing said how many heads there are, so that 64 numbers were taken for one.
  public var guessesHeads = false
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
    if !queryBias { biases.subtract(.inputs) }
  }

  /// Patches along one side of a picture; pixels beside the last whole patch are left out.
  public var grid: Int { imageSize / patchSize }

  /// Patches of a picture, without the tokens before them.
  public var patches: Int { grid * grid }

  /// Tokens before the patches: class, distillation, registers.
  public var prefixTokens: Int {
    (hasClassToken ? 1 : 0) + (hasDistillationToken ? 1 : 0) + registers
  }

  /// Tokens before the patches that have a row in the position table.
  var positionedTokens: Int { hasPrefixPositions ? prefixTokens - registers : 0 }

  /// Rows of the position table; 0 where positions are rotations.
  var positions: Int { rotaryTheta == nil ? patches + positionedTokens : 0 }

  /// Of a layer's queries, keys and values.
  public var queryBias: Bool { biases.contains(.query) }

  var layerShape: EncoderLayer.Shape {
    var shape = EncoderLayer.Shape(
      width: hiddenSize, heads: heads, intermediateWidth: intermediateSize,
      epsilon: layerNormEpsilon, activation: activation)
    shape.biases = biases
    shape.isGated = isGated
    shape.hasLayerScale = hasLayerScale
    return shape
  }

  /// Whether tables lie in the file without a first dimension of one.
  var hasPlainTables: Bool {
    switch naming {
    case .clip, .siglip, .openCLIP: true
    default: false
    }
  }

  package var keyMap: KeyMap {
    switch naming {
    case .huggingFace, .mae: .vit
    case .dinov2: .dinov2(isGated: isGated)
    case .dinov3: .dinov3(isGated: isGated)
    case .clip, .siglip: .vision(hasProjection: head?.projection != nil)
    case .timm(let name): Self.keyMap(timm: name, isGated: isGated)
    case .openCLIP: .openCLIP
    case .openCLIPTrunk(let name): .openCLIPTrunk(Self.keyMap(timm: name, isGated: isGated))
    }
  }

  private static func keyMap(timm name: String, isGated: Bool) -> KeyMap {
    let isEva = TimmArchitecture.isEva(name)
    return .timm(isPacked: isGated && !isEva, isEva: isEva)
  }
}

extension EncoderLayer.Biases {
  static let inputs: EncoderLayer.Biases = [.query, .key, .value]
}
