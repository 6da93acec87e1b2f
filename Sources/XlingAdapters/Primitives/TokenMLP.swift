import XlingTensor

/// APE's head (Rosenfeld et al. 2022, section 3): a small MLP on every token's output of a frozen
/// language model, averaged over the sequence; the order of the tokens plays no part. The paper does not
/// tell its activation.
public struct TokenMLP {
  public let mlp: MLP

  public init(_ mlp: MLP) { self.mlp = mlp }

  public var parameters: [Parameter] { mlp.parameters }
  public var outputs: Int { mlp.outputs }

  public struct Saved {
    let rows: MLP.Saved
    let layout: SequenceLayout
  }

  /// tokens [rows, width] of sequences into their averages, pooled [sequences, outputs]. `dropout` has a
  /// key for each token.
  public func forward(
    _ tokens: Matrix, _ layout: SequenceLayout, into pooled: Matrix, dropout: Dropout? = nil,
    in workspace: Workspace
  ) -> Saved {
    let x = workspace.take(tokens.rows, outputs)
    let saved = mlp.forward(tokens, into: x, dropout: dropout, in: workspace)
    for sequence in 0..<layout.sequences {
      let length = layout.length(sequence)
      let out = pooled.slice(rows: sequence..<sequence + 1)
      out.fill(0)
      let start = Int(layout.offsets[sequence])
      Elementwise.addColumnSums(x.slice(rows: start..<start + length), into: out.pointer)
      for column in 0..<out.columns { out[0, column] /= Float(length) }
    }
    return Saved(rows: saved, layout: layout)
  }

  /// From the gradient of the averages; dTokens [rows, width] is overwritten when asked.
  public func backward(
    _ saved: Saved, dPooled: Matrix, dTokens: Matrix?, in workspace: Workspace
  ) {
    let layout = saved.layout
    let dy = workspace.take(layout.rows, dPooled.columns)
    for sequence in 0..<layout.sequences {
      let scale = 1 / Float(layout.length(sequence))
      for row in Int(layout.offsets[sequence])..<Int(layout.offsets[sequence + 1]) {
        for column in 0..<dy.columns { dy[row, column] = dPooled[sequence, column] * scale }
      }
    }
    mlp.backward(saved.rows, dy: dy, dx: dTokens, in: workspace)
  }
}
