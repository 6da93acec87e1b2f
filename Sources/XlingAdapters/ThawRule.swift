import XlingTensor

/// Which parameters of a pretrained tower are trained.
public enum ThawRule: Sendable, Hashable, RawRepresentable {
  /// γ and β of every LayerNorm: in the layers, BERT's embedding norm, the ViT's final norm.
  case layerNorm
  /// Every additive bias, the LayerNorms' β included (BitFit; Ben Zaken et al. 2022).
  case bias
  /// γ and β of the LayerNorm behind the ViT's last layer; BERT has none there.
  case finalNorm
  /// Queries, keys, values and attention's output of every layer.
  case attention
  /// Both dense layers of every feed-forward block.
  case mlp
  /// The topmost layers whole: "last-2".
  case lastLayers(Int)
  case all

  /// The rules without a number.
  static let plain: [ThawRule] = [.layerNorm, .bias, .finalNorm, .attention, .mlp, .all]

  /// As cards and the command line write them.
  public var rawValue: String {
    switch self {
    case .layerNorm: "layernorm"
    case .bias: "bitfit"
    case .finalNorm: "final-norm"
    case .attention: "attention"
    case .mlp: "mlp"
    case .lastLayers(let count): "last-\(count)"
    case .all: "all"
    }
  }

  public init?(rawValue: String) {
    if let rule = Self.plain.first(where: { $0.rawValue == rawValue }) {
      self = rule
    } else if rawValue.hasPrefix("last-"), let count = Int(rawValue.dropFirst(5)), count > 0 {
      self = .lastLayers(count)
    } else {
      return nil
    }
  }

  /// By the parameter's checkpoint name and shape, in a tower of so many layers.
  func thaws(_ parameter: Parameter, layers: Int) -> Bool {
    let name = parameter.name
    let layer = Self.layer(of: name)
    switch self {
    case .layerNorm:
      // attention.output.LayerNorm, layernorm_before, layernorm: the last but one component.
      return parameter.shape.count == 1
        && name.split(separator: ".").dropLast().last?.lowercased()
          .hasPrefix("layernorm") == true
    case .bias: return name.hasSuffix(".bias")
    case .finalNorm: return name == "layernorm.weight" || name == "layernorm.bias"
    case .attention:
      return layer != nil && name.contains(".attention.") && !name.contains("LayerNorm")
    case .mlp:
      return layer != nil && !name.contains(".attention.") && name.contains(".dense.")
    case .lastLayers(let count): return layer.map { $0 >= layers - count } ?? false
    case .all: return true
    }
  }

  /// N of "encoder.layer.N.…"; nil outside the layers.
  static func layer(of name: String) -> Int? {
    let parts = name.split(separator: ".")
    guard parts.count > 2, parts[0] == "encoder", parts[1] == "layer" else { return nil }
    return Int(parts[2])
  }
}
