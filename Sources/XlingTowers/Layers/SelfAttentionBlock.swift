import XlingTensor

/// Multi-head self-attention with its four dense layers.
public struct SelfAttentionBlock {
  public var query: Linear
  public var key: Linear
  public var value: Linear
  public var output: Linear
  let attention: Attention
  let width: Int

  struct Saved {
    let x: Matrix
    let qkv: Matrix
    /// Of the rows that were read.
    let context: Matrix
    let rows: [Int]?
    let attention: Attention.Saved
  }

  init(names: LayerNames, width: Int, heads: Int, queryBias: Bool) {
    query = Linear(names.query, from: width, to: width, bias: queryBias)
    key = Linear(names.key, from: width, to: width, bias: queryBias)
    value = Linear(names.value, from: width, to: width, bias: queryBias)
    output = Linear(names.attentionOutput, from: width, to: width)
    attention = Attention(heads: heads, size: width / heads)
    self.width = width
  }

  /// What was trained beside the dense layers' weights.
  var lowRankParameters: [Parameter] {
    [query, key, value, output].flatMap { $0.lowRank?.parameters ?? [] }
  }

  var parameters: [Parameter] {
    query.parameters + key.parameters + value.parameters + output.parameters
  }

  var isTrainable: Bool {
    query.isTrainable || key.isTrainable || value.isTrainable || output.isTrainable
  }

  /// x [rows, width] into y [rows, width], or into y [outputs.count, width] when only these rows are
  /// read.
  func forward(
    _ x: Matrix, _ layout: SequenceLayout, reading outputs: [Int]? = nil, into y: Matrix,
    in workspace: Workspace, saving: Bool
  ) -> Saved? {
    let qkv = workspace.take(x.rows, 3 * width)
    query.forward(x, into: qkv.slice(columns: 0..<width))
    key.forward(x, into: qkv.slice(columns: width..<2 * width))
    value.forward(x, into: qkv.slice(columns: 2 * width..<3 * width))
    var context = workspace.take(x.rows, width)
    let saved = attention.forward(qkv, layout, into: context, in: workspace, saving: saving)
    if let outputs {
      let read = workspace.take(outputs.count, width)
      context.gather(rows: outputs, into: read)
      context = read
    }
    output.forward(context, into: y)
    return saved.map { Saved(x: x, qkv: qkv, context: context, rows: outputs, attention: $0) }
  }

  /// Adds to the gradients of what is trained; dx += the input's gradient when asked.
  func backward(
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
    attention.backward(
      saved.attention, qkv: saved.qkv, layout, dcontext: dcontext, into: dqkv)
    for (index, dense) in [query, key, value].enumerated() {
      dense.backward(
        saved.x, dy: dqkv.slice(columns: index * width..<(index + 1) * width), dx: dx,
        accumulate: true)
    }
  }
}
