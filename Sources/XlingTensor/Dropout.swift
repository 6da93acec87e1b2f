import CKernels
import XlingCore

/// Inverted dropout (Srivastava et al. 2014): a share `rate` of the numbers becomes zero, the others
/// are divided by 1 - rate, so that on average nothing changes.
///
/// Which ones is a function of the row's key, the site and the column. No mask is kept: the way back
/// draws the same one again, and a row's does not depend on the rows beside it nor on threads.
public struct Dropout: Sendable {
  /// At least 0 and below 1.
  public let rate: Float
  /// One for each row.
  let keys: [UInt64]
  let site: UInt64

  /// `site` tells the places apart at which the same rows pass; attention takes one for each head, from
  /// `site` on.
  public init(rate: Float, keys: [UInt64], site: UInt64) {
    precondition(rate >= 0 && rate < 1, "a share of numbers left out")
    self.rate = rate
    self.keys = keys
    self.site = site
  }

  /// x [rows, columns] in place; the same on activations and, on the way back, on their gradient.
  public func apply(to x: Matrix) {
    precondition(x.rows == keys.count && x.isContiguous, "a key for each row")
    Parallel.ranges(x.rows, grain: Elementwise.grain(columns: x.columns)) { rows in
      withDraw { draw in
        var draw = draw
        draw.keys += rows.lowerBound
        xk_dropout(x.row(rows.lowerBound), Int64(rows.count), Int64(x.columns), draw)
      }
    }
  }

  /// A copy of x [rows, columns] from `workspace` with the same left out.
  public func applied(to x: Matrix, in workspace: Workspace) -> Matrix {
    let y = workspace.take(x.rows, x.columns)
    Elementwise.copy(x, into: y)
    apply(to: y)
    return y
  }

  func withDraw<Result>(_ body: (xk_dropout_draw) -> Result) -> Result {
    keys.withUnsafeBufferPointer {
      body(
        xk_dropout_draw(
          keys: $0.baseAddress, site: site, threshold: UInt32(Double(rate) * 0x1p32),
          scale: 1 / (1 - rate)))
    }
  }
}
