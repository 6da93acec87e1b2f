import XlingTensor

/// dense, GELU, dense.
public struct FeedForwardBlock {
  public let intermediate: Linear
  public let output: Linear
  public let activation: GELU

  struct Saved {
    let x: Matrix
    /// Before and after the GELU, [rows, intermediate width].
    let before: Matrix
    let after: Matrix
  }

  init(names: LayerNames, width: Int, intermediateWidth: Int, activation: GELU) {
    intermediate = Linear(names.intermediate, from: width, to: intermediateWidth)
    output = Linear(names.feedForwardOutput, from: intermediateWidth, to: width)
    self.activation = activation
  }

  var parameters: [Parameter] { intermediate.parameters + output.parameters }
  var isTrainable: Bool { intermediate.isTrainable || output.isTrainable }

  func forward(_ x: Matrix, into y: Matrix, in workspace: Workspace) -> Saved {
    let before = workspace.take(x.rows, intermediate.outputs)
    intermediate.forward(x, into: before)
    let after = workspace.take(x.rows, intermediate.outputs)
    Elementwise.gelu(before, into: after, form: activation)
    output.forward(after, into: y)
    return Saved(x: x, before: before, after: after)
  }

  /// Adds to the gradients of what is trained; dx (+)= the input's gradient when asked.
  func backward(
    _ saved: Saved, dy: Matrix, dx: Matrix?, accumulate: Bool, in workspace: Workspace
  ) {
    let inner =
      intermediate.isTrainable || dx != nil
      ? workspace.take(dy.rows, intermediate.outputs) : nil
    output.backward(saved.after, dy: dy, dx: inner)
    guard let inner else { return }
    Elementwise.geluBackward(saved.before, dy: inner, form: activation)
    intermediate.backward(saved.x, dy: inner, dx: dx, accumulate: accumulate)
  }
}
