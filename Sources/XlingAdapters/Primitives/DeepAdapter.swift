import XlingTensor
import XlingTowers

/// Deep adapter (LilT, Khan and Fu 2023, section 3): more layers of the tower's own kind on top of
/// the frozen stack, freshly initialized. In the ViT they stand before the final LayerNorm.
enum DeepAdapter {
  /// Appends `deep_adapter.0` and so on, and returns their parameters.
  static func install(in tower: any Tower, depth: Int, seed: UInt64) -> [Parameter] {
    (0..<depth).flatMap { index in
      let layer = tower.makeLayer(named: "deep_adapter.\(index)")
      for parameter in layer.parameters {
        Initialization.standard(parameter, seed: seed, deviation: 0.02)
      }
      tower.encoder.append(layer)
      return layer.parameters
    }
  }
}
