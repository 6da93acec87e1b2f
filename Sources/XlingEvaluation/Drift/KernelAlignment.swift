import XlingTensor

/// Linear centred kernel alignment of two representations of the same n samples (Kornblith et al.
/// 2019, eq. 4): 1 when one is a rotation and scaling of the other, near 0 when they share nothing.
enum KernelAlignment {
  /// x [n, widthX] and y [n, widthY]. With centred columns it is |XᵀY|² / (|XᵀX| |YᵀY|) in Frobenius
  /// norms, computed over the n x n products XXᵀ and YYᵀ: n is a few hundred here. Nil when n is
  /// below 2 or not one, or a side does not vary.
  static func linear(_ x: EmbeddingMatrix, _ y: EmbeddingMatrix) -> Double? {
    let n = x.count
    guard n >= 2, y.count == n else { return nil }
    let (gramX, gramY) = (gram(centred(x), n), gram(centred(y), n))
    func inner(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let scale = (inner(gramX, gramX) * inner(gramY, gramY)).squareRoot()
    guard scale > 0 else { return nil }
    return inner(gramX, gramY) / scale
  }

  private static func centred(_ matrix: EmbeddingMatrix) -> [Double] {
    let (values, width, n) = (matrix.array(), matrix.width, matrix.count)
    var means = [Double](repeating: 0, count: width)
    for (index, value) in values.enumerated() { means[index % width] += Double(value) }
    return values.enumerated().map { Double($1) - means[$0 % width] / Double(n) }
  }

  private static func gram(_ rows: [Double], _ n: Int) -> [Double] {
    let width = rows.count / n
    var out = [Double](repeating: 0, count: n * n)
    rows.withUnsafeBufferPointer { rows in
      for i in 0..<n {
        for j in 0...i {
          var sum = 0.0
          for k in 0..<width { sum += rows[i * width + k] * rows[j * width + k] }
          out[i * n + j] = sum
          out[j * n + i] = sum
        }
      }
    }
    return out
  }
}
