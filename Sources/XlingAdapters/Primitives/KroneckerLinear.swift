import XlingTensor

/// A dense layer whose matrix is a sum of Kronecker products: y = x H + b with
/// H = Σ_i A_i ⊗ (L_i R_i) (Karimi Mahabadi et al. 2021, eqs. 4 and 5; Zhang et al. 2021 for the
/// form without factors).
public struct KroneckerLinear {
  /// A [terms, terms, terms], which several layers may share.
  public let rule: Parameter
  /// L [terms, in / terms, rank]
  public let left: Parameter
  /// R [terms, rank, out / terms]
  public let right: Parameter
  /// [out]
  public let bias: Parameter

  /// Parameters `name.left`, `name.right`, `name.bias`, all zero; sizes are multiples of the
  /// rule's number of terms.
  public init(_ name: String, rule: Parameter, from input: Int, to output: Int, rank: Int = 1) {
    let terms = rule.shape[0]
    self.rule = rule
    left = Parameter(name + ".left", [terms, input / terms, rank])
    right = Parameter(name + ".right", [terms, rank, output / terms])
    bias = Parameter(name + ".bias", [output], role: ParameterRole(isBias: true))
  }

  /// Its own, without the rule.
  public var parameters: [Parameter] { [left, right, bias] }
  public var inputs: Int { terms * left.shape[1] }
  public var outputs: Int { bias.count }

  private var terms: Int { rule.shape[0] }
  private var rank: Int { left.shape[2] }

  /// L_i, R_i or A_i as a matrix.
  private static func term(
    _ index: Int, of values: UnsafeMutablePointer<Float>, _ shape: [Int]
  ) -> Matrix {
    Matrix(values + index * shape[1] * shape[2], rows: shape[1], columns: shape[2])
  }

  /// W_i = L_i R_i of all terms, one below another: [terms * in / terms, out / terms].
  private func factors(_ workspace: Workspace) -> Matrix {
    let (rows, columns) = (left.shape[1], right.shape[2])
    let all = workspace.take(terms * rows, columns)
    for index in 0..<terms {
      Matmul.multiply(
        Self.term(index, of: left.value, left.shape),
        Self.term(index, of: right.value, right.shape),
        into: all.slice(rows: index * rows..<(index + 1) * rows))
    }
    return all
  }

  /// The block of H (or its gradient) that A_i[row, column] multiplies.
  private func block(_ h: Matrix, _ row: Int, _ column: Int) -> Matrix {
    let (rows, columns) = (left.shape[1], right.shape[2])
    return h.slice(rows: row * rows..<(row + 1) * rows)
      .slice(columns: column * columns..<(column + 1) * columns)
  }

  /// Every (i, row, column) of the rule with its place in the tensor.
  private func eachScalar(_ body: (_ index: Int, _ row: Int, _ column: Int, _ at: Int) -> Void) {
    for index in 0..<terms {
      for row in 0..<terms {
        for column in 0..<terms {
          body(index, row, column, (index * terms + row) * terms + column)
        }
      }
    }
  }

  /// H [in, out].
  public func matrix(in workspace: Workspace) -> Matrix {
    let h = workspace.zeros(inputs, outputs)
    let factors = factors(workspace)
    let size = left.shape[1]
    eachScalar { index, row, column, at in
      let source = factors.slice(rows: index * size..<(index + 1) * size)
      let target = block(h, row, column)
      for i in 0..<source.rows {
        for j in 0..<source.columns { target[i, j] += rule.value[at] * source[i, j] }
      }
    }
    return h
  }

  /// x [rows, in] into y [rows, out].
  public func forward(_ x: Matrix, into y: Matrix, in workspace: Workspace) {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    Elementwise.broadcast(bias.value, into: y)
    Matmul.multiply(x, matrix(in: workspace), into: y, beta: 1)
  }

  /// Adds to the gradients of what is trained; dx (+)= dy Hᵀ when asked.
  public func backward(
    _ x: Matrix, dy: Matrix, dx: Matrix?, accumulate: Bool = false, in workspace: Workspace
  ) {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    if let gradient = bias.gradient { Elementwise.addColumnSums(dy, into: gradient) }
    if let dx {
      Matmul.multiply(
        dy, matrix(in: workspace), into: dx, transposeB: true, beta: accumulate ? 1 : 0)
    }
    guard rule.isTrainable || left.isTrainable || right.isTrainable else { return }
    let dh = workspace.take(inputs, outputs)
    Matmul.multiply(x, dy, into: dh, transposeA: true)
    termsBackward(dh, workspace)
  }

  /// dA_i[r, c] = ⟨dH's block, W_i⟩, dW_i = Σ A_i[r, c] dH's block, dL_i = dW_i R_iᵀ,
  /// dR_i = L_iᵀ dW_i.
  private func termsBackward(_ dh: Matrix, _ workspace: Workspace) {
    let factors = factors(workspace)
    let size = left.shape[1]
    let dFactors = workspace.zeros(factors.rows, factors.columns)
    eachScalar { index, row, column, at in
      let rows = index * size..<(index + 1) * size
      let (factor, dFactor) = (factors.slice(rows: rows), dFactors.slice(rows: rows))
      let gradient = block(dh, row, column)
      var inner = 0.0
      for i in 0..<factor.rows {
        for j in 0..<factor.columns {
          inner += Double(gradient[i, j]) * Double(factor[i, j])
          dFactor[i, j] += rule.value[at] * gradient[i, j]
        }
      }
      rule.gradient?[at] += Float(inner)
    }
    for index in 0..<terms {
      let dFactor = dFactors.slice(rows: index * size..<(index + 1) * size)
      if let gradient = left.gradient {
        Matmul.multiply(
          dFactor, Self.term(index, of: right.value, right.shape),
          into: Self.term(index, of: gradient, left.shape), transposeB: true, beta: 1)
      }
      if let gradient = right.gradient {
        Matmul.multiply(
          Self.term(index, of: left.value, left.shape), dFactor,
          into: Self.term(index, of: gradient, right.shape), transposeA: true, beta: 1)
      }
    }
  }
}
