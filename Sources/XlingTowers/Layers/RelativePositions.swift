import Foundation
import XlingTensor

/// T5's positions (Raffel et al. 2020, section 2.1): a number for each head and each bucket of
/// distances, added to attention's scores. All layers share one table.
public final class RelativePositions {
  /// Buckets and where they end.
  public struct Buckets: Sendable, Equatable {
    public var count: Int
    /// Distances from here on share the last bucket of their direction.
    public var maximumDistance: Int

    public init(count: Int, maximumDistance: Int) {
      self.count = count
      self.maximumDistance = maximumDistance
    }

    /// The bucket of a key that lies `offset` behind its query. Half of the buckets are for keys
    /// behind, half for the others; half of those have one distance each, the rest grow by a factor.
    /// Single precision, as the reference computes it: elsewhere a distance falls into the bucket
    /// beside its own.
    public func bucket(of offset: Int) -> Int {
      let half = count / 2
      let first = offset > 0 ? half : 0
      let distance = abs(offset)
      let exact = half / 2
      guard distance >= exact else { return first + distance }
      let ratio = logf(Float(distance) / Float(exact))
      let range = Float(log(Double(maximumDistance) / Double(exact)))
      let grown = exact + Int(ratio / range * Float(half - exact))
      return first + min(grown, half - 1)
    }
  }

  /// [buckets, heads]
  public let table: Parameter
  public let buckets: Buckets

  /// The parameter `name.weight`, of a checkpoint's first layer.
  init(_ name: String, buckets: Buckets, heads: Int) {
    self.buckets = buckets
    table = Parameter(
      name + ".weight", [buckets.count, heads], role: ParameterRole(.attention, layer: 0))
  }

  /// For sequences of at most `reach` + 1 tokens.
  func bias(reach: Int, in workspace: Workspace) -> Attention.Bias {
    let heads = table.shape[1]
    let values = workspace.take(heads, 2 * reach + 1)
    for column in 0..<values.columns {
      let row = table.matrix.row(buckets.bucket(of: column - reach))
      for head in 0..<heads { values[head, column] = row[head] }
    }
    return Attention.Bias(values)
  }

  /// Room for the gradients of each sequence's bias; nil while the table is frozen.
  func gradients(_ layout: SequenceLayout, reach: Int, in workspace: Workspace) -> Matrix? {
    table.isTrainable
      ? workspace.zeros(layout.sequences * table.shape[1], 2 * reach + 1) : nil
  }

  /// Adds the gradients of each sequence's bias, [sequences * heads, 2 * reach + 1].
  func backward(_ dBias: Matrix) {
    guard let gradient = table.gradientMatrix else { return }
    let (heads, reach) = (table.shape[1], dBias.columns / 2)
    for column in 0..<dBias.columns {
      let row = gradient.row(buckets.bucket(of: column - reach))
      for index in 0..<dBias.rows { row[index % heads] += dBias[index, column] }
    }
  }
}
