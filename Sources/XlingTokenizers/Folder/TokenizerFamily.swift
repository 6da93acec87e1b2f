/// What a folder declares its tokenizer to be: by the class of the configuration beside it, else by
/// the tower's.
enum TokenizerFamily: Sendable, Equatable {
  case wordPiece, xlmRoberta, camembert, t5, siglip, siglip2, gpt2, roberta, clip
  /// SentencePiece's own numbers.
  case sentencePiece
  /// A class that takes a tokenizer.json as it is, and says nothing without one.
  case plain
  /// A class that is not known here.
  case other(String)

  /// Of a `tokenizer_class`.
  init(class name: String) {
    var name = name
    if name.hasSuffix("Fast") { name.removeLast(4) }
    switch name {
    case "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer",
      "ConvBertTokenizer", "MPNetTokenizer", "RetriBertTokenizer", "LayoutLMTokenizer":
      self = .wordPiece
    case "XLMRobertaTokenizer": self = .xlmRoberta
    case "CamembertTokenizer": self = .camembert
    case "T5Tokenizer", "MT5Tokenizer": self = .t5
    case "SiglipTokenizer": self = .siglip
    case "Siglip2Tokenizer": self = .siglip2
    case "GPT2Tokenizer": self = .gpt2
    case "RobertaTokenizer", "LongformerTokenizer": self = .roberta
    case "CLIPTokenizer": self = .clip
    case "LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer": self = .sentencePiece
    case "PreTrainedTokenizer", "TokenizersBackend": self = .plain
    default: self = .other(name)
    }
  }

  /// Of a tower's `model_type`; nil for those without a rule.
  init?(modelType: String) {
    switch modelType {
    case "bert", "distilbert", "electra", "mobilebert", "mpnet": self = .wordPiece
    case "xlm-roberta", "xlm-roberta-xl": self = .xlmRoberta
    case "camembert": self = .camembert
    case "t5", "mt5", "umt5": self = .t5
    case "siglip", "siglip_text_model": self = .siglip
    case "siglip2", "siglip2_text_model": self = .siglip2
    case "gpt2": self = .gpt2
    case "roberta", "longformer": self = .roberta
    case "clip", "clip_text_model": self = .clip
    default: return nil
    }
  }

  /// Whose ids a `.model` alone has; nil for families that have none.
  var scheme: SentencePieceScheme? {
    switch self {
    case .xlmRoberta: .xlmRoberta
    case .camembert: .camembert
    case .t5: .t5
    case .sentencePiece, .siglip, .siglip2, .plain: .sentencepiece
    case .wordPiece, .gpt2, .roberta, .clip, .other: nil
    }
  }

  /// For people.
  var name: String {
    switch self {
    case .wordPiece: "BERT"
    case .xlmRoberta: "XLM-R"
    case .camembert: "CamemBERT"
    case .t5: "T5"
    case .siglip: "SigLIP"
    case .siglip2: "SigLIP 2"
    case .gpt2: "GPT-2"
    case .roberta: "RoBERTa"
    case .clip: "CLIP"
    case .sentencePiece: "SentencePiece"
    case .plain: "tokenizer.json as it is"
    case .other(let name): name
    }
  }
}
