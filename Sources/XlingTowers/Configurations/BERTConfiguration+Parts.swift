import XlingTensor

/// What a family has, as the tower asks for it.
extension BERTConfiguration {
  /// Rotary positions (Su et al. 2021): each layer's base, and its window where it sees no further.
  public struct Rotary: Sendable, Equatable {
    public struct Layer: Sendable, Equatable {
      public var theta: Double
      /// Places to either side; nil: all.
      public var window: Int?
    }

    public var layers: [Layer]
  }

  public enum EndToken: Sendable, Equatable {
    case id(Int32)
    /// The largest id of a text, for configurations whose id is wrong.
    case largest
  }

  /// A dense layer behind the pooling.
  public struct Projection: Sendable, Equatable {
    /// Of its parameters, without `.weight`.
    public var name: String
    public var outputs: Int
    public var hasBias: Bool
    public var activation = TextHead.Activation.identity
  }

  public enum Naming: Sendable, Equatable {
    case huggingFace
    /// open_clip's own text tower, behind "text." in whole models of two custom towers.
    case openCLIP(prefix: String)
    /// A Hugging Face tower in open_clip, with what open_clip puts behind it.
    case openCLIPAdopted
    case multilingualCLIP
  }

  /// Whether there is a table of positions.
  public var hasPositions: Bool { t5 == nil && rotary == nil }

  /// Whether a token sees those before it only.
  public var isCausal: Bool { family == .clip }

  var isPreNorm: Bool {
    switch family {
    case .bert, .distilbert, .roberta: false
    case .t5, .clip, .siglip, .modernBERT, .euroBERT: true
    }
  }

  var arrangement: EncoderLayer.Arrangement { isPreNorm ? .preNorm : .postNorm }

  /// What a folder without further declarations is pooled by: `[CLS]`. T5 has none, and its mean does
  /// better than the first token (Ni et al. 2022); ModernBERT and EuroBERT never trained theirs.
  public var pooling: TextPooling {
    switch family {
    case .bert, .distilbert, .roberta: naming == .huggingFace ? .cls : .mean
    case .t5, .modernBERT, .euroBERT: .mean
    case .clip: TextPooling([.end])
    case .siglip: TextPooling([.last])
    }
  }

  /// What follows the pooling among the tower's own tensors.
  var head: TextHead? {
    guard !projections.isEmpty else { return nil }
    var inputs = hiddenSize
    let steps = projections.map { projection -> TextHead.Step in
      let linear = Linear(
        projection.name, from: inputs, to: projection.outputs, bias: projection.hasBias)
      inputs = projection.outputs
      return .dense(linear, projection.activation)
    }
    return TextHead(steps, inputs: hiddenSize, isOfCheckpoint: true)
  }

  /// Texts are padded to so many tokens, which are attended to; nil: they are not (all but SigLIP).
  public var paddedTokens: Int? { family == .siglip ? maximumPositions : nil }

  /// Whether ids that are padding are masked where nobody says what is (open_clip, of adopted towers).
  var masksPadding: Bool { naming == .openCLIPAdopted }

  /// Tokens that texts are cut to unless somebody says otherwise: CLIP's and SigLIP's positions, the context
  /// length of towers that open_clip adopted. nil in the other families.
  public var ownLength: Int? {
    contextLength ?? (family == .clip || family == .siglip ? maximumPositions : nil)
  }

  func embeddingNorm(_ name: String) -> LayerNorm? {
    switch family {
    case .bert, .distilbert, .roberta, .modernBERT:
      LayerNorm(name, width: hiddenSize, epsilon: layerNormEpsilon, form: norm)
    case .t5, .clip, .siglip, .euroBERT: nil
    }
  }

  func finalNorm(_ name: String) -> LayerNorm? {
    guard isPreNorm else { return nil }
    return LayerNorm(
      name, width: hiddenSize, epsilon: layerNormEpsilon, form: layerShape.norm, part: .finalNorm)
  }

  var layerShape: EncoderLayer.Shape {
    var shape = EncoderLayer.Shape(
      width: hiddenSize, heads: heads, intermediateWidth: intermediateSize,
      epsilon: layerNormEpsilon, activation: activation)
    if let t5 {
      shape.headWidth = t5.headWidth
      shape.norm = .rootMeanSquare
      shape.biases = .none
      shape.scale = 1
      shape.isGated = true
      shape.dropsInside = true
      return shape
    }
    shape.norm = norm
    shape.biases = biases
    shape.isGated = isGated
    shape.keyValueHeads = keyValueHeads ?? heads
    if let headWidth { shape.headWidth = headWidth }
    return shape
  }

  /// The padding's id in families whose table does not learn its row (`padding_idx` of torch's embedding), also
  /// where it is a token that is attended to: EuroBERT pads with its end token. nil: all rows learn.
  var unlearnedWord: Int32? {
    switch family {
    case .bert, .distilbert, .roberta, .modernBERT, .euroBERT: Int32(paddingId)
    case .t5, .clip, .siglip: nil
    }
  }

  /// A table of angles for each base.
  var rotations: [Double: RotaryPositions] {
    var tables: [Double: RotaryPositions] = [:]
    for layer in rotary?.layers ?? [] where tables[layer.theta] == nil {
      tables[layer.theta] = RotaryPositions(
        theta: layer.theta, headWidth: layerShape.headWidth, places: maximumPositions)
    }
    return tables
  }

  var keyMap: KeyMap {
    switch naming {
    case .openCLIP(let prefix):
      return .openCLIPText(
        prefix: prefix, projectsWithBias: projections.contains(where: \.hasBias))
    case .openCLIPAdopted:
      return .adopted(family == .bert ? .bert : .roberta, by: "text.transformer.")
    case .multilingualCLIP: return .adopted(family == .bert ? .bert : .roberta, by: "transformer.")
    case .huggingFace: break
    }
    return switch family {
    case .bert: .bert
    case .distilbert: .distilbert
    case .roberta: .roberta
    case .t5: .t5
    case .clip: .clipText
    case .siglip: .siglipText
    case .modernBERT: .modernBERT
    case .euroBERT: .euroBERT
    }
  }

  /// The same tower under Hugging Face's names, as it is saved.
  var saved: BERTConfiguration {
    var saved = self
    saved.naming = .huggingFace
    if naming == .multilingualCLIP || naming == .openCLIPAdopted { saved.projections = [] }
    return saved
  }
}
