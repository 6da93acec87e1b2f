import XlingTensor

/// What shapes a text tower's computation: `config.json` of a Hugging Face folder of one of the families, or
/// the text half of a whole model.
public struct BERTConfiguration: Sendable, Equatable {
  /// Where families differ: positions, token types, norms, attention, pooling.
  public enum Family: Sendable, Equatable {
    case bert
    case distilbert
    case roberta
    /// The encoder: pre-LN without means or biases, relative positions, gated feed-forward.
    case t5
    /// The text tower of CLIP: pre-LN, causal, read at the end token.
    case clip
    /// The text tower of SigLIP: pre-LN, padding attended to, read at the last place.
    case siglip
    /// Pre-LN, rotary positions, a window in most layers, gated feed-forward.
    case modernBERT
    /// Pre-LN, rotary positions, shared keys and values, gated feed-forward.
    case euroBERT
  }

  public var modelType = "bert"
  public var vocabularySize: Int
  public var hiddenSize: Int
  public var layers: Int
  public var heads: Int
  public var intermediateSize: Int
  /// Rows of the position table; in families without one the most tokens that a sequence may have.
  public var maximumPositions: Int
  /// Rows of the token-type table; 0 in families without one.
  public var tokenTypes: Int
  public var layerNormEpsilon: Float
  public var activation = Activation.gelu
  /// Never shown to the tower except in input padded elsewhere; RoBERTa counts positions from it.
  public var paddingId = 0
  public var dropout = DropoutRates()
  /// nil in the other families.
  public var t5: T5?
  /// nil where positions are embedded or relative.
  public var rotary: Rotary?
  /// nil: as many as heads.
  public var keyValueHeads: Int?
  /// nil: the width by the heads.
  public var headWidth: Int?
  /// Of the layers, as pre-LN families declare them.
  public var biases = EncoderLayer.Biases.all
  public var norm = LayerNorm.Form.centred
  public var isGated = false
  /// Where CLIP's texts are read; nil in the other families.
  public var endToken: EndToken?
  /// Dense layers behind the pooling among the tower's own tensors, in order.
  public var projections: [Projection] = []
  /// Tokens that open_clip cuts the texts of an adopted tower to.
  public var contextLength: Int?
  /// Whose names the tensors have.
  public var naming = Naming.huggingFace

  public init(
    vocabularySize: Int, hiddenSize: Int, layers: Int, heads: Int, intermediateSize: Int,
    maximumPositions: Int = 64, tokenTypes: Int = 2, layerNormEpsilon: Float = 1e-12
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads
    self.intermediateSize = intermediateSize
    self.maximumPositions = maximumPositions
    self.tokenTypes = tokenTypes
    self.layerNormEpsilon = layerNormEpsilon
  }

  static let families: [String: Family] = [
    "bert": .bert, "distilbert": .distilbert, "roberta": .roberta, "xlm-roberta": .roberta,
    "camembert": .roberta, "mt5": .t5, "t5": .t5, "clip_text_model": .clip,
    "siglip_text_model": .siglip, "modernbert": .modernBERT, "eurobert": .euroBERT,
    // XLM-R or BERT behind a dense layer: see ``Naming/multilingualCLIP``.
    "M-CLIP": .roberta,
  ]

  public var family: Family { Self.families[modelType] ?? .bert }

  /// Tokens that a sequence may have: RoBERTa's first positions are never used.
  public var maximumTokens: Int {
    family == .roberta ? maximumPositions - paddingId - 1 : maximumPositions
  }
}

extension BERTConfiguration {
  /// Of all families but T5 and those that are pre-LN. Throws ``TowerFailure/configuration(path:reason:)``.
  init(_ fields: ConfigurationFields, modelType: String) throws(TowerFailure) {
    let short = Self.families[modelType] == .distilbert
    let isRoberta = Self.families[modelType] == .roberta
    vocabularySize = try fields.size("vocab_size")
    hiddenSize = try fields.size(short ? "dim" : "hidden_size")
    layers = try fields.size(short ? "n_layers" : "num_hidden_layers")
    heads = try fields.size(short ? "n_heads" : "num_attention_heads")
    intermediateSize = try fields.size(short ? "hidden_dim" : "intermediate_size")
    maximumPositions = try fields.size("max_position_embeddings")
    tokenTypes = short ? 0 : try fields.size("type_vocab_size", default: 2)
    // DistilBERT's is fixed in its code; the others' default is BERT's.
    layerNormEpsilon = short ? 1e-12 : try fields.float("layer_norm_eps", default: 1e-12)
    paddingId =
      fields.has("pad_token_id")
      ? try fields.integer("pad_token_id") : isRoberta ? 1 : 0
    dropout = try DropoutRates(
      fields, hidden: short ? "dropout" : "hidden_dropout_prob",
      attention: short ? "attention_dropout" : "attention_probs_dropout_prob")
    self.modelType = modelType
    activation = try Self.activation(fields, short ? "activation" : "hidden_act")
    if let kind = try fields.text("position_embedding_type"), kind != "absolute" {
      throw fields.refuse("position_embedding_type is \"\(kind)\"; only \"absolute\" is supported")
    }
    if fields.has("auto_map") {
      throw fields.refuse(
        "auto_map is \(fields.shown("auto_map")): the tower is computed by code of its own and is "
          + "\"\(modelType)\" in name only. Towers that transformers computes by its own code are supported"
      )
    }
    try check(fields)
  }

  func check(_ fields: ConfigurationFields) throws(TowerFailure) {
    guard t5 != nil || headWidth != nil || hiddenSize % heads == 0 else {
      throw fields.refuse("hidden_size \(hiddenSize) is not a multiple of \(heads) heads")
    }
    guard heads % (keyValueHeads ?? heads) == 0 else {
      throw fields.refuse(
        "num_attention_heads \(heads) is not a multiple of num_key_value_heads \(keyValueHeads ?? 0)"
      )
    }
    guard layers <= 1000 else {
      throw fields.refuse("num_hidden_layers is \(layers), expected at most 1000")
    }
    guard (0..<vocabularySize).contains(paddingId), maximumTokens > 0 else {
      throw fields.refuse("pad_token_id is \(paddingId), expected a word and room behind it")
    }
    guard try !fields.flag("is_decoder", default: false) else {
      throw fields.refuse("is_decoder is true: a decoder is no text tower")
    }
  }

  static func activation(
    _ fields: ConfigurationFields, _ key: String, default fallback: String = "gelu"
  ) throws(TowerFailure) -> Activation {
    try activation(named: try fields.text(key) ?? fallback, fields, key)
  }

  static func activation(
    named name: String, _ fields: ConfigurationFields, _ key: String
  ) throws(TowerFailure) -> Activation {
    switch name {
    case "gelu", "gelu_python": return .gelu
    case "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh": return .geluTanh
    case "quick_gelu": return .quickGELU
    case "relu": return .relu
    case "silu", "swish": return .silu
    default:
      throw fields.refuse(
        "\(key) is \"\(name)\"; \"gelu\" (erf), \"gelu_new\" (tanh), \"quick_gelu\", \"relu\" and "
          + "\"silu\" are supported")
    }
  }
}

/// Single-precision numbers as JSON shows them: 1e-06, not 9.999999974752427e-07.
package enum JSONNumber {
  package static func shortest(_ value: Float) -> Double {
    Double(value.description) ?? Double(value)
  }
}
