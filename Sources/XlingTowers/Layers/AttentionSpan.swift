import XlingTensor

/// Which keys of its sequence a query may attend to.
public enum AttentionSpan: Sendable, Equatable {
  case all
  /// Its own place and those before it (CLIP's text tower).
  case causal
  /// At most so many places away, to either side (ModernBERT's local layers).
  case window(each: Int)

  /// Whether a query sees the key that lies `offset` places behind it.
  func sees(_ offset: Int) -> Bool {
    switch self {
    case .all: true
    case .causal: offset <= 0
    case .window(let each): abs(offset) <= each
    }
  }

  /// Takes the keys out of sight far below any score: into `bias`, or a new one where there is none.
  /// Nil where nothing is out of sight and nothing was given.
  func hide(
    _ bias: Attention.Bias?, heads: Int, reach: Int, in workspace: Workspace
  ) -> Attention.Bias? {
    guard (-reach...reach).contains(where: { !sees($0) }) else { return bias }
    let hidden = bias?.values ?? workspace.zeros(heads, 2 * reach + 1)
    for head in 0..<heads {
      let row = hidden.row(head)
      for offset in -hidden.columns / 2...hidden.columns / 2 where !sees(offset) {
        row[offset + hidden.columns / 2] = -1e30
      }
    }
    return Attention.Bias(hidden)
  }
}
