import Foundation
import XlingTensor

/// ViT (Dosovitskiy et al. 2021) and its kin: pre-LN layers over patches, with what each family puts before,
/// between and behind them.
public final class ImageTower: Tower {
  public let configuration: ViTConfiguration
  public let encoder: Encoder
  /// No parameter of the tower in SigLIP.
  public let classToken: Parameter
  /// DeiT's second token; nil elsewhere.
  public let distillationToken: Parameter?
  /// [1, registers, width]; nil without.
  public let registerTokens: Parameter?
  /// One row of zeros, and no parameter of the tower, where positions are rotations.
  public let positionEmbeddings: Parameter
  public let patchWeight: Parameter
  /// Zeros, and no parameter of the tower, in CLIP.
  public let patchBias: Parameter
  /// CLIP's norm in front of the layers.
  public let embeddingNorm: LayerNorm?
  /// nil where the head has a norm in its place.
  public let finalNorm: LayerNorm?
  /// nil where nothing lies behind the hidden states.
  public let head: ImageHead?
  /// How vectors are made. One of those that the configuration's `check(_:path:)` lets pass.
  public var pooling: ImagePooling
  let rotary: RotaryPositions?

  /// Weights zero, norms one: call ``initialize(seed:deviation:)`` or load a checkpoint.
  public init(_ configuration: ViTConfiguration) {
    self.configuration = configuration
    let width = configuration.hiddenSize
    let embedding = ParameterRole(.embedding)
    let isPlain = configuration.hasPlainTables
    classToken = Parameter(
      "embeddings.cls_token", isPlain ? [width] : [1, 1, width], role: embedding)
    distillationToken =
      configuration.hasDistillationToken
      ? Parameter("embeddings.distillation_token", [1, 1, width], role: embedding) : nil
    registerTokens =
      configuration.registers > 0
      ? Parameter(
        "embeddings.register_tokens", [1, configuration.registers, width], role: embedding) : nil
    let rows = max(configuration.positions, 1)
    positionEmbeddings = Parameter(
      "embeddings.position_embeddings", isPlain ? [rows, width] : [1, rows, width],
      role: embedding)
    patchWeight = Parameter(
      "embeddings.patch_embeddings.projection.weight",
      [width, configuration.channels, configuration.patchSize, configuration.patchSize],
      role: embedding)
    patchBias = Parameter(
      "embeddings.patch_embeddings.projection.bias", [width],
      role: ParameterRole(.embedding, isBias: true))
    let epsilon = configuration.layerNormEpsilon
    embeddingNorm =
      configuration.hasEmbeddingNorm
      ? LayerNorm("embeddings.layernorm", width: width, epsilon: epsilon) : nil
    finalNorm =
      configuration.hasFinalNorm
      ? LayerNorm("layernorm", width: width, epsilon: epsilon, part: .finalNorm) : nil
    head = configuration.head.map { ImageHead($0, of: configuration) }
    pooling = configuration.pooling
    rotary = RotaryPositions(configuration)
    encoder = Encoder(layers: [], width: width)
    for index in 0..<configuration.layers {
      encoder.append(makeLayer(named: "encoder.layer.\(index)").placed(at: index))
    }
  }

  public func makeLayer(named name: String) -> EncoderLayer {
    let layer = EncoderLayer(
      name, names: .vit(name), arrangement: .preNorm, shape: configuration.layerShape)
    layer.attention.rotary = rotary
    return layer
  }

  /// Numbers of a picture's vector.
  public var outputWidth: Int { configuration.outputWidth(pooling) }

  var embeddingParameters: [Parameter] {
    (configuration.hasClassToken ? [classToken] : [])
      + [distillationToken, registerTokens].compactMap { $0 }
      + (configuration.positions > 0 ? [positionEmbeddings] : []) + [patchWeight]
      + (configuration.hasPatchBias ? [patchBias] : []) + (embeddingNorm?.parameters ?? [])
  }

  public var outerParameters: [Parameter] {
    embeddingParameters + (finalNorm?.parameters ?? [])
      + (pooling == .head ? head?.parameters ?? [] : [])
  }

  /// A head that is not used is read, written and never trained.
  public var unusedParameters: [Parameter] { pooling == .head ? [] : head?.parameters ?? [] }

  var embeddingsTrained: Bool { embeddingParameters.contains(where: \.isTrainable) }

  var patchProjection: Linear {
    Linear(weight: patchWeight, bias: configuration.hasPatchBias ? patchBias : nil)
  }

  /// A row before the patches: where its vector lies, and its gradient and position where it has them.
  struct PrefixRow {
    let parameter: Parameter
    /// Of the parameter's rows.
    let row: Int
    /// Row of the position table; nil without.
    let position: Int?
  }

  /// Class, distillation, then registers, which have no positions.
  var prefix: [PrefixRow] {
    let tokens =
      (configuration.hasClassToken ? [classToken] : []) + (distillationToken.map { [$0] } ?? [])
    let positioned = tokens.enumerated().map { index, token in
      PrefixRow(
        parameter: token, row: 0, position: configuration.positionedTokens > 0 ? index : nil)
    }
    guard let registerTokens else { return positioned }
    return positioned
      + (0..<configuration.registers).map {
        PrefixRow(parameter: registerTokens, row: $0, position: nil)
      }
  }
}

extension RotaryPositions {
  /// DINOv3's: each patch's middle, from -1 to 1 down and across, times 2 pi and powers of the base. nil for
  /// towers whose positions are embedded.
  fileprivate convenience init?(_ configuration: ViTConfiguration) {
    guard let theta = configuration.rotaryTheta else { return nil }
    let headWidth = configuration.hiddenSize / configuration.heads
    let quarter = headWidth / 4
    // Single precision, as the table is made.
    let rates = (0..<quarter).map { index in
      Double(1 / powf(theta, Float(index) * (4 / Float(headWidth))))
    }
    let grid = configuration.grid
    func angles(_ place: Int) -> [Double] {
      let middle = (Double(place) + 0.5) / Double(grid) * 2 - 1
      return rates.map { 2 * .pi * middle * $0 }
    }
    let turned = (0..<configuration.patches).flatMap { angles($0 / grid) + angles($0 % grid) }
    let still = [Double](repeating: 0, count: configuration.prefixTokens * 2 * quarter)
    self.init(angles: still + turned, half: 2 * quarter)
  }
}
