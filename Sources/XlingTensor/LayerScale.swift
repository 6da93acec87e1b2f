import CKernels
import XlingCore

/// A trained factor for each column of a residual branch (CaiT, Touvron et al. 2021, section 2;
/// DeiT-III has it).
public struct LayerScale {
  public let gamma: Parameter

  /// The parameter `name.weight`, [width], one.
  public init(_ name: String, width: Int) {
    gamma = Parameter(name + ".weight", [width], role: ParameterRole(.scale))
    gamma.value.update(repeating: 1, count: width)
  }

  public var isTrainable: Bool { gamma.isTrainable }

  /// y = x * gamma, each row; x [rows, width].
  public func forward(_ x: Matrix, into y: Matrix) {
    precondition(x.count == y.count && x.isContiguous && y.isContiguous)
    Parallel.ranges(x.rows, grain: Elementwise.grain(columns: x.columns)) { rows in
      let first = rows.lowerBound
      xk_scale_columns(
        x.row(first), gamma.value, y.row(first), Int64(rows.count), Int64(x.columns))
    }
  }

  /// Adds to the gradient of gamma where it is trained, which alone needs x; dx = dy * gamma.
  public func backward(_ x: Matrix?, dy: Matrix, dx: Matrix) {
    if let gradient = gamma.gradient {
      guard let x else { preconditionFailure("a trained layer scale's input is kept") }
      Parallel.ranges(x.columns, grain: 64) { columns in
        xk_column_products(
          dy.pointer, x.pointer, gradient, Int64(x.rows), Int64(x.columns),
          Int64(columns.lowerBound), Int64(columns.upperBound))
      }
    }
    forward(dy, into: dx)
  }
}
