import XlingAdapters
import XlingTensor

/// What stands between a tower's output and the common space.
public enum Head {
  /// On the pooled vector; with bias.
  case linear(Linear)
  /// Two layers on the pooled vector.
  case hidden(MLP)
  /// On every token's output (APE).
  case tokens(TokenMLP)
  /// The pooled vector is the embedding.
  case none

  /// Parameters `name.…`; weights and biases zero until ``initialize(seed:)``.
  init(_ name: String, _ side: Recipe.Side, from width: Int, to embeddingWidth: Int) {
    self =
      switch side.head {
      case .linear: .linear(Linear(name + "_projection", from: width, to: embeddingWidth))
      case .hidden: .hidden(mlp(layers: 2))
      case .tokens: .tokens(TokenMLP(mlp(layers: side.options.headLayers)))
      case .none: .none
      }
    func mlp(layers: Int) -> MLP {
      MLP(
        name + "_head", from: width, inner: side.options.headWidth ?? width, to: embeddingWidth,
        layers: layers, activation: side.options.headActivation)
    }
  }

  /// Projections start normal with deviation width^-0.5 (CLIP's), biases zero.
  func initialize(seed: UInt64) {
    switch self {
    case .linear(let projection):
      let deviation = 1 / Float(projection.weight.shape[1]).squareRoot()
      Initialization.truncatedNormal(projection.weight, seed: seed, deviation: deviation)
    case .hidden(let mlp): mlp.initialize(seed: seed)
    case .tokens(let tokens): tokens.mlp.initialize(seed: seed)
    case .none: break
    }
  }

  public var parameters: [Parameter] {
    switch self {
    case .linear(let projection): projection.parameters
    case .hidden(let mlp): mlp.parameters
    case .tokens(let tokens): tokens.parameters
    case .none: []
    }
  }

  /// The linear head, where it is one.
  public var projection: Linear? {
    if case .linear(let projection) = self { projection } else { nil }
  }

  /// Reads every token's output, not the pooled vector alone.
  public var readsTokens: Bool { if case .tokens = self { true } else { false } }

  /// What the way back needs of one forward pass.
  enum Saved {
    case linear(x: Matrix, dropout: Dropout?)
    case hidden(MLP.Saved, rows: Int, columns: Int)
    case tokens(TokenMLP.Saved, rows: Int, columns: Int)
    case none
  }

  /// Pooled vectors [samples, width] into `y` [samples, embedding width]; a head that reads tokens
  /// takes their outputs, [rows, width], and `layout`. `dropout` leaves out part of what enters the last
  /// layer.
  func forward(
    _ x: Matrix, _ layout: SequenceLayout?, into y: Matrix, dropout: Dropout?,
    in workspace: Workspace
  ) -> Saved {
    switch self {
    case .linear(let projection):
      let x = dropout?.applied(to: x, in: workspace) ?? x
      projection.forward(x, into: y)
      return .linear(x: x, dropout: dropout)
    case .hidden(let mlp):
      let saved = mlp.forward(x, into: y, dropout: dropout, in: workspace)
      return .hidden(saved, rows: x.rows, columns: x.columns)
    case .tokens(let tokens):
      guard let layout else { preconditionFailure("a head of tokens reads no pooled vectors") }
      let saved = tokens.forward(x, layout, into: y, dropout: dropout, in: workspace)
      return .tokens(saved, rows: x.rows, columns: x.columns)
    case .none:
      Elementwise.copy(x, into: y)
      return .none
    }
  }

  /// The gradient of what ``forward`` read; nil unless `needed`.
  func backward(_ saved: Saved, dy: Matrix, needed: Bool, in workspace: Workspace) -> Matrix? {
    switch (self, saved) {
    case (.linear(let projection), .linear(let x, let dropout)):
      let dx = needed ? workspace.take(x.rows, x.columns) : nil
      projection.backward(x, dy: dy, dx: dx)
      if let dx { dropout?.apply(to: dx) }
      return dx
    case (.hidden(let mlp), .hidden(let saved, let rows, let columns)):
      let dx = needed ? workspace.take(rows, columns) : nil
      mlp.backward(saved, dy: dy, dx: dx, in: workspace)
      return dx
    case (.tokens(let tokens), .tokens(let saved, let rows, let columns)):
      let dx = needed ? workspace.take(rows, columns) : nil
      tokens.backward(saved, dPooled: dy, dTokens: dx, in: workspace)
      return dx
    default: return needed ? dy : nil
    }
  }
}
