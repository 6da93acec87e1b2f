import XlingTensor

extension TextTower {
  /// A batch's vectors: pooled, and behind the head.
  public struct Output {
    /// [sequences, width · number of poolings]
    let pooled: Matrix
    let head: TextHead.Saved?
    /// [sequences, ``TextTower/outputWidth``]
    public var vectors: Matrix { head?.vectors ?? pooled }
  }

  /// After a pass that read all rows or those that are pooled.
  public func output(_ activations: Activations, in workspace: Workspace) -> Output {
    let pooled = pool(activations, in: workspace)
    return Output(pooled: pooled, head: head?.forward(pooled, in: workspace))
  }

  /// From the gradient of the vectors.
  public func backward(
    _ activations: Activations, _ output: Output, dOutput: Matrix, in workspace: Workspace
  ) {
    let isNeeded =
      embeddingsTrained || encoder.lowestTrained != nil || finalNorm?.isTrainable == true
    guard let head, let saved = output.head else {
      if isNeeded { backward(activations, dPooled: dOutput, in: workspace) }
      return
    }
    let dPooled = head.backward(saved, dVectors: dOutput, needed: isNeeded, in: workspace)
    if let dPooled { backward(activations, dPooled: dPooled, in: workspace) }
  }

  /// The pooled hidden states of the last layer, [sequences, width · number of poolings]. After a pass
  /// that read all rows or those that are pooled.
  public func pool(_ activations: Activations, in workspace: Workspace) -> Matrix {
    pool(activations, activations.hidden, by: pooling, in: workspace)
  }

  /// Hidden states of the batch, those of any layer, pooled in some way.
  public func pool(
    _ activations: Activations, _ hidden: Matrix, by pooling: TextPooling, in workspace: Workspace
  ) -> Matrix {
    if activations.isPooled { return hidden }
    let rows = rows(activations.batch, activations.encoder.layout, pooling)
    let width = hidden.columns
    let pooled = workspace.take(rows.sequences, width * pooling.modes.count)
    for (index, mode) in pooling.modes.enumerated() {
      rows.forward(mode, hidden, into: pooled.slice(columns: index * width..<(index + 1) * width))
    }
    return pooled
  }

  /// From the gradient of the pooled vectors.
  public func backward(_ activations: Activations, dPooled: Matrix, in workspace: Workspace) {
    guard !activations.isPooled else {
      backward(activations, dHidden: dPooled, in: workspace)
      return
    }
    let rows = rows(activations.batch, activations.encoder.layout, pooling)
    let hidden = activations.hidden
    let dHidden = workspace.zeros(hidden.rows, hidden.columns)
    for (index, mode) in pooling.modes.enumerated() {
      let part = dPooled.slice(columns: index * hidden.columns..<(index + 1) * hidden.columns)
      rows.backward(mode, hidden, dy: part, addingTo: dHidden)
    }
    backward(activations, dHidden: dHidden, in: workspace)
  }

  /// `layout` is that of the hidden states: a learned prompt's rows lie behind each text's.
  private func rows(
    _ batch: TokenBatch, _ layout: SequenceLayout, _ pooling: TextPooling
  ) -> PooledRows {
    // A learned prompt takes no padding: without it the layout is the batch's.
    PooledRows(
      layout, lengths: (0..<batch.layout.sequences).map(batch.layout.length),
      leading: pooling.includesPrompt ? 0 : promptTokens,
      ends: pooling.modes.contains(.end) ? ends(batch, layout) : [])
  }

  /// The row of each text's end token: the first of the configured id, or where that is not to be trusted
  /// the first of the largest id; the last row of a text without one.
  private func ends(_ batch: TokenBatch, _ layout: SequenceLayout) -> [Int] {
    (0..<batch.layout.sequences).map { sequence in
      let ids = batch.ids[
        Int(batch.layout.offsets[sequence])..<Int(batch.layout.offsets[sequence + 1])]
      let end: Int32? =
        switch configuration.endToken {
        case .id(let id): id
        case .largest: ids.max()
        case nil: nil
        }
      // As an argmax over no hit gives it.
      let place = ids.firstIndex { $0 == end } ?? ids.startIndex
      return Int(layout.offsets[sequence]) + place - ids.startIndex
    }
  }

  /// What the encoder is to read, and whether that are the pooled rows themselves.
  func read(_ outputs: OutputRows, _ batch: TokenBatch) -> (OutputRows, isPooled: Bool) {
    guard case .pooled = outputs else { return (outputs, false) }
    guard pooling.modes.count == 1, !encoder.layers.isEmpty else { return (.all, false) }
    if pooling == .cls, batch.layout.keep == nil { return (.pooled, true) }
    guard encoder.prompt == nil else { return (.all, false) }
    guard let rows = rows(batch, batch.layout, pooling).single(pooling.modes[0]) else {
      return (.all, false)
    }
    return (.some(rows), true)
  }
}
