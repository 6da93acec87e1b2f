import XlingAlignment
import XlingTensor
import XlingTowers

/// How far alignment moved a tower's LayerNorms, layer by layer (LilT, Khan and Fu 2023, figure 4).
public struct LayerNormShift: Codable, Sendable, Equatable {
  public struct Layer: Codable, Sendable, Equatable {
    /// From 0, the one above the embeddings.
    public let depth: Int
    /// Sum of |after - before| over γ and β of both LayerNorms of the layer.
    public let l1: Double
  }

  /// "text" or "image".
  public let tower: String
  public let layers: [Layer]
  /// Pearson's r of depth and shift; nil for fewer than three layers or when nothing moved.
  public let correlation: Double?

  /// `after` may have more layers than `before` (a deep adapter); they have no before.
  init(tower label: String, before: any Tower, after: any Tower) {
    tower = label
    layers = zip(before.encoder.layers, after.encoder.layers).enumerated().map { depth, pair in
      func norms(_ layer: EncoderLayer) -> [Parameter] {
        (layer.attentionNorm?.parameters ?? []) + layer.feedForwardNorm.parameters
      }
      let l1 = zip(norms(pair.0), norms(pair.1)).reduce(0.0) { sum, parameters in
        zip(parameters.0.values, parameters.1.values).reduce(sum) {
          $0 + Double(abs($1.1 - $1.0))
        }
      }
      return Layer(depth: depth, l1: l1)
    }
    correlation = Self.pearson(layers.map { Double($0.depth) }, layers.map(\.l1))
  }

  /// Nil for fewer than three points or where one list does not vary.
  static func pearson(_ x: [Double], _ y: [Double]) -> Double? {
    guard x.count == y.count, x.count >= 3 else { return nil }
    let n = Double(x.count)
    let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xy += (a - meanX) * (b - meanY)
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
    }
    guard xx > 0, yy > 0 else { return nil }
    return xy / (xx * yy).squareRoot()
  }
}
