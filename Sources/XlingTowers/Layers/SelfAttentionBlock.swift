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
    let projected: AttentionProjections
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
    let projected = project(x, layout, reading: outputs, workspace)
    let reach = reach(layout)
    let bias = span.hide(
      relativePositions?.bias(reach: reach, in: workspace), heads: attention.heads, reach: reach,
      in: workspace)
    let room = workspace.room(kept: output.needsInput)
    let isWhole = projected.read == nil
    var context = (outputs != nil && isWhole ? workspace.passing : room)
      .take(projected.queries.rows, width)
    attention.forward(projected, layout, bias: bias, dropout: dropout, into: context)
    if let outputs, isWhole {
      let read = room.take(outputs.count, width)
      context.gather(rows: outputs, into: read)
      context = read
    }
    output.forward(context, into: y)
    guard saving else { return nil }
    return Saved(
      x: x, projected: projected, bias: bias, context: context, rows: outputs, dropout: dropout)
  }

  /// Adds to the gradients of what is trained; dx += the input's gradient when asked.
  package func backward(
    _ saved: Saved, _ layout: SequenceLayout, dy: Matrix, addingTo dx: Matrix?,
    in workspace: Workspace
  ) {
    workspace.scope {
      backwardInScope(saved, layout, dy: dy, addingTo: dx, in: workspace)
    }
  }

  private func backwardInScope(
    _ saved: Saved, _ layout: SequenceLayout, dy: Matrix, addingTo dx: Matrix?,
    in workspace: Workspace
  ) {
    let inner = query.isTrainable || key.isTrainable || value.isTrainable || dx != nil
    let dcontext = inner ? workspace.take(dy.rows, width) : nil
    output.backward(saved.context, dy: dy, dx: dcontext)
    guard var dcontext else { return }
    let read = saved.projected.read
    if let rows = saved.rows, read == nil {
      let all = workspace.zeros(layout.rows, width)
      all.scatterAdd(dcontext, rows: rows)
      dcontext = all
    }
    let gradients = take(layout.rows, reading: read, in: workspace)
    let dBias = relativePositions?.gradients(layout, reach: reach(layout), in: workspace)
    attention.backward(
      saved.projected, layout, bias: saved.bias, dropout: saved.dropout, dcontext: dcontext,
      into: gradients, dBias: dBias)
    if let dBias { relativePositions?.backward(dBias) }
    if let rotary {
      rotary.turn(gradients.queries, layout, back: true)
      rotary.turn(gradients.keys, layout, back: true)
    }
    if let dqkv = gradients.sideBySide, isJoined {
      joined.backward([query, key, value], dy: dqkv, dx: dx, accumulate: true)
      return
    }
    if let rows = saved.rows, read != nil {
      queryBackward(saved.x, rows, dy: gradients.queries, dx: dx, workspace)
    } else {
      query.backward(saved.x, dy: gradients.queries, dx: dx, accumulate: true)
    }
    for (dense, dHeads) in [(key, gradients.keys), (value, gradients.values)] {
      dense.backward(saved.x, dy: gathered(dHeads, workspace), dx: dx, accumulate: true)
    }
  }

  /// Of those rows alone whose queries were asked for.
  private func queryBackward(
    _ x: Matrix, _ rows: [Int], dy: Matrix, dx: Matrix?, _ workspace: Workspace
  ) {
    var entered = x
    if query.needsInput {
      entered = workspace.take(rows.count, x.columns)
      x.gather(rows: rows, into: entered)
    }
    let dentered = dx.map { workspace.take(rows.count, $0.columns) }
    query.backward(entered, dy: dy, dx: dentered)
    if let dx, let dentered { dx.scatterAdd(dentered, rows: rows) }
  }

  private var isJoined: Bool {
    keyWidth == width && JoinedWeights.join([query, key, value])
  }

  /// Whether queries are of those rows alone that are read: not where places turn them, nor where queries, keys and
  /// values are one product.
  var readsAlone: Bool { rotary == nil && !isJoined }

  private func take(
    _ rows: Int, reading read: AttentionProjections.ReadRows?, in workspace: Workspace
  ) -> AttentionProjections {
    guard let read else { return AttentionProjections(sideBySide: workspace.take(rows, 3 * width)) }
    return AttentionProjections(
      queries: workspace.take(read.count, width), keysAndValues: workspace.take(rows, 2 * width),
      read: read)
  }

  /// Queries, keys and values of all heads.
  private func project(
    _ x: Matrix, _ layout: SequenceLayout, reading rows: [Int]?, _ workspace: Workspace
  ) -> AttentionProjections {
    let read = readsAlone ? rows.map { AttentionProjections.ReadRows($0, of: layout) } : nil
    let projected = take(x.rows, reading: read, in: workspace)
    if let qkv = projected.sideBySide, isJoined {
      joined.forward([query, key, value], x, into: qkv)
    } else {
      var asking = x
      if let rows, read != nil {
        asking = workspace.passing.take(rows.count, x.columns)
        x.gather(rows: rows, into: asking)
      }
      query.forward(asking, into: projected.queries)
      forward(key, x, into: projected.keys, workspace)
      forward(value, x, into: projected.values, workspace)
    }
    if let rotary {
      rotary.turn(projected.queries, layout)
      rotary.turn(projected.keys, layout)
    }
    return projected
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
