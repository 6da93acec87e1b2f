import XlingTensor

/// Dense layers with an activation between them, on every row alike.
public struct MLP {
  /// What stands between the dense layers.
  public enum Activation: String, Codable, Sendable, CaseIterable {
    case gelu, relu

    var form: XlingTensor.Activation { self == .gelu ? .gelu : .relu }
  }

  /// The activation between them, none behind the last.
  public let layers: [Linear]
  public let activation: Activation

  /// `layers` dense layers `name.0` to `name.N-1`: width, inner …, output.
  public init(
    _ name: String, from width: Int, inner: Int, to output: Int, layers count: Int,
    activation: Activation = .gelu
  ) {
    self.activation = activation
    layers = (0..<count).map { index in
      Linear(
        "\(name).\(index)", from: index == 0 ? width : inner,
        to: index == count - 1 ? output : inner)
    }
  }

  public var parameters: [Parameter] { layers.flatMap(\.parameters) }
  public var outputs: Int { layers[layers.count - 1].outputs }

  /// Weights normal with deviation (2 / in)^0.5 (He et al. 2015), cut at two deviations; the last
  /// layer's with in^-0.5. Biases zero.
  public func initialize(seed: UInt64) {
    for (index, layer) in layers.enumerated() {
      let gain: Float = index == layers.count - 1 ? 1 : 2
      let deviation = (gain / Float(layer.weight.shape[1])).squareRoot()
      Initialization.truncatedNormal(layer.weight, seed: seed, deviation: deviation)
    }
  }

  /// What the way back needs: each layer's input and, below an activation, its output.
  public struct Saved {
    let inputs: [Matrix]
    let outputs: [Matrix]
    let dropout: Dropout?
  }

  /// x [rows, width] into `y` [rows, outputs]. `dropout` leaves out part of what enters the last layer.
  public func forward(
    _ x: Matrix, into y: Matrix, dropout: Dropout? = nil, in workspace: Workspace
  ) -> Saved {
    var inputs: [Matrix] = []
    var outputs: [Matrix] = []
    var x = x
    for (index, layer) in layers.enumerated() {
      let isLast = index == layers.count - 1
      if isLast, let dropout { x = dropout.applied(to: x, in: workspace) }
      let out = isLast ? y : workspace.take(x.rows, layer.outputs)
      layer.forward(x, into: out)
      inputs.append(x)
      outputs.append(out)
      if isLast { break }
      x = workspace.take(out.rows, out.columns)
      Elementwise.activate(out, into: x, form: activation.form)
    }
    return Saved(inputs: inputs, outputs: outputs, dropout: dropout)
  }

  /// From the gradient of the outputs; dx [rows, width] is overwritten when asked.
  public func backward(_ saved: Saved, dy: Matrix, dx: Matrix?, in workspace: Workspace) {
    var dy = dy
    for index in stride(from: layers.count - 1, through: 0, by: -1) {
      let x = saved.inputs[index]
      let below = index == 0 ? dx : workspace.take(x.rows, x.columns)
      layers[index].backward(x, dy: dy, dx: below)
      if index == layers.count - 1, let below { saved.dropout?.apply(to: below) }
      guard index > 0, let below else { return }
      Elementwise.activationBackward(saved.outputs[index - 1], dy: below, form: activation.form)
      dy = below
    }
  }
}
