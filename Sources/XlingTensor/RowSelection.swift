import CKernels

/// Some rows of a matrix, taken out and put back.
extension Matrix {
  /// y[i] = self[rows[i]]; y has as many rows as `rows`.
  public func gather(rows: [Int], into y: Matrix) {
    precondition(y.rows == rows.count && y.columns == columns)
    for (index, row) in rows.enumerated() {
      y.row(index).update(from: self.row(row), count: columns)
    }
  }

  /// self[rows[i]] += x[i]
  public func scatterAdd(_ x: Matrix, rows: [Int]) {
    precondition(x.rows == rows.count && x.columns == columns)
    for (index, row) in rows.enumerated() {
      xk_add(self.row(row), x.row(index), Int64(columns))
    }
  }

  /// Every element becomes 0.
  public func clear() {
    for index in 0..<rows { row(index).update(repeating: 0, count: columns) }
  }
}
