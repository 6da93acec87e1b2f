import XlingTensor

/// dense, activation, dense; where gated, the activation is multiplied by what another dense layer gives
/// (GEGLU, SwiGLU; Shazeer 2020).
public struct FeedForwardBlock {
  public let intermediate: Linear
  /// What the activation is multiplied by; nil without gate.
  public let factor: Linear?
  public let output: Linear
  public let activation: Activation
  let dropsInside: Bool

  struct Saved {
    /// Good on the way back only where ``needsInput``.
    let x: Matrix
    /// Before the activation, [rows, intermediate width].
    let before: Matrix
    /// What enters the last dense layer, of the same shape. Good on the way back only where that needs it.
    let after: Matrix
    /// Before the activation, in the place of both where products are bf16's.
    var halfBefore: HalfMatrix?
    let gate: Gate?
    let dropout: Dropout?
  }

  /// What the gate multiplies, [rows, intermediate width].
  struct Gate {
    let activated: Matrix
    let factor: Matrix
  }

  init(names: LayerNames, shape: EncoderLayer.Shape) {
    let (width, inner) = (shape.width, shape.intermediateWidth)
    let bias = shape.biases.contains(.feedForward)
    intermediate = Linear(
      names.intermediate, from: width, to: inner, bias: bias, part: .feedForward)
    factor =
      shape.isGated
      ? Linear(names.factor, from: width, to: inner, bias: bias, part: .feedForward) : nil
    output = Linear(
      names.feedForwardOutput, from: inner, to: width, bias: bias, part: .feedForward)
    activation = shape.activation
    dropsInside = shape.dropsInside
  }

  var parameters: [Parameter] {
    intermediate.parameters + (factor?.parameters ?? []) + output.parameters
  }
  var innerIsTrainable: Bool {
    intermediate.isTrainable || factor?.isTrainable == true
  }
  var isTrainable: Bool { innerIsTrainable || output.isTrainable }

  /// Whether the way back reads what entered; see ``Linear/needsInput``.
  var needsInput: Bool { intermediate.needsInput || factor?.needsInput == true }

  /// `dropout` is that of what enters the last dense layer, which only some families have.
  func forward(
    _ x: Matrix, dropout: Dropout? = nil, into y: Matrix, in workspace: Workspace, saving: Bool
  ) -> Saved {
    if isHalf { return forwardHalf(x, into: y, in: workspace, saving: saving) }
    let before = workspace.take(x.rows, intermediate.outputs)
    intermediate.forward(x, into: before)
    let room = workspace.room(kept: output.needsInput)
    let after = (factor == nil ? room : workspace).take(x.rows, intermediate.outputs)
    Elementwise.activate(before, into: after, form: activation)
    let dropout = dropsInside ? dropout : nil
    guard let factor else {
      dropout?.apply(to: after)
      output.forward(after, into: y)
      return Saved(x: x, before: before, after: after, gate: nil, dropout: dropout)
    }
    let factors = workspace.take(x.rows, factor.outputs)
    factor.forward(x, into: factors)
    let product = room.take(x.rows, factor.outputs)
    Elementwise.product(after, factors, into: product)
    dropout?.apply(to: product)
    output.forward(product, into: y)
    return Saved(
      x: x, before: before, after: product, gate: Gate(activated: after, factor: factors),
      dropout: dropout)
  }

  /// Adds to the gradients of what is trained; dx (+)= the input's gradient when asked.
  func backward(
    _ saved: Saved, dy: Matrix, dx: Matrix?, accumulate: Bool, in workspace: Workspace
  ) {
    workspace.scope {
      backwardInScope(saved, dy: dy, dx: dx, accumulate: accumulate, in: workspace)
    }
  }

  private func backwardInScope(
    _ saved: Saved, dy: Matrix, dx: Matrix?, accumulate: Bool, in workspace: Workspace
  ) {
    if let before = saved.halfBefore {
      backwardHalf(saved.x, before, dy: dy, dx: dx, accumulate: accumulate, in: workspace)
      return
    }
    let inner =
      innerIsTrainable || dx != nil ? workspace.take(dy.rows, intermediate.outputs) : nil
    output.backward(saved.after, dy: dy, dx: inner)
    guard let inner else { return }
    saved.dropout?.apply(to: inner)
    var accumulate = accumulate
    if let factor, let gate = saved.gate {
      let dFactor = workspace.take(inner.rows, inner.columns)
      Elementwise.product(inner, gate.activated, into: dFactor)
      factor.backward(saved.x, dy: dFactor, dx: dx, accumulate: accumulate)
      accumulate = true
      Elementwise.product(inner, gate.factor, into: inner)
    }
    Elementwise.activationBackward(saved.before, dy: inner, form: activation)
    intermediate.backward(saved.x, dy: inner, dx: dx, accumulate: accumulate)
  }
}
