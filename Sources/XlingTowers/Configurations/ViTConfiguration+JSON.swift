import XlingTensor

extension ViTConfiguration {
  /// `config.json` as `transformers` or timm reads it.
  var json: [String: any Sendable] {
    switch naming {
    case .timm(let architecture), .openCLIPTrunk(let architecture): return timmJSON(architecture)
    case .huggingFace, .mae:
      let type = naming == .mae ? "vit_mae" : hasDistillationToken ? "deit" : "vit"
      let model = naming == .mae ? "ViTMAEModel" : hasDistillationToken ? "DeiTModel" : "ViTModel"
      return common(type, model).merging([
        "intermediate_size": intermediateSize, "qkv_bias": queryBias,
        "hidden_dropout_prob": JSONNumber.shortest(dropout.hidden),
        "attention_probs_dropout_prob": JSONNumber.shortest(dropout.attention),
      ]) { $1 }
    case .dinov2: return dinov2JSON
    case .dinov3: return dinov3JSON
    case .clip, .openCLIP:
      let projection = head?.projection
      let model = projection == nil ? "CLIPVisionModel" : "CLIPVisionModelWithProjection"
      return common("clip_vision_model", model).merging([
        "intermediate_size": intermediateSize, "projection_dim": projection ?? hiddenSize,
        "attention_dropout": JSONNumber.shortest(dropout.attention),
      ]) { $1 }
    case .siglip:
      return common("siglip_vision_model", "SiglipVisionModel").merging([
        "intermediate_size": intermediateSize, "vision_use_head": true,
        "attention_dropout": JSONNumber.shortest(dropout.attention),
      ]) { $1 }
    }
  }

  private func common(_ type: String, _ model: String) -> [String: any Sendable] {
    [
      "model_type": type, "architectures": [model], "image_size": imageSize,
      "patch_size": patchSize, "num_channels": channels, "hidden_size": hiddenSize,
      "num_hidden_layers": layers, "num_attention_heads": heads,
      "layer_norm_eps": JSONNumber.shortest(layerNormEpsilon),
      "hidden_act": activation.configurationName,
    ]
  }

  private var dinov2JSON: [String: any Sendable] {
    let type = registers > 0 ? "dinov2_with_registers" : "dinov2"
    let model = registers > 0 ? "Dinov2WithRegistersModel" : "Dinov2Model"
    // A gated block is two thirds of what the ratio says.
    let inner = isGated ? Double(intermediateSize) * 1.5 : Double(intermediateSize)
    var keys = common(type, model).merging(
      [
        "mlp_ratio": inner / Double(hiddenSize), "use_swiglu_ffn": isGated, "qkv_bias": queryBias,
        "hidden_dropout_prob": JSONNumber.shortest(dropout.hidden),
        "attention_probs_dropout_prob": JSONNumber.shortest(dropout.attention),
      ] as [String: any Sendable]
    ) { $1 }
    if isGated { keys["hidden_act"] = "gelu" }
    if registers > 0 { keys["num_register_tokens"] = registers }
    return keys
  }

  private var dinov3JSON: [String: any Sendable] {
    common("dinov3_vit", "DINOv3ViTModel").merging(
      [
        "intermediate_size": intermediateSize, "num_register_tokens": registers,
        "use_gated_mlp": isGated, "rope_theta": JSONNumber.shortest(rotaryTheta ?? 100),
        "query_bias": biases.contains(.query), "key_bias": biases.contains(.key),
        "value_bias": biases.contains(.value), "proj_bias": biases.contains(.attentionOutput),
        "mlp_bias": biases.contains(.feedForward),
        "attention_dropout": JSONNumber.shortest(dropout.attention),
      ] as [String: any Sendable]
    ) { $1 }
  }
}
