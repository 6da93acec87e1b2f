import Foundation
import XlingTensor

/// What a folder has behind its pooling: dense layers with their activations, and normalization to length
/// one, in the folder's order. LaBSE's dense layer, CLIP's projection and SigLIP's head are such.
public struct TextHead {
  public enum Activation: String, Sendable, Equatable, CaseIterable {
    case identity, tanh, relu, gelu, geluTanh, silu, sigmoid
  }

  public enum Step {
    case dense(Linear, Activation)
    /// To length one, as PyTorch does it.
    case normalize
  }

  public let steps: [Step]
  /// Whether its parameters lie among the tower's own tensors (CLIP), not in folders of their own.
  public let isOfCheckpoint: Bool
  /// Numbers of a vector that comes out, where one of `inputs` goes in.
  public let outputs: Int
  public let inputs: Int

  /// `inputs`: the width of the pooled vectors.
  public init(_ steps: [Step], inputs: Int, isOfCheckpoint: Bool) {
    self.steps = steps
    self.inputs = inputs
    self.isOfCheckpoint = isOfCheckpoint
    outputs =
      steps.compactMap { step -> Int? in
        if case .dense(let linear, _) = step { linear.outputs } else { nil }
      }.last ?? inputs
  }

  public var parameters: [Parameter] {
    steps.flatMap { step -> [Parameter] in
      if case .dense(let linear, _) = step { linear.parameters } else { [] }
    }
  }

  /// "dense 32 tanh, normalize"
  public var description: String {
    steps.map { step in
      switch step {
      case .dense(let linear, let activation): "dense \(linear.outputs) \(activation.rawValue)"
      case .normalize: "normalize"
      }
    }.joined(separator: ", ")
  }

  public var isTrainable: Bool { parameters.contains(where: \.isTrainable) }

  /// What the way back needs of one step: its input and what came of the dense part or the norm.
  struct Kept {
    let input: Matrix
    let output: Matrix
    var norms: UnsafeMutablePointer<Float>?
  }

  /// What one forward pass leaves behind.
  public struct Saved {
    let steps: [Kept]
    /// [rows, outputs]
    public let vectors: Matrix
  }

  /// x [rows, inputs].
  public func forward(_ x: Matrix, in workspace: Workspace) -> Saved {
    precondition(x.columns == inputs, "vectors as wide as the head reads them")
    var x = x
    var kept: [Kept] = []
    for step in steps {
      switch step {
      case .dense(let linear, let activation):
        let dense = workspace.take(x.rows, linear.outputs)
        linear.forward(x, into: dense)
        kept.append(Kept(input: x, output: dense))
        guard activation != .identity else {
          x = dense
          break
        }
        x = workspace.take(dense.rows, dense.columns)
        activation.forward(dense, into: x)
      case .normalize:
        let unit = workspace.take(x.rows, x.columns)
        let norms = L2Normalization.forward(x, into: unit, in: workspace)
        kept.append(Kept(input: x, output: unit, norms: norms))
        x = unit
      }
    }
    return Saved(steps: kept, vectors: x)
  }

  /// Adds to the gradients of what is trained, and gives that of the pooled vectors where it is `needed`.
  public func backward(
    _ saved: Saved, dVectors: Matrix, needed: Bool, in workspace: Workspace
  ) -> Matrix? {
    var dy = dVectors
    for (index, step) in steps.enumerated().reversed() {
      let kept = saved.steps[index]
      switch step {
      case .dense(let linear, let activation):
        var dDense = dy
        if activation != .identity {
          dDense = workspace.take(dy.rows, dy.columns)
          activation.backward(kept.output, dy: dy, into: dDense)
        }
        let isNeeded = index > 0 || needed
        let dx = isNeeded ? workspace.take(kept.input.rows, kept.input.columns) : nil
        linear.backward(kept.input, dy: dDense, dx: dx)
        guard let dx else { return nil }
        dy = dx
      case .normalize:
        guard let norms = kept.norms else { continue }
        let dx = workspace.take(dy.rows, dy.columns)
        L2Normalization.backward(kept.output, norms: norms, dy: dy, into: dx)
        dy = dx
      }
    }
    return needed ? dy : nil
  }
}

extension TextHead.Activation {
  /// PyTorch's classes by their last name; GELU without arguments is that by erf.
  init?(torch name: String) {
    switch name.split(separator: ".").last.map(String.init) {
    case "Identity": self = .identity
    case "Tanh": self = .tanh
    case "ReLU": self = .relu
    case "GELU": self = .gelu
    case "SiLU": self = .silu
    case "Sigmoid": self = .sigmoid
    default: return nil
    }
  }

  /// As a Dense module's config.json writes it; nil for what no class without arguments computes.
  public var torchName: String? {
    switch self {
    case .identity: "torch.nn.modules.linear.Identity"
    case .tanh: "torch.nn.modules.activation.Tanh"
    case .relu: "torch.nn.modules.activation.ReLU"
    case .gelu: "torch.nn.modules.activation.GELU"
    case .silu: "torch.nn.modules.activation.SiLU"
    case .sigmoid: "torch.nn.modules.activation.Sigmoid"
    case .geluTanh: nil
    }
  }

  /// Those that a feed-forward has, too.
  private var shared: XlingTensor.Activation? {
    switch self {
    case .relu: .relu
    case .gelu: .gelu
    case .geluTanh: .geluTanh
    case .silu: .silu
    case .identity, .tanh, .sigmoid: nil
    }
  }

  /// y = f(x), number by number.
  func forward(_ x: Matrix, into y: Matrix) {
    if let shared { return Elementwise.activate(x, into: y, form: shared) }
    switch self {
    case .tanh: Self.each(x, into: y) { Foundation.tanh($0) }
    case .sigmoid: Self.each(x, into: y) { Self.logistic($0) }
    default: Elementwise.copy(x, into: y)
    }
  }

  /// dx = dy f'(x).
  func backward(_ x: Matrix, dy: Matrix, into dx: Matrix) {
    if let shared {
      Elementwise.copy(dy, into: dx)
      return Elementwise.activationBackward(x, dy: dx, form: shared)
    }
    switch self {
    case .tanh:
      Self.each(x, into: dx) { x in
        let y = Foundation.tanh(x)
        return 1 - y * y
      }
      Elementwise.product(dx, dy, into: dx)
    case .sigmoid:
      Self.each(x, into: dx) { x in
        let y = Self.logistic(x)
        return y * (1 - y)
      }
      Elementwise.product(dx, dy, into: dx)
    default: Elementwise.copy(dy, into: dx)
    }
  }

  private static func logistic(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

  private static func each(_ x: Matrix, into y: Matrix, _ body: (Float) -> Float) {
    for row in 0..<x.rows {
      let (source, target) = (x.row(row), y.row(row))
      for column in 0..<x.columns { target[column] = body(source[column]) }
    }
  }
}
