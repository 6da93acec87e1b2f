import XlingTensor

extension TextTower {
  /// From the gradient of every hidden state that was read, [rows, width].
  public func backward(_ activations: Activations, dHidden: Matrix, in workspace: Workspace) {
    let dLast = normBackward(activations, dHidden, in: workspace)
    guard
      let dNormal = encoder.backward(
        activations.encoder, dHidden: dLast, toEmbeddings: embeddingsTrained, in: workspace)
    else { return }
    activations.dropout?.embeddings()?.apply(to: dNormal)
    let tables = wordEmbeddings.isTrainable || positionEmbeddings.isTrainable
    let any =
      tables || tokenTypeEmbeddings.isTrainable || addedWords?.rows.isTrainable == true
    guard let embeddingNorm, let saved = activations.embeddings else {
      if any { scatter(dNormal, activations) }
      return
    }
    let dSum = any ? workspace.take(dNormal.rows, configuration.hiddenSize) : nil
    embeddingNorm.backward(saved, dy: dNormal, dx: dSum)
    guard let dSum else { return }
    if let gradient = tokenTypeEmbeddings.gradient, activations.batch.types == nil, addsTokenTypes {
      Elementwise.addColumnSums(dSum, into: gradient)
    }
    scatter(dSum, activations)
  }

  /// The gradient of the last layer's output from that of the last hidden state.
  private func normBackward(
    _ activations: Activations, _ dHidden: Matrix, in workspace: Workspace
  ) -> Matrix {
    guard let finalNorm, let saved = activations.normalized else { return dHidden }
    var dHidden = dHidden
    if configuration.t5 != nil,
      let dropout = activations.dropout?.final(rows: activations.encoder.outputRows)
    {
      let dNormal = workspace.take(dHidden.rows, dHidden.columns)
      Elementwise.copy(dHidden, into: dNormal)
      dropout.apply(to: dNormal)
      dHidden = dNormal
    }
    let dLast = workspace.take(dHidden.rows, dHidden.columns)
    finalNorm.backward(saved.norm, dy: dHidden, dx: dLast)
    return dLast
  }

  /// Adds each row's gradient to its word, position and type; rows meet, so this is one thread's
  /// work. Padding's word learns nothing, nor does the position that RoBERTa gives it.
  package func scatter(_ dSum: Matrix, _ activations: Activations) {
    let batch = activations.batch
    let unlearned = configuration.unlearnedWord
    let unlearnedPosition = configuration.family == .roberta ? unlearned : nil
    for row in 0..<dSum.rows {
      let source = dSum.slice(rows: row..<row + 1)
      func add(to table: Parameter, at place: Int32) {
        guard let gradient = table.gradientMatrix else { return }
        Elementwise.add(source, to: gradient.slice(rows: Int(place)..<Int(place) + 1))
      }
      if let addedWords, Int(batch.ids[row]) >= addedWords.first {
        add(to: addedWords.rows, at: batch.ids[row] - Int32(addedWords.first))
      } else if batch.ids[row] != unlearned {
        add(to: wordEmbeddings, at: batch.ids[row])
      }
      if activations.positions[row] != unlearnedPosition {
        add(to: positionEmbeddings, at: activations.positions[row])
      }
      if let types = batch.types, addsTokenTypes { add(to: tokenTypeEmbeddings, at: types[row]) }
    }
  }
}
