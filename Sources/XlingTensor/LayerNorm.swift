import CKernels
import XlingCore

/// Layer normalization over the columns (Ba, Kiros and Hinton 2016), or its form that subtracts no mean
/// and adds no bias, RMSNorm (Zhang and Sennrich 2019).
public struct LayerNorm {
  public enum Form: Sendable, Equatable {
    case centred
    /// As ModernBERT has it.
    case centredWithoutBias
    case rootMeanSquare
  }

  public let gamma: Parameter
  /// nil in a norm without bias.
  public let beta: Parameter?
  public let form: Form
  public let epsilon: Float

  /// What the way back needs: the input, and each row's mean and reciprocal deviation.
  public struct Saved {
    public let x: Matrix
    /// nil in an RMSNorm.
    let mean: UnsafeMutablePointer<Float>?
    let inverseDeviation: UnsafeMutablePointer<Float>

    /// The same of an input that was computed again.
    public func reading(_ x: Matrix) -> Saved {
      Saved(x: x, mean: mean, inverseDeviation: inverseDeviation)
    }
  }

  /// Parameters `name.weight` (one) and, in the centred form, `name.bias` (zero).
  public init(
    _ name: String, width: Int, epsilon: Float, form: Form = .centred,
    part: ParameterRole.Part = .norm
  ) {
    gamma = Parameter(name + ".weight", [width], role: ParameterRole(part))
    beta =
      form == .centred
      ? Parameter(name + ".bias", [width], role: ParameterRole(part, isBias: true)) : nil
    gamma.value.update(repeating: 1, count: width)
    self.epsilon = epsilon
    self.form = form
  }

  public var parameters: [Parameter] { [gamma] + (beta.map { [$0] } ?? []) }
  public var isTrainable: Bool { gamma.isTrainable || beta?.isTrainable == true }

  /// x [rows, width] into y; the statistics are taken from `workspace`.
  public func forward(_ x: Matrix, into y: Matrix, in workspace: Workspace) -> Saved {
    let mean = form == .rootMeanSquare ? nil : workspace.floats(x.rows)
    let inverse = workspace.floats(x.rows)
    Parallel.ranges(x.rows, grain: Elementwise.grain(columns: x.columns)) { rows in
      let first = rows.lowerBound
      if let mean {
        xk_layernorm(
          x.row(first), gamma.value, beta?.value, epsilon, y.row(first), mean + first,
          inverse + first, Int64(rows.count), Int64(x.columns))
      } else {
        xk_rmsnorm(
          x.row(first), gamma.value, epsilon, y.row(first), inverse + first, Int64(rows.count),
          Int64(x.columns))
      }
    }
    return Saved(x: x, mean: mean, inverseDeviation: inverse)
  }

  /// Adds to the gradients of γ and β where they are trained; dx (+)= the input's gradient.
  public func backward(_ saved: Saved, dy: Matrix, dx: Matrix?, accumulate: Bool = false) {
    let x = saved.x
    if isTrainable {
      Parallel.ranges(x.columns, grain: 64) { columns in
        xk_layernorm_parameters(
          dy.pointer, x.pointer, saved.mean, saved.inverseDeviation, gamma.gradient,
          beta?.gradient, Int64(x.rows), Int64(x.columns), Int64(columns.lowerBound),
          Int64(columns.upperBound))
      }
    }
    guard let dx else { return }
    Parallel.ranges(x.rows, grain: Elementwise.grain(columns: x.columns)) { rows in
      let first = rows.lowerBound
      xk_layernorm_backward(
        dy.row(first), x.row(first), gamma.value, saved.mean.map { $0 + first },
        saved.inverseDeviation + first, dx.row(first), accumulate ? 1 : 0, Int64(rows.count),
        Int64(x.columns))
    }
  }
}
