import XlingTensor

/// What shapes a text tower's computation: `config.json` of a Hugging Face BERT, DistilBERT, RoBERTa,
/// XLM-R or mT5 folder.
public struct BERTConfiguration: Sendable, Equatable {
  /// Where families differ: names in checkpoints, positions, token types.
  public enum Family: Sendable, Equatable {
    case bert
    case distilbert
    case roberta
    /// The encoder: pre-LN without means or biases, relative positions, gated feed-forward.
    case t5
  }

  public var modelType = "bert"
  public var vocabularySize: Int
  public var hiddenSize: Int
  public var layers: Int
  public var heads: Int
  public var intermediateSize: Int
  /// Rows of the position table; in T5, which has none, the most tokens that a sequence may have.
  public var maximumPositions: Int
  /// Rows of the token-type table; 0 in DistilBERT and T5, which have none.
  public var tokenTypes: Int
  public var layerNormEpsilon: Float
  public var activation = Activation.gelu
  /// Never shown to the tower except in input padded elsewhere; RoBERTa counts positions from it.
  public var paddingId = 0
  public var dropout = DropoutRates()
  /// nil in the other families.
  public var t5: T5?

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
    "camembert": .roberta, "mt5": .t5, "t5": .t5,
  ]

  public var family: Family { Self.families[modelType] ?? .bert }

  /// Tokens that a sequence may have: RoBERTa's first positions are never used.
  public var maximumTokens: Int {
    family == .roberta ? maximumPositions - paddingId - 1 : maximumPositions
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
    }
    return shape
  }

  var keyMap: KeyMap {
    switch family {
    case .bert: .bert
    case .distilbert: .distilbert
    case .roberta: .roberta
    case .t5: .t5
    }
  }
}

extension BERTConfiguration {
  /// Of all families but T5. Throws ``TowerFailure/configuration(path:reason:)``.
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
    try check(fields)
  }

  func check(_ fields: ConfigurationFields) throws(TowerFailure) {
    guard t5 != nil || hiddenSize % heads == 0 else {
      throw fields.refuse("hidden_size \(hiddenSize) is not a multiple of \(heads) heads")
    }
    guard layers <= 1000 else {
      throw fields.refuse("num_hidden_layers is \(layers), expected at most 1000")
    }
    guard (0..<vocabularySize).contains(paddingId), maximumTokens > 0 else {
      throw fields.refuse("pad_token_id is \(paddingId), expected a word and room behind it")
    }
    if let kind = try fields.text("position_embedding_type"), kind != "absolute" {
      throw fields.refuse("position_embedding_type is \"\(kind)\"; only \"absolute\" is supported")
    }
    guard try !fields.flag("is_decoder", default: false) else {
      throw fields.refuse("is_decoder is true: a decoder is no text tower")
    }
  }

  static func activation(
    _ fields: ConfigurationFields, _ key: String
  ) throws(TowerFailure) -> Activation {
    try activation(named: try fields.text(key) ?? "gelu", fields, key)
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

  /// `config.json` as `transformers` reads it.
  var json: [String: any Sendable] {
    if let t5 { return json(t5) }
    let short = family == .distilbert
    var fields: [String: any Sendable] = [
      "model_type": modelType, "vocab_size": vocabularySize,
      short ? "dim" : "hidden_size": hiddenSize, short ? "n_layers" : "num_hidden_layers": layers,
      short ? "n_heads" : "num_attention_heads": heads,
      short ? "hidden_dim" : "intermediate_size": intermediateSize,
      "max_position_embeddings": maximumPositions, "pad_token_id": paddingId,
      short ? "activation" : "hidden_act": activation.configurationName,
      short ? "dropout" : "hidden_dropout_prob": JSONNumber.shortest(dropout.hidden),
      short ? "attention_dropout" : "attention_probs_dropout_prob": JSONNumber.shortest(
        dropout.attention),
    ]
    if !short {
      fields["type_vocab_size"] = tokenTypes
      fields["layer_norm_eps"] = JSONNumber.shortest(layerNormEpsilon)
    }
    let names = [
      "bert": "BertModel", "distilbert": "DistilBertModel", "roberta": "RobertaModel",
      "xlm-roberta": "XLMRobertaModel", "camembert": "CamembertModel",
    ]
    fields["architectures"] = [names[modelType] ?? "BertModel"]
    return fields
  }
}

/// Single-precision numbers as JSON shows them: 1e-06, not 9.999999974752427e-07.
package enum JSONNumber {
  package static func shortest(_ value: Float) -> Double {
    Double(value.description) ?? Double(value)
  }
}
