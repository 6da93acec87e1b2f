extension BERTConfiguration {
  /// `config.json` as `transformers` reads it.
  var json: [String: any Sendable] {
    switch family {
    case .bert, .distilbert, .roberta: return bertJSON
    case .t5: return t5.map(json) ?? bertJSON
    case .clip, .siglip: return clipJSON
    case .modernBERT, .euroBERT: return rotaryJSON
    }
  }

  private var bertJSON: [String: any Sendable] {
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
