import XlingTensor
import XlingTowers

/// Deep adapter (LilT, Khan and Fu 2023, section 3): one more layer of the tower's own kind on top
/// of the frozen stack, freshly initialized. In the ViT it stands before the final LayerNorm.
enum DeepAdapter {
  /// Appends `deep_adapter.0` and returns its parameters.
  static func install(in tower: any Tower, seed: UInt64) -> [Parameter] {
    let layer = tower.makeLayer(named: "deep_adapter.0")
    for parameter in layer.parameters {
      Initialization.standard(parameter, seed: seed, deviation: 0.02)
    }
    tower.encoder.append(layer)
    return layer.parameters
  }
}
