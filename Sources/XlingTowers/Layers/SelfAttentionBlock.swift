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
  /// Of all heads of keys: less than `width` where heads share them.
  private let keyWidth: Int
  private let headWidth: Int
  /// Shared with the other layers; nil where positions are embedded.
  var relativePositions: RelativePositions?
  /// Turn queries and keys; nil in families without.
  public var rotary: RotaryPositions?
  public var span = AttentionSpan.all
  /// Queries, keys and values of frozen layers in bf16.
  private let joined = JoinedWeights()

  package struct Saved {
    /// Good on the way back only where ``needsInput``.
    let x: Matrix
    let qkv: Matrix
    let bias: Attention.Bias?
    /// Of the rows that were read. Good on the way back only where the output's dense layer needs it.
    let context: Matrix
    let rows: [Int]?
    let dropout: Dropout?
  }

  package init(names: LayerNames, shape: EncoderLayer.Shape) {
    width = shape.heads * shape.headWidth
    keyWidth = shape.keyValueHeads * shape.headWidth
    headWidth = shape.headWidth
    precondition(width % keyWidth == 0, "heads share keys evenly")
    func dense(_ name: String, _ width: Int, _ bias: EncoderLayer.Biases) -> Linear {
      Linear(
        name, from: shape.width, to: width, bias: shape.biases.contains(bias), part: .attention)
    }
    query = dense(names.query, width, .query)
    key = dense(names.key, keyWidth, .key)
    value = dense(names.value, keyWidth, .value)
    output = Linear(
      names.attentionOutput, from: width, to: shape.width,
      bias: shape.biases.contains(.attentionOutput), part: .attention)
    attention = Attention(heads: shape.heads, size: shape.headWidth, scale: shape.scale)
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

  /// Whether the way back reads what entered; see ``Linear/needsInput``.
  var needsInput: Bool { query.needsInput || key.needsInput || value.needsInput }

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
    project(x, into: qkv, workspace)
    if let rotary {
      rotary.turn(qkv.slice(columns: 0..<width), layout)
      rotary.turn(qkv.slice(columns: width..<2 * width), layout)
    }
    let reach = reach(layout)
    let bias = span.hide(
      relativePositions?.bias(reach: reach, in: workspace), heads: attention.heads, reach: reach,
      in: workspace)
    let room = workspace.room(kept: output.needsInput)
    var context = (outputs == nil ? room : workspace.passing).take(x.rows, width)
    attention.forward(qkv, layout, bias: bias, dropout: dropout, into: context)
    if let outputs {
      let read = room.take(outputs.count, width)
      context.gather(rows: outputs, into: read)
      context = read
    }
    output.forward(context, into: y)
    guard saving else { return nil }
    return Saved(
      x: x, qkv: qkv, bias: bias, context: context, rows: outputs, dropout: dropout)
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
      saved.qkv, layout, bias: saved.bias, dropout: saved.dropout, dcontext: dcontext, into: dqkv,
      dBias: dBias)
    if let dBias { relativePositions?.backward(dBias) }
    if let rotary {
      rotary.turn(dqkv.slice(columns: 0..<width), layout, back: true)
      rotary.turn(dqkv.slice(columns: width..<2 * width), layout, back: true)
    }
    guard !isJoined else {
      joined.backward([query, key, value], dy: dqkv, dx: dx, accumulate: true)
      return
    }
    for (index, dense) in [query, key, value].enumerated() {
      let dHeads = dqkv.slice(columns: index * width..<(index + 1) * width)
      dense.backward(
        saved.x, dy: index == 0 ? dHeads : gathered(dHeads, workspace), dx: dx,
        accumulate: true)
    }
  }

  private var isJoined: Bool {
    keyWidth == width && JoinedWeights.join([query, key, value])
  }

  /// Queries, keys and values of all heads, side by side.
  private func project(_ x: Matrix, into qkv: Matrix, _ workspace: Workspace) {
    guard !isJoined else { return joined.forward([query, key, value], x, into: qkv) }
    query.forward(x, into: qkv.slice(columns: 0..<width))
    forward(key, x, into: qkv.slice(columns: width..<2 * width), workspace)
    forward(value, x, into: qkv.slice(columns: 2 * width..<3 * width), workspace)
  }

  /// Keys or values of all heads, each head's own where they are not shared.
  private func forward(
    _ dense: Linear, _ x: Matrix, into heads: Matrix, _ workspace: Workspace
  ) {
    guard keyWidth < width else { return dense.forward(x, into: heads) }
    let shared = workspace.passing.take(x.rows, keyWidth)
    dense.forward(x, into: shared)
    let copies = width / keyWidth
    for row in 0..<x.rows {
      let (from, to) = (shared.row(row), heads.row(row))
      for head in 0..<width / headWidth {
        (to + head * headWidth).update(from: from + head / copies * headWidth, count: headWidth)
      }
    }
  }

  /// From the gradients of all heads' keys or values to those of the shared ones.
  private func gathered(_ dHeads: Matrix, _ workspace: Workspace) -> Matrix {
    guard keyWidth < width else { return dHeads }
    let shared = workspace.zeros(dHeads.rows, keyWidth)
    let copies = width / keyWidth
    for row in 0..<dHeads.rows {
      let (from, to) = (dHeads.row(row), shared.row(row))
      for head in 0..<width / headWidth {
        for column in 0..<headWidth {
          to[head / copies * headWidth + column] += from[head * headWidth + column]
        }
      }
    }
    return shared
  }
}
