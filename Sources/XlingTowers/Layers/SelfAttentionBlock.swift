import XlingTensor

/// Multi-head self-attention with its four dense layers.
public struct SelfAttentionBlock {
  public var query: Linear
  public var key: Linear
  public var value: Linear
  public var output: Linear
  let attention: Attention
  /// Of all heads together: the tower's own, but in some sizes of T5.
  let width: Int
  /// Shared with the other layers; nil where positions are embedded.
  var relativePositions: RelativePositions?

  package struct Saved {
    let x: Matrix
    let qkv: Matrix
    /// Of the rows that were read.
    let context: Matrix
    let rows: [Int]?
    let attention: Attention.Saved
    let dropout: Dropout?
  }

  package init(names: LayerNames, shape: EncoderLayer.Shape) {
    width = shape.heads * shape.headWidth
    let bias = shape.queryBias
    query = Linear(names.query, from: shape.width, to: width, bias: bias, part: .attention)
    key = Linear(names.key, from: shape.width, to: width, bias: bias, part: .attention)
    value = Linear(names.value, from: shape.width, to: width, bias: bias, part: .attention)
    output = Linear(
      names.attentionOutput, from: width, to: shape.width, bias: !shape.isT5, part: .attention)
    attention = Attention(
      heads: shape.heads, size: shape.headWidth, scale: shape.isT5 ? 1 : nil)
  }

  /// What was trained beside the dense layers' weights.
  var lowRankUpdates: [LowRankUpdate] {
    [query, key, value, output].compactMap(\.lowRank)
  }

  var parameters: [Parameter] {
    query.parameters + key.parameters + value.parameters + output.parameters
  }

  var isTrainable: Bool {
    query.isTrainable || key.isTrainable || value.isTrainable || output.isTrainable
  }

  /// The largest distance within a sequence.
  private func reach(_ layout: SequenceLayout) -> Int {
    (0..<layout.sequences).reduce(1) { max($0, layout.length($1)) } - 1
  }

  /// x [rows, width] into y [rows, width], or into y [outputs.count, width] when only these rows are
  /// read. `dropout` is that of the attention weights.
  package func forward(
    _ x: Matrix, _ layout: SequenceLayout, reading outputs: [Int]? = nil,
    dropout: Dropout? = nil, into y: Matrix, in workspace: Workspace, saving: Bool
  ) -> Saved? {
    let qkv = workspace.take(x.rows, 3 * width)
    query.forward(x, into: qkv.slice(columns: 0..<width))
    key.forward(x, into: qkv.slice(columns: width..<2 * width))
    value.forward(x, into: qkv.slice(columns: 2 * width..<3 * width))
    var context = workspace.take(x.rows, width)
    let saved = attention.forward(
      qkv, layout, bias: relativePositions?.bias(reach: reach(layout), in: workspace),
      dropout: dropout, into: context, in: workspace, saving: saving)
    if let outputs {
      let read = workspace.take(outputs.count, width)
      context.gather(rows: outputs, into: read)
      context = read
    }
    output.forward(context, into: y)
    return saved.map {
      Saved(
        x: x, qkv: qkv, context: context, rows: outputs, attention: $0, dropout: dropout)
    }
  }

  /// Adds to the gradients of what is trained; dx += the input's gradient when asked.
  package func backward(
    _ saved: Saved, _ layout: SequenceLayout, dy: Matrix, addingTo dx: Matrix?,
    in workspace: Workspace
  ) {
    let inner = query.isTrainable || key.isTrainable || value.isTrainable || dx != nil
    let dcontext = inner ? workspace.take(dy.rows, width) : nil
    output.backward(saved.context, dy: dy, dx: dcontext)
    guard var dcontext else { return }
    if let rows = saved.rows {
      let all = workspace.zeros(layout.rows, width)
      all.scatterAdd(dcontext, rows: rows)
      dcontext = all
    }
    let dqkv = workspace.take(layout.rows, 3 * width)
    let dBias = relativePositions?.gradients(layout, reach: reach(layout), in: workspace)
    attention.backward(
      saved.attention, qkv: saved.qkv, layout, dropout: saved.dropout, dcontext: dcontext,
      into: dqkv, dBias: dBias)
    if let dBias { relativePositions?.backward(dBias) }
    for (index, dense) in [query, key, value].enumerated() {
      dense.backward(
        saved.x, dy: dqkv.slice(columns: index * width..<(index + 1) * width), dx: dx,
        accumulate: true)
    }
  }
}
