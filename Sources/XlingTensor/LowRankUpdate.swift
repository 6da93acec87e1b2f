/// A trained update of a frozen dense layer, W + (α / r) B A (LoRA, Hu et al. 2022, eq. 3).
public final class LowRankUpdate {
  /// A [rank, in]
  public let down: Parameter
  /// B [out, rank]
  public let up: Parameter
  /// α / rank
  public let scale: Float

  /// Parameters `name.lora_A` and `name.lora_B`, all zero.
  public init(_ name: String, from input: Int, to output: Int, rank: Int, alpha: Float) {
    down = Parameter(name + ".lora_A", [rank, input])
    up = Parameter(name + ".lora_B", [output, rank])
    scale = alpha / Float(rank)
  }

  public var parameters: [Parameter] { [down, up] }
  public var isTrainable: Bool { down.isTrainable || up.isTrainable }

  /// x [rows, in]; adds to y [rows, out].
  func forward(_ x: Matrix, addingTo y: Matrix) {
    withInner(x.rows) { inner in
      Matmul.multiply(x, down.matrix, into: inner, transposeB: true)
      Matmul.multiply(inner, up.matrix, into: y, transposeB: true, alpha: scale, beta: 1)
    }
  }

  /// Adds to the gradients of A and B and, when asked, to dx. x Aᵀ is computed again: keeping it
  /// would cost more memory than the product costs time.
  func backward(_ x: Matrix, dy: Matrix, addingTo dx: Matrix?) {
    withInner(x.rows) { inner in
      if let gradient = up.gradientMatrix {
        Matmul.multiply(x, down.matrix, into: inner, transposeB: true)
        Matmul.multiply(dy, inner, into: gradient, transposeA: true, alpha: scale, beta: 1)
      }
      Matmul.multiply(dy, up.matrix, into: inner, alpha: scale)
      if let gradient = down.gradientMatrix {
        Matmul.multiply(inner, x, into: gradient, transposeA: true, beta: 1)
      }
      if let dx { Matmul.multiply(inner, down.matrix, into: dx, beta: 1) }
    }
  }

  /// Adds (α / r) B A to a dense layer's weight [out, in], which then computes what both did.
  public func merge(into weight: Parameter) {
    Matmul.multiply(up.matrix, down.matrix, into: weight.matrix, alpha: scale, beta: 1)
    weight.forgetPacked()
  }

  /// [rows, rank] for the length of `body`.
  private func withInner(_ rows: Int, _ body: (Matrix) -> Void) {
    let rank = down.shape[0]
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, rows * rank)) { buffer in
      guard let base = buffer.baseAddress else { return }
      body(Matrix(base, rows: rows, columns: rank))
    }
  }
}
