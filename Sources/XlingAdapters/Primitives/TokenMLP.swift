import XlingTensor

/// APE's head (Rosenfeld et al. 2022, section 3): a small MLP on every token's output of a frozen
/// language model, averaged over the sequence; the order of the tokens plays no part.
public struct TokenMLP {
  /// What stands between the dense layers; the paper does not tell its own.
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
    let layout: SequenceLayout
  }

  /// tokens [rows, width] of sequences into their averages, pooled [sequences, outputs].
  public func forward(
    _ tokens: Matrix, _ layout: SequenceLayout, into pooled: Matrix, in workspace: Workspace
  ) -> Saved {
    var inputs: [Matrix] = []
    var outputs: [Matrix] = []
    var x = tokens
    for (index, layer) in layers.enumerated() {
      let y = workspace.take(x.rows, layer.outputs)
      layer.forward(x, into: y)
      inputs.append(x)
      outputs.append(y)
      x = y
      guard index < layers.count - 1 else { break }
      x = workspace.take(y.rows, y.columns)
      Elementwise.activate(y, into: x, form: activation.form)
    }
    for sequence in 0..<layout.sequences {
      let length = layout.length(sequence)
      let out = pooled.slice(rows: sequence..<sequence + 1)
      out.fill(0)
      let start = Int(layout.offsets[sequence])
      Elementwise.addColumnSums(x.slice(rows: start..<start + length), into: out.pointer)
      for column in 0..<out.columns { out[0, column] /= Float(length) }
    }
    return Saved(inputs: inputs, outputs: outputs, layout: layout)
  }

  /// From the gradient of the averages; dTokens [rows, width] is overwritten when asked.
  public func backward(
    _ saved: Saved, dPooled: Matrix, dTokens: Matrix?, in workspace: Workspace
  ) {
    let layout = saved.layout
    var dy = workspace.take(layout.rows, dPooled.columns)
    for sequence in 0..<layout.sequences {
      let scale = 1 / Float(layout.length(sequence))
      for row in Int(layout.offsets[sequence])..<Int(layout.offsets[sequence + 1]) {
        for column in 0..<dy.columns { dy[row, column] = dPooled[sequence, column] * scale }
      }
    }
    for index in stride(from: layers.count - 1, through: 0, by: -1) {
      let x = saved.inputs[index]
      let dx = index == 0 ? dTokens : workspace.take(x.rows, x.columns)
      layers[index].backward(x, dy: dy, dx: dx)
      guard index > 0, let dx else { return }
      Elementwise.activationBackward(saved.outputs[index - 1], dy: dx, form: activation.form)
      dy = dx
    }
  }
}
