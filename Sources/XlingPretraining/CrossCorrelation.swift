import XlingTensor

/// The redundancy-reduction loss (Zbontar et al. 2021, Barlow Twins, equations 1 and 2) between texts
/// and their translations: each dimension of the one should vary as the same dimension of the other
/// and as no other dimension. Every direction then means the same in both languages, also those of
/// small variance, which a ranking by cosine hardly hears and a projection amplifies.
enum CrossCorrelation {
  struct Result {
    /// Mean over dimensions of (1 - C_ii)^2, plus `redundancy` times the sum of C_ij^2, j ≠ i.
    let loss: Double
    /// Mean of C_ii.
    let correlation: Double
  }

  /// Standardized columns [rows, width] and what was divided by.
  private struct Standardized {
    let values: Matrix
    let deviations: [Float]

    /// Over the batch; floor under the variance as in batch normalization.
    init(_ x: Matrix, _ workspace: Workspace) {
      values = workspace.take(x.rows, x.columns)
      var deviations: [Float] = []
      for column in 0..<x.columns {
        var (sum, squares) = (0.0, 0.0)
        for row in 0..<x.rows { sum += Double(x[row, column]) }
        let mean = sum / Double(x.rows)
        for row in 0..<x.rows {
          let difference = Double(x[row, column]) - mean
          squares += difference * difference
        }
        let deviation = (squares / Double(x.rows) + 1e-5).squareRoot()
        for row in 0..<x.rows {
          values[row, column] = Float((Double(x[row, column]) - mean) / deviation)
        }
        deviations.append(Float(deviation))
      }
      self.deviations = deviations
    }

    /// The gradient of x from that of the standardized values, in place.
    func backward(_ gradient: Matrix) {
      let count = Float(gradient.rows)
      for column in 0..<gradient.columns {
        var (sum, dot): (Float, Float) = (0, 0)
        for row in 0..<gradient.rows {
          sum += gradient[row, column]
          dot += gradient[row, column] * values[row, column]
        }
        for row in 0..<gradient.rows {
          let centred = gradient[row, column] - sum / count - values[row, column] * dot / count
          gradient[row, column] = centred / deviations[column]
        }
      }
    }
  }

  /// `first` and `second` [pairs, width], row by row translations; their gradients, times `weight`,
  /// are written to `dFirst` and `dSecond`.
  static func forwardBackward(
    _ first: Matrix, _ second: Matrix, redundancy: Float, weight: Float, dFirst: Matrix,
    dSecond: Matrix, in workspace: Workspace
  ) -> Result {
    let (a, b) = (Standardized(first, workspace), Standardized(second, workspace))
    let (pairs, width) = (Float(first.rows), first.columns)
    let correlations = workspace.take(width, width)
    Matmul.multiply(
      a.values, b.values, into: correlations, transposeA: true, alpha: 1 / pairs)
    var (loss, trace) = (0.0, 0.0)
    // The correlations become the loss's gradient by them.
    for i in 0..<width {
      for j in 0..<width {
        let c = correlations[i, j]
        if i == j {
          trace += Double(c)
          loss += Double((1 - c) * (1 - c))
          correlations[i, j] = -2 * (1 - c)
        } else {
          loss += Double(redundancy * c * c)
          correlations[i, j] = 2 * redundancy * c
        }
      }
    }
    let scale = weight / (Float(width) * pairs)
    Matmul.multiply(b.values, correlations, into: dFirst, transposeB: true, alpha: scale)
    Matmul.multiply(a.values, correlations, into: dSecond, alpha: scale)
    a.backward(dFirst)
    b.backward(dSecond)
    return Result(loss: loss / Double(width), correlation: trace / Double(width))
  }
}
