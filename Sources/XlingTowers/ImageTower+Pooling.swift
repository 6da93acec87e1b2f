import XlingTensor

extension ImageTower {
  /// What pooling leaves behind.
  public struct Pooled {
    /// [pictures, ``ImageTower/outputWidth``]
    public let vectors: Matrix
    let norm: LayerNorm.Saved?
    let head: ImageHead.Saved?

    /// Behind the head's norm and before its projection, [pictures, width]; the vectors elsewhere.
    var unprojected: Matrix { head?.pooled ?? vectors }
  }

  private func rows(_ activations: Activations) -> PictureRows {
    PictureRows(
      activations.encoder.layout, inputs: activations.encoder.inputLayout,
      prefix: configuration.prefixTokens)
  }

  /// The vectors of a batch, after a pass that read all rows or those that are pooled.
  public func pool(_ activations: Activations, in workspace: Workspace) -> Pooled {
    guard pooling != .cls else {
      let tokens = activations.encoder.firstRows(in: workspace)
      guard let finalNorm else { return Pooled(vectors: tokens, norm: nil, head: nil) }
      let vectors = workspace.take(tokens.rows, width)
      return Pooled(
        vectors: vectors, norm: finalNorm.forward(tokens, into: vectors, in: workspace), head: nil)
    }
    let (hidden, norm) = normalize(activations, in: workspace)
    let rows = rows(activations)
    if pooling == .head, let head {
      let made = head.forward(hidden, rows, in: workspace)
      return Pooled(vectors: made.vectors, norm: norm, head: made)
    }
    let vectors = workspace.take(rows.pictures, outputWidth)
    for (source, columns) in parts {
      rows.mean(hidden, of: source, into: vectors.slice(columns: columns))
    }
    return Pooled(vectors: vectors, norm: norm, head: nil)
  }

  /// What is side by side in a vector without head.
  private var parts: [(ImageHead.Shape.Source, Range<Int>)] {
    pooling == .clsMean
      ? [(.cls, 0..<width), (.mean, width..<2 * width)] : [(.mean, 0..<width)]
  }

  private func normalize(
    _ activations: Activations, in workspace: Workspace
  ) -> (hidden: Matrix, LayerNorm.Saved?) {
    guard let finalNorm else { return (activations.hidden, nil) }
    let out = workspace.take(activations.hidden.rows, width)
    return (out, finalNorm.forward(activations.hidden, into: out, in: workspace))
  }

  /// Every token behind the final LayerNorm, where there is one, [rows, width].
  public func normalized(_ activations: Activations, in workspace: Workspace) -> Matrix {
    normalize(activations, in: workspace).hidden
  }

  /// From the gradient of the pooled vectors, [pictures, ``outputWidth``].
  public func backward(
    _ activations: Activations, _ pooled: Pooled, dPooled: Matrix, in workspace: Workspace
  ) {
    let deeper = embeddingsTrained || encoder.lowestTrained != nil
    guard let dHidden = dHidden(activations, pooled, dPooled, needed: deeper, workspace) else {
      return
    }
    let dInputs = encoder.backward(
      activations.encoder, dHidden: dHidden, toEmbeddings: embeddingsTrained, in: workspace)
    guard var dRows = dInputs else { return }
    if let embeddingNorm, let saved = activations.embedded?.norm {
      let before = workspace.take(dRows.rows, dRows.columns)
      embeddingNorm.backward(saved, dy: dRows, dx: before)
      dRows = before
    }
    activations.dropout?.embeddings()?.apply(to: dRows)
    embeddingsBackward(activations, dRows, workspace)
  }

  /// The gradient of the last layer's output; nil where nothing needs it.
  private func dHidden(
    _ activations: Activations, _ pooled: Pooled, _ dPooled: Matrix, needed: Bool,
    _ workspace: Workspace
  ) -> Matrix? {
    if pooling == .cls {
      guard let finalNorm, let saved = pooled.norm else {
        return needed ? activations.encoder.spread(dFirst: dPooled, in: workspace) : nil
      }
      let dTokens = needed ? workspace.take(dPooled.rows, width) : nil
      finalNorm.backward(saved, dy: dPooled, dx: dTokens)
      return dTokens.map { activations.encoder.spread(dFirst: $0, in: workspace) }
    }
    let isNormTrained = finalNorm?.isTrainable == true
    let rows = rows(activations)
    let dNormal =
      needed || isNormTrained ? workspace.zeros(activations.hidden.rows, width) : nil
    if let head, let saved = pooled.head {
      head.backward(saved, rows, dVectors: dPooled, addingTo: dNormal, in: workspace)
    } else if let dNormal {
      for (source, columns) in parts {
        rows.spread(dPooled.slice(columns: columns), of: source, addingTo: dNormal)
      }
    }
    guard let dNormal, let finalNorm, let saved = pooled.norm else { return dNormal }
    let dHidden = needed ? workspace.take(dNormal.rows, width) : nil
    finalNorm.backward(saved, dy: dNormal, dx: dHidden)
    return dHidden
  }

  /// `dRows` is the gradient of the rows before any norm in front of the layers.
  package func embeddingsBackward(
    _ activations: Activations, _ dRows: Matrix, _ workspace: Workspace
  ) {
    guard let embedded = activations.embedded else {
      preconditionFailure("the pass began above the embeddings")
    }
    let layout = activations.encoder.inputLayout
    let prefix = prefix
    let firstPatchPosition = configuration.positionedTokens
    let table = configuration.positions > 0 ? positionEmbeddings.gradient : nil
    let dProjected = workspace.take(embedded.unfolded.rows, width)
    let before = prefix.count
    func add(_ row: Matrix, to gradient: UnsafeMutablePointer<Float>?, at place: Int) {
      guard let gradient else { return }
      Elementwise.add(row, to: Matrix(gradient + place * width, rows: 1, columns: width))
    }
    for (picture, patches) in embedded.patches.enumerated() {
      let start = Int(layout.offsets[picture])
      for (index, token) in prefix.enumerated() {
        let row = dRows.slice(rows: start + index..<start + index + 1)
        add(row, to: token.parameter.gradient, at: token.row)
        if let position = token.position { add(row, to: table, at: position) }
      }
      for (index, patch) in patches.enumerated() {
        let row = dRows.slice(rows: start + before + index..<start + before + 1 + index)
        add(row, to: table, at: Int(patch) + firstPatchPosition)
        dProjected.row(start - picture * before + index).update(from: row.pointer, count: width)
      }
    }
    patchProjection.backward(embedded.unfolded, dy: dProjected, dx: nil)
  }
}
