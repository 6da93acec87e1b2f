import CKernels

/// Rows divided by their Euclidean norm.
public enum L2Normalization {
  /// PyTorch's floor under the norm.
  static let epsilon: Float = 1e-12

  /// x [rows, width] into y; returns the norms [rows].
  public static func forward(
    _ x: Matrix, into y: Matrix, in workspace: Workspace
  ) -> UnsafeMutablePointer<Float> {
    let norms = workspace.floats(x.rows)
    for row in 0..<x.rows {
      let norm = max(
        Float(xk_sum_of_squares(x.row(row), Int64(x.columns)).squareRoot()), epsilon)
      norms[row] = norm
      for column in 0..<x.columns { y[row, column] = x[row, column] / norm }
    }
    return norms
  }

  /// dx = (dy - y (y · dy)) / |x|.
  public static func backward(
    _ y: Matrix, norms: UnsafeMutablePointer<Float>, dy: Matrix, into dx: Matrix
  ) {
    for row in 0..<y.rows {
      var dot: Float = 0
      for column in 0..<y.columns { dot += y[row, column] * dy[row, column] }
      for column in 0..<y.columns {
        dx[row, column] = (dy[row, column] - y[row, column] * dot) / norms[row]
      }
    }
  }
}
