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

  /// By what a parameter is to a tower of so many layers.
  func thaws(_ parameter: Parameter, layers: Int) -> Bool {
    let role = parameter.role
    return switch self {
    case .layerNorm: role.part == .norm || role.part == .finalNorm
    case .bias: role.isBias
    case .finalNorm: role.part == .finalNorm
    case .attention: role.part == .attention
    case .mlp: role.part == .feedForward
    case .lastLayers(let count): role.layer.map { $0 >= layers - count } ?? false
    case .all: true
    }
  }
}
