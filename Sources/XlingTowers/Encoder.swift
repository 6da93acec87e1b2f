import XlingTensor

/// A stack of layers over rows of sequences: what text and image towers have in common.
public final class Encoder {
  public private(set) var layers: [EncoderLayer]
  public let width: Int
  /// Learned vectors [n, width] that join every sequence before the first layer, without positions
  /// (Lester et al. 2021). Attention knows no order, so they lie behind the sequence's own rows.
  public var prompt: Parameter?
  /// Parameters that several adapters share, such as Compacter's rule.
  public var shared: [Parameter] = []
  /// Keep only what enters each layer and compute the rest again on the way back: about a third
  /// more time for a fraction of the memory (Chen et al. 2016).
  public var recomputesActivations = false

  public init(layers: [EncoderLayer], width: Int) {
    self.layers = layers
    self.width = width
  }

  public func append(_ layer: EncoderLayer) { layers.append(layer) }

  /// What a method inserted outside the layers.
  var insertedParameters: [Parameter] { shared + (prompt.map { [$0] } ?? []) }

  /// What one forward pass leaves behind.
  public struct Activations {
    /// Of ``hidden``: with the prompt's rows.
    public let layout: SequenceLayout
    /// What enters each layer from ``first`` on and, last, what leaves the stack: matrices [rows, width],
    /// the last of as many rows as ``outputRows``. Of a pass from the embeddings layers + 1.
    public let hidden: [Matrix]
    /// The lowest layer that was computed: 0, or the depth of the states that the pass began with.
    let first: Int
    /// Which rows left the last layer; nil: all.
    let outputRows: [Int]?
    /// Of the embeddings: without the prompt's rows.
    let inputLayout: SequenceLayout
    /// From the first layer whose way back is needed on; empty when they are computed again.
    let saved: [EncoderLayer.Saved]
    let firstSaved: Int
    /// Of ``layout``'s rows.
    let dropout: RowDropout?
  }

  /// The lowest layer with a trained parameter; nil when all are frozen. A prompt needs them all.
  var lowestTrained: Int? {
    if prompt?.isTrainable == true, !layers.isEmpty { return 0 }
    return layers.firstIndex(where: \.isTrainable)
  }

  /// `x` [rows, width] is what the embeddings give, or the states that enter layer `start` (see
  /// ``states(at:_:_:reading:in:)``). Layers below everything trained keep nothing, and their rows have the
  /// same bits in any batch.
  func forward(
    _ x: Matrix, _ inputLayout: SequenceLayout, from start: Int = 0,
    reading outputs: OutputRows = .all, dropout: TowerDropout? = nil, in workspace: Workspace,
    training: Bool, embeddingsTrained: Bool
  ) -> Activations {
    precondition(start == 0 || prompt == nil, "a prompt's rows join before the first layer")
    let (x, layout) = withPrompt(x, inputLayout, workspace)
    let dropout = dropout?.rows(of: layout)
    let outputRows = self.outputRows(outputs, layout)
    let lowest = embeddingsTrained ? 0 : (lowestTrained ?? layers.count)
    let firstSaved = training ? lowest : layers.count
    precondition(start <= lowest, "what is trained lies above the states that are given")
    var hidden = [start == layers.count ? rowsRead(of: x, outputRows, workspace) : x]
    var saved: [EncoderLayer.Saved] = []
    for index in start..<layers.count {
      let rows = self.outputRows(outputRows, of: index)
      let y = workspace.take(rows?.count ?? layout.rows, width)
      let kept = FrozenRows.alike(index < lowest) {
        layers[index].forward(
          hidden[index - start], layout, reading: rows,
          dropout: dropout.map { LayerDropout(rows: $0, layer: index) }, into: y, in: workspace,
          saving: index >= firstSaved && !recomputesActivations)
      }
      if let kept { saved.append(kept) }
      hidden.append(y)
    }
    return Activations(
      layout: layout, hidden: hidden, first: start, outputRows: outputRows,
      inputLayout: inputLayout, saved: saved, firstSaved: firstSaved, dropout: dropout)
  }

  /// What enters layer `depth`, from what the embeddings give: [rows, width], of those rows that are read
  /// where no layer follows. A row has the same bits in any batch.
  func states(
    at depth: Int, _ x: Matrix, _ layout: SequenceLayout, reading outputs: OutputRows,
    in workspace: Workspace
  ) -> Matrix {
    precondition(prompt == nil && depth <= layers.count)
    let outputRows = self.outputRows(outputs, layout)
    return FrozenRows.alike(true) {
      var x = x
      for (index, layer) in layers.prefix(depth).enumerated() {
        let rows = self.outputRows(outputRows, of: index)
        let y = workspace.take(rows?.count ?? layout.rows, width)
        _ = layer.forward(x, layout, reading: rows, into: y, in: workspace, saving: false)
        x = y
      }
      return x
    }
  }

  /// Of states that no layer follows: they may be of all rows, where others train layers above them.
  private func rowsRead(of x: Matrix, _ rows: [Int]?, _ workspace: Workspace) -> Matrix {
    guard let rows, x.rows > rows.count else { return x }
    let read = workspace.take(rows.count, width)
    x.gather(rows: rows, into: read)
    return read
  }

  private func outputRows(_ outputs: OutputRows, _ layout: SequenceLayout) -> [Int]? {
    switch outputs {
    case .pooled where !layers.isEmpty: return layout.offsets.dropLast().map { Int($0) }
    case .some(let rows) where !layers.isEmpty:
      precondition(prompt == nil, "a prompt's rows lie between those that are numbered")
      return rows
    default: return nil
    }
  }

  /// Of one layer; nil: all.
  private func outputRows(_ rows: [Int]?, of layer: Int) -> [Int]? {
    layer == layers.count - 1 ? rows : nil
  }

  /// From the gradient of the last hidden state, of those rows that were read, down to the lowest
  /// trained layer. Returns the gradient of the embeddings' output when `toEmbeddings`.
  func backward(
    _ activations: Activations, dHidden: Matrix, toEmbeddings: Bool, in workspace: Workspace
  ) -> Matrix? {
    var gradient = dHidden
    let toInput = toEmbeddings || prompt?.isTrainable == true
    // Two take turns: a layer reads its output's gradient while it writes its input's.
    var turns: [Matrix] = []
    for index in stride(from: layers.count - 1, through: activations.firstSaved, by: -1) {
      let needed = index > activations.firstSaved || toInput
      if needed, turns.count < 2 { turns.append(workspace.take(activations.layout.rows, width)) }
      let dx = needed ? turns.last : nil
      backward(layer: index, activations, dy: gradient, dx: dx, workspace)
      guard let dx else { return nil }
      gradient = dx
      if turns.count == 2 { turns.swapAt(0, 1) }
    }
    promptBackward(activations, gradient)
    return toEmbeddings ? withoutPrompt(activations, gradient, workspace) : nil
  }

  private func backward(
    layer index: Int, _ activations: Activations, dy: Matrix, dx: Matrix?, _ workspace: Workspace
  ) {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let layout = activations.layout
    let saved: EncoderLayer.Saved
    if recomputesActivations {
      let y = workspace.take(dy.rows, width)
      guard
        let again = layers[index].forward(
          activations.hidden[index - activations.first], layout,
          reading: outputRows(activations.outputRows, of: index),
          dropout: activations.dropout.map { LayerDropout(rows: $0, layer: index) }, into: y,
          in: workspace, saving: true)
      else { preconditionFailure("a layer that saves returns what it saved") }
      saved = again
    } else {
      saved = activations.saved[index - activations.firstSaved]
    }
    // What passes on the way back has the room of what passed on the way forward.
    layers[index].backward(saved, layout, dy: dy, dx: dx, in: workspace.passing)
  }
}

// The prompt's rows.
extension Encoder {
  private func withPrompt(
    _ x: Matrix, _ layout: SequenceLayout, _ workspace: Workspace
  ) -> (Matrix, SequenceLayout) {
    guard let prompt else { return (x, layout) }
    let count = prompt.shape[0]
    let longer = SequenceLayout(lengths: (0..<layout.sequences).map { layout.length($0) + count })
    let rows = workspace.take(longer.rows, width)
    for sequence in 0..<layout.sequences {
      let start = Int(longer.offsets[sequence])
      let length = layout.length(sequence)
      rows.row(start).update(
        from: x.row(Int(layout.offsets[sequence])), count: length * width)
      rows.row(start + length).update(from: prompt.value, count: count * width)
    }
    return (rows, longer)
  }

  /// The prompt's gradient is the sum over all sequences.
  private func promptBackward(_ activations: Activations, _ gradient: Matrix) {
    guard let prompt, let target = prompt.gradientMatrix else { return }
    let layout = activations.layout
    for sequence in 0..<layout.sequences {
      let end = Int(layout.offsets[sequence + 1])
      Elementwise.add(gradient.slice(rows: end - prompt.shape[0]..<end), to: target)
    }
  }

  private func withoutPrompt(
    _ activations: Activations, _ gradient: Matrix, _ workspace: Workspace
  ) -> Matrix {
    guard prompt != nil else { return gradient }
    let layout = activations.inputLayout
    let rows = workspace.take(layout.rows, width)
    for sequence in 0..<layout.sequences {
      rows.row(Int(layout.offsets[sequence])).update(
        from: gradient.row(Int(activations.layout.offsets[sequence])),
        count: layout.length(sequence) * width)
    }
    return rows
  }
}
