import XlingAdapters
import XlingTensor

/// What stands between a tower's output and the common space.
public enum Head {
  /// On the pooled vector; with bias.
  case linear(Linear)
  /// On every token's output (APE).
  case tokens(TokenMLP)
  /// The pooled vector is the embedding.
  case none

  /// Parameters `name.…`; weights and biases zero until ``initialize(seed:)``.
  init(_ name: String, _ side: Recipe.Side, from width: Int, to embeddingWidth: Int) {
    self =
      switch side.head {
      case .linear: .linear(Linear(name + "_projection", from: width, to: embeddingWidth))
      case .tokens:
        .tokens(
          TokenMLP(
            name + "_head", from: width, inner: side.options.headWidth ?? width,
            to: embeddingWidth, layers: side.options.headLayers,
            activation: side.options.headActivation))
      case .none: .none
      }
  }

  /// Projections start normal with deviation width^-0.5 (CLIP's), biases zero.
  func initialize(seed: UInt64) {
    switch self {
    case .linear(let projection):
      let deviation = 1 / Float(projection.weight.shape[1]).squareRoot()
      Initialization.truncatedNormal(projection.weight, seed: seed, deviation: deviation)
    case .tokens(let mlp): mlp.initialize(seed: seed)
    case .none: break
    }
  }

  public var parameters: [Parameter] {
    switch self {
    case .linear(let projection): projection.parameters
    case .tokens(let mlp): mlp.parameters
    case .none: []
    }
  }

  /// The linear head, where it is one.
  public var projection: Linear? {
    if case .linear(let projection) = self { projection } else { nil }
  }

  /// Reads every token's output, not the pooled vector alone.
  var readsTokens: Bool { if case .tokens = self { true } else { false } }

  /// What the way back needs of one forward pass.
  enum Saved {
    case linear(x: Matrix)
    case tokens(TokenMLP.Saved, rows: Int, columns: Int)
    case none
  }

  /// Pooled vectors [samples, width] into `y` [samples, embedding width]; a head that reads tokens
  /// takes them through ``forward(tokens:_:into:in:)``.
  func forward(pooled x: Matrix, into y: Matrix) -> Saved {
    switch self {
    case .linear(let projection):
      projection.forward(x, into: y)
      return .linear(x: x)
    case .none:
      Elementwise.copy(x, into: y)
      return .none
    case .tokens: preconditionFailure("a head of tokens reads no pooled vectors")
    }
  }

  /// Outputs of every token, [rows, width], into `y` [sequences, embedding width].
  func forward(
    tokens x: Matrix, _ layout: SequenceLayout, into y: Matrix, in workspace: Workspace
  ) -> Saved {
    guard case .tokens(let mlp) = self else {
      preconditionFailure("this head reads pooled vectors")
    }
    let saved = mlp.forward(x, layout, into: y, in: workspace)
    return .tokens(saved, rows: x.rows, columns: x.columns)
  }

  /// The gradient of what ``forward`` read; nil unless `needed`.
  func backward(_ saved: Saved, dy: Matrix, needed: Bool, in workspace: Workspace) -> Matrix? {
    switch (self, saved) {
    case (.linear(let projection), .linear(let x)):
      let dx = needed ? workspace.take(x.rows, x.columns) : nil
      projection.backward(x, dy: dy, dx: dx)
      return dx
    case (.tokens(let mlp), .tokens(let saved, let rows, let columns)):
      let dx = needed ? workspace.take(rows, columns) : nil
      mlp.backward(saved, dPooled: dy, dTokens: dx, in: workspace)
      return dx
    default: return needed ? dy : nil
    }
  }
}
