import CKernels
import XlingCore

/// What a feed-forward block does to every number between its dense layers.
public enum Activation: String, Sendable, Equatable, CaseIterable {
  /// x Phi(x) (Hendrycks and Gimpel 2016).
  case gelu
  /// GELU's approximation by tanh.
  case geluTanh
  /// GELU's approximation by the logistic function, x sigmoid(1.702 x), which OpenAI's CLIP has.
  case quickGELU
  /// max(x, 0)
  case relu
  /// x sigmoid(x), also called swish.
  case silu

  /// As people write it.
  public var title: String {
    switch self {
    case .gelu: "GELU erf"
    case .geluTanh: "GELU tanh"
    case .quickGELU: "GELU quick"
    case .relu: "ReLU"
    case .silu: "SiLU"
    }
  }
}

extension Activation {
  /// x, y, count; on the calling thread. y may be x.
  public var kernel: @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int64) -> Void {
    switch self {
    case .gelu: { xk_gelu($0, $1, $2) }
    case .geluTanh: { xk_gelu_tanh($0, $1, $2) }
    case .quickGELU: { xk_gelu_quick($0, $1, $2) }
    case .relu: { xk_relu($0, $1, $2) }
    case .silu: { xk_silu($0, $1, $2) }
    }
  }

  /// x, dy, dx, count; on the calling thread. dx may be dy.
  public var backwardKernel:
    @Sendable (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int64
    ) -> Void
  {
    switch self {
    case .gelu: { xk_gelu_backward($0, $1, $2, $3) }
    case .geluTanh: { xk_gelu_tanh_backward($0, $1, $2, $3) }
    case .quickGELU: { xk_gelu_quick_backward($0, $1, $2, $3) }
    case .relu: { xk_relu_backward($0, $1, $2, $3) }
    case .silu: { xk_silu_backward($0, $1, $2, $3) }
    }
  }
}

extension Elementwise {
  /// y = form(x)
  public static func activate(_ x: Matrix, into y: Matrix, form: Activation = .gelu) {
    precondition(x.count == y.count && x.isContiguous && y.isContiguous)
    let kernel = form.kernel
    Parallel.ranges(y.rows, grain: grain(columns: y.columns)) { rows in
      kernel(x.row(rows.lowerBound), y.row(rows.lowerBound), Int64(rows.count * y.columns))
    }
  }

  /// dy becomes dx = dy * form'(x); ReLU's slope at zero is zero, as PyTorch has it.
  public static func activationBackward(_ x: Matrix, dy: Matrix, form: Activation = .gelu) {
    precondition(x.count == dy.count && x.isContiguous && dy.isContiguous)
    let kernel = form.backwardKernel
    Parallel.ranges(dy.rows, grain: grain(columns: dy.columns)) { rows in
      let first = rows.lowerBound
      kernel(x.row(first), dy.row(first), dy.row(first), Int64(rows.count * dy.columns))
    }
  }
}
