import XlingTensor

/// Which parameters of a pretrained tower are trained.
public enum ThawRule: String, Codable, Sendable, CaseIterable {
  /// γ and β of every LayerNorm: in the layers, BERT's embedding norm, the ViT's final norm.
  case layerNorm = "layernorm"
  /// Every additive bias, the LayerNorms' β included (BitFit; Ben Zaken et al. 2022).
  case bias
  /// γ and β of the LayerNorm behind the ViT's last layer; BERT has none there.
  case finalNorm = "final-norm"
  case all

  /// By the parameter's checkpoint name and shape.
  func thaws(_ parameter: Parameter) -> Bool {
    switch self {
    case .layerNorm:
      // attention.output.LayerNorm, layernorm_before, layernorm: the last but one component.
      parameter.shape.count == 1
        && parameter.name.split(separator: ".").dropLast().last?.lowercased()
          .hasPrefix("layernorm") == true
    case .bias: parameter.name.hasSuffix(".bias")
    case .finalNorm: parameter.name == "layernorm.weight" || parameter.name == "layernorm.bias"
    case .all: true
    }
  }
}
