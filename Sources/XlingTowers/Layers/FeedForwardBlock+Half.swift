import XlingTensor

// In bf16 both products and what lies between them are done block by block: the intermediate rows, four
// times as wide as the others, stay in a core's cache, and of them only what the way back needs is kept, in
// bf16.
extension FeedForwardBlock {
  /// Whether products are bf16's, and nothing lies between them but the activation.
  var isHalf: Bool {
    factor == nil && !dropsInside && intermediate.weight.precision == .bf16
      && output.weight.precision == .bf16 && intermediate.lowRank == nil && output.lowRank == nil
  }

  func forwardHalf(
    _ x: Matrix, into y: Matrix, in workspace: Workspace, saving: Bool
  ) -> Saved {
    let inner = intermediate.outputs
    let first = intermediate.weight.packed(transposed: true)
    let second = output.weight.packed(transposed: true)
    let before = saving ? workspace.takeHalf(x.rows, inner) : nil
    let activate = activation.kernel
    HalfBlock.forEach(x.rows) { rows in
      HalfBlock.withHalves(max(inner, x.columns)) { block in
        HalfBlock.withFloats(inner) { wide in
          HalfBlock.round(x, rows, into: block)
          first.multiplyBlock(block, bias: intermediate.bias?.value, into: wide)
          before?.round(wide, to: rows)
          activate(wide, wide, Int64(HalfBlock.rows * inner))
          HalfMatrix(block, rows: HalfBlock.rows, columns: inner)
            .round(wide, to: 0..<HalfBlock.rows)
          HalfBlock.multiply(block, second, bias: output.bias?.value, into: y, rows)
        }
      }
    }
    return Saved(x: x, before: x, after: x, halfBefore: before, gate: nil, dropout: nil)
  }

  func backwardHalf(
    _ x: Matrix, _ before: HalfMatrix, dy: Matrix, dx: Matrix?, accumulate: Bool,
    in workspace: Workspace
  ) {
    if let bias = output.bias?.gradient { Elementwise.addColumnSums(dy, into: bias) }
    if let gradient = output.weight.gradientMatrix {
      let mark = workspace.mark()
      let after = workspace.take(before.rows, before.columns)
      HalfBlock.forEach(before.rows) { rows in
        before.widen(rows, into: after.row(rows.lowerBound))
      }
      Elementwise.activate(after, into: after, form: activation)
      Matmul.addOuter(dy, after, to: gradient)
      workspace.release(to: mark)
    }
    guard innerIsTrainable || dx != nil else { return }
    let dInner = innerIsTrainable ? workspace.take(before.rows, before.columns) : nil
    backwardBlocks(before, dy: dy, dInner: dInner, dx: dx, accumulate: accumulate)
    guard let dInner else { return }
    if let gradient = intermediate.weight.gradientMatrix {
      Matmul.addOuter(dInner, x, to: gradient)
    }
    if let bias = intermediate.bias?.gradient { Elementwise.addColumnSums(dInner, into: bias) }
  }

  /// `dInner`, where given, is filled with the gradient before the activation.
  private func backwardBlocks(
    _ before: HalfMatrix, dy: Matrix, dInner: Matrix?, dx: Matrix?, accumulate: Bool
  ) {
    let inner = before.columns
    let second = output.weight.packed(transposed: false)
    let first = dx == nil ? nil : intermediate.weight.packed(transposed: false)
    let slope = activation.backwardKernel
    HalfBlock.forEach(dy.rows) { rows in
      HalfBlock.withHalves(max(inner, dy.columns)) { block in
        HalfBlock.withFloats(2 * inner) { wide in
          let x = wide + HalfBlock.rows * inner
          let count = rows.count * inner
          HalfBlock.round(dy, rows, into: block)
          second.multiplyBlock(block, into: wide)
          before.widen(rows, into: x)
          slope(x, wide, wide, Int64(count))
          dInner?.row(rows.lowerBound).update(from: wide, count: count)
          guard let first, let dx else { return }
          // Rows beyond the last are zero, as those of dy are.
          HalfMatrix(block, rows: HalfBlock.rows, columns: inner)
            .round(wide, to: 0..<HalfBlock.rows)
          HalfBlock.multiply(block, first, into: dx, rows, accumulate: accumulate)
        }
      }
    }
  }
}
