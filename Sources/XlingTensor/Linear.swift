import CKernels
import XlingCore

/// y = x W^T + b with W [out, in], as PyTorch stores it.
public struct Linear {
  public let weight: Parameter
  public let bias: Parameter?
  /// Trained beside the weight; see ``LowRankUpdate``. No part of ``parameters``.
  public var lowRank: LowRankUpdate?

  public init(
    _ name: String, from input: Int, to output: Int, bias: Bool = true,
    part: ParameterRole.Part = .other
  ) {
    weight = Parameter(name + ".weight", [output, input], role: ParameterRole(part))
    self.bias =
      bias ? Parameter(name + ".bias", [output], role: ParameterRole(part, isBias: true)) : nil
  }

  /// A layer over parameters that exist already (a convolution's kernel seen as a matrix).
  public init(weight: Parameter, bias: Parameter?) {
    self.weight = weight
    self.bias = bias
  }

  public var parameters: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }
  public var outputs: Int { weight.shape[0] }
  public var isTrainable: Bool {
    weight.isTrainable || bias?.isTrainable == true || lowRank?.isTrainable == true
  }

  /// Whether the way back reads x: for the gradient of the weight, or of what is trained beside it.
  public var needsInput: Bool { weight.isTrainable || lowRank?.isTrainable == true }

  /// x [rows, in] into y [rows, out]; y may be a slice of columns.
  public func forward(_ x: Matrix, into y: Matrix) {
    if weight.precision == .bf16 {
      Matmul.multiply(x, weight.packed(transposed: true), bias: bias?.value, into: y)
      lowRank?.forward(x, addingTo: y)
      return
    }
    // The bias is laid down first and the product added to it: one pass less over y.
    if let bias { Elementwise.broadcast(bias.value, into: y) }
    Matmul.multiply(x, weight.matrix, into: y, transposeB: true, beta: bias == nil ? 0 : 1)
    lowRank?.forward(x, addingTo: y)
  }

  /// dW += dy^T x, db += column sums of dy, and, when asked, dx (+)= dy W. Only what is trained is
  /// computed; without ``needsInput`` x is not read.
  public func backward(_ x: Matrix, dy: Matrix, dx: Matrix?, accumulate: Bool = false) {
    let isHalf = weight.precision == .bf16
    if let gradient = weight.gradientMatrix {
      if isHalf {
        Matmul.addOuter(dy, x, to: gradient)
      } else {
        Matmul.multiply(dy, x, into: gradient, transposeA: true, beta: 1)
      }
    }
    if let bias, let gradient = bias.gradient { Elementwise.addColumnSums(dy, into: gradient) }
    if let dx {
      if isHalf {
        Matmul.multiply(dy, weight.packed(transposed: false), into: dx, accumulate: accumulate)
      } else {
        Matmul.multiply(dy, weight.matrix, into: dx, beta: accumulate ? 1 : 0)
      }
    }
    lowRank?.backward(x, dy: dy, addingTo: dx)
  }
}
