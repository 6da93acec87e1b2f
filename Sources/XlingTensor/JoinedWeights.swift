/// Frozen dense layers of one input, side by side for products in bf16: one in place of several.
public final class JoinedWeights {
  private var packed: (plain: PackedWeights?, transposed: PackedWeights?)
  /// Of the layers' weights when they were packed.
  private var versions: [Int] = []

  public init() {}

  public static func join(_ layers: [Linear]) -> Bool {
    layers.allSatisfy {
      $0.weight.precision == .bf16 && !$0.weight.isTrainable && $0.lowRank == nil
    }
  }

  /// y [rows, sum of outputs] = x Wᵀ + b of all.
  public func forward(_ layers: [Linear], _ x: Matrix, into y: Matrix) {
    let weights = weights(of: layers, transposed: true)
    guard layers.contains(where: { $0.bias != nil }) else {
      Matmul.multiply(x, weights, into: y)
      return
    }
    let bias = layers.flatMap { layer in
      layer.bias.map { Array($0.values) } ?? Array(repeating: 0, count: layer.outputs)
    }
    bias.withUnsafeBufferPointer {
      Matmul.multiply(x, weights, bias: $0.baseAddress, into: y)
    }
  }

  /// db += column sums of dy, and, when asked, dx (+)= dy W.
  public func backward(_ layers: [Linear], dy: Matrix, dx: Matrix?, accumulate: Bool) {
    var first = 0
    for layer in layers {
      if let gradient = layer.bias?.gradient {
        Elementwise.addColumnSums(
          dy.slice(columns: first..<first + layer.outputs), into: gradient)
      }
      first += layer.outputs
    }
    if let dx {
      Matmul.multiply(
        dy, weights(of: layers, transposed: false), into: dx, accumulate: accumulate)
    }
  }

  private func weights(of layers: [Linear], transposed: Bool) -> PackedWeights {
    let now = layers.map(\.weight.version)
    if now != versions { (packed, versions) = ((nil, nil), now) }
    if let known = transposed ? packed.transposed : packed.plain { return known }
    let made = pack(layers, transposed: transposed)
    if transposed { packed.transposed = made } else { packed.plain = made }
    return made
  }

  private func pack(_ layers: [Linear], transposed: Bool) -> PackedWeights {
    let rows = layers.reduce(0) { $0 + $1.outputs }
    let columns = layers[0].weight.matrix.columns
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * columns) { memory in
      var place = memory.baseAddress!
      for layer in layers {
        place.update(from: layer.weight.value, count: layer.weight.count)
        place += layer.weight.count
      }
      return PackedWeights(
        Matrix(memory.baseAddress!, rows: rows, columns: columns), transposed: transposed)
    }
  }
}
