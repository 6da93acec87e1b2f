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

extension Elementwise {
  /// y = form(x)
  public static func activate(_ x: Matrix, into y: Matrix, form: Activation = .gelu) {
    precondition(x.count == y.count && x.isContiguous && y.isContiguous)
    let kernel =
      switch form {
      case .gelu: xk_gelu
      case .geluTanh: xk_gelu_tanh
      case .quickGELU: xk_gelu_quick
      case .relu: xk_relu
      case .silu: xk_silu
      }
    Parallel.ranges(y.rows, grain: grain(columns: y.columns)) { rows in
      kernel(x.row(rows.lowerBound), y.row(rows.lowerBound), Int64(rows.count * y.columns))
    }
  }

  /// dy becomes dx = dy * form'(x); ReLU's slope at zero is zero, as PyTorch has it.
  public static func activationBackward(_ x: Matrix, dy: Matrix, form: Activation = .gelu) {
    precondition(x.count == dy.count && x.isContiguous && dy.isContiguous)
    let kernel =
      switch form {
      case .gelu: xk_gelu_backward
      case .geluTanh: xk_gelu_tanh_backward
      case .quickGELU: xk_gelu_quick_backward
      case .relu: xk_relu_backward
      case .silu: xk_silu_backward
      }
    Parallel.ranges(dy.rows, grain: grain(columns: dy.columns)) { rows in
      let first = rows.lowerBound
      kernel(x.row(first), dy.row(first), dy.row(first), Int64(rows.count * dy.columns))
    }
  }
}
