import XlingTensor

/// A projection's bias as a shift of its input, for programs whose projections have none: with
/// W W^T invertible, d = W^T (W W^T)^-1 b is the shortest vector with W d = b, and
/// W (x + d) = W x + b.
enum FoldedBias {
  /// The shift d [in] of what a head [out, in] reads, zero where there is no bias; nil where no such
  /// vector comes close to the bias: more outputs than inputs, or outputs that depend on others.
  static func shift(_ head: Linear) -> [Float]? {
    let (outputs, inputs) = (head.weight.shape[0], head.weight.shape[1])
    guard let bias = head.bias?.values, bias.contains(where: { $0 != 0 }) else {
      return [Float](repeating: 0, count: inputs)
    }
    let weight = head.weight.values.map(Double.init)
    let wanted = bias.map(Double.init)
    guard outputs <= inputs, let y = solve(gram(weight, outputs, inputs), wanted) else {
      return nil
    }
    let shift = (0..<inputs).map { input in
      Float((0..<outputs).reduce(0) { $0 + weight[$1 * inputs + input] * y[$1] })
    }
    // Rounding to single precision, and a nearly singular W, show here.
    let largest = wanted.reduce(0) { max($0, abs($1)) }
    for row in 0..<outputs {
      let found = (0..<inputs).reduce(0) { $0 + weight[row * inputs + $1] * Double(shift[$1]) }
      if !(abs(found - wanted[row]) <= 1e-5 * largest) { return nil }
    }
    return shift
  }

  /// W W^T, [rows, rows].
  private static func gram(_ weight: [Double], _ rows: Int, _ columns: Int) -> [Double] {
    var gram = [Double](repeating: 0, count: rows * rows)
    weight.withUnsafeBufferPointer { weight in
      for row in 0..<rows {
        for other in 0...row {
          var sum = 0.0
          for column in 0..<columns {
            sum += weight[row * columns + column] * weight[other * columns + column]
          }
          gram[row * rows + other] = sum
          gram[other * rows + row] = sum
        }
      }
    }
    return gram
  }

  /// Solves A x = b for a symmetric, positive definite A [n, n] by Cholesky's factors; nil where a
  /// pivot vanishes beside A's diagonal.
  private static func solve(_ matrix: [Double], _ b: [Double]) -> [Double]? {
    let n = b.count
    var (factor, x) = (matrix, b)
    let largest = (0..<n).reduce(0) { max($0, matrix[$1 * n + $1]) }
    return factor.withUnsafeMutableBufferPointer { factor in
      for column in 0..<n {
        for row in column..<n {
          var sum = factor[row * n + column]
          for k in 0..<column { sum -= factor[row * n + k] * factor[column * n + k] }
          if row == column {
            if !(sum > 1e-12 * largest) { return nil }
            factor[row * n + column] = sum.squareRoot()
          } else {
            factor[row * n + column] = sum / factor[column * n + column]
          }
        }
      }
      for row in 0..<n {
        for k in 0..<row { x[row] -= factor[row * n + k] * x[k] }
        x[row] /= factor[row * n + row]
      }
      for row in (0..<n).reversed() {
        for k in row + 1..<n { x[row] -= factor[k * n + row] * x[k] }
        x[row] /= factor[row * n + row]
      }
      return x
    }
  }
}
