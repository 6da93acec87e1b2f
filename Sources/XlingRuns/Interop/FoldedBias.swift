import XlingTensor

/// A projection's bias within its weight, for programs whose projections have none. What a LayerNorm
/// gives, x = γ x̂ + β with components of x̂ that sum to zero, has the same product with one unit
/// vector d, the direction of 1/γ: d^T x = d^T β = c. With β moved along d until the product is p,
/// W' = W - W d d^T + (b + c W d) d^T / p gives W' x' = W x + b, whatever the sizes.
enum FoldedBias {
  /// The weight [out, in] that does with `beta`, which is changed, what the head does behind the
  /// norm. `beta` is the norm's.
  static func weight(of head: Linear, behind norm: LayerNorm, _ beta: Parameter) -> Parameter {
    let folded = Parameter(head.weight.name, head.weight.shape)
    folded.value.update(from: head.weight.value, count: folded.count)
    guard let bias = head.bias?.values, bias.contains(where: { $0 != 0 }) else { return folded }
    let direction = constantDirection(norm.gamma.values)
    let (outputs, inputs) = (folded.shape[0], folded.shape[1])
    let product = (0..<inputs).reduce(0) { $0 + direction[$1] * Double(beta.value[$1]) }
    // As long as all other components together: the constant is then as exact as they are.
    let wanted = Double(inputs).squareRoot()
    for row in 0..<outputs {
      let weights = folded.value + row * inputs
      let along = (0..<inputs).reduce(0) { $0 + direction[$1] * Double(weights[$1]) }
      let change = (Double(bias[row]) + along * product) / wanted - along
      for column in 0..<inputs {
        weights[column] = Float(Double(weights[column]) + change * direction[column])
      }
    }
    for column in 0..<inputs {
      beta.value[column] = Float(
        Double(beta.value[column]) + (wanted - product) * direction[column])
    }
    return folded
  }

  /// The unit vector along 1/γ; where factors are zero, along what they leave constant.
  private static func constantDirection(_ gamma: UnsafeBufferPointer<Float>) -> [Double] {
    let smallest = gamma.reduce(Double.infinity) { min($0, abs(Double($1))) }
    let direction = gamma.map { $0 == 0 ? 1 : smallest / Double($0) }
    let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return direction.map { $0 / length }
  }
}
