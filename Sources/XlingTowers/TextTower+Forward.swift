import XlingCore
import XlingTensor

extension TextTower {
  /// Ids to hidden states. `training` keeps what the way back needs; `dropout` is for training alone.
  /// Sequences have 1 to `maximumTokens` tokens: the tables are read without a check of each access.
  public func forward(
    _ batch: TokenBatch, reading outputs: OutputRows = .all, dropout: TowerDropout? = nil,
    in workspace: Workspace, training: Bool
  ) -> Activations {
    check(batch)
    let positions = positions(of: batch)
    let (normal, saved) = embed(batch, positions, in: workspace)
    let rowDropout = dropout?.rows(of: batch.layout)
    rowDropout?.embeddings()?.apply(to: normal)
    let (read, isPooled) = self.read(outputs, batch)
    let activations = encoder.forward(
      normal, batch.layout, reading: read, dropout: dropout, in: workspace, training: training,
      embeddingsTrained: embeddingsTrained)
    let normalized = normalize(activations, in: workspace)
    if let normalized, configuration.t5 != nil {
      rowDropout?.final(rows: activations.outputRows)?.apply(to: normalized.hidden)
    }
    return Activations(
      batch: batch, positions: positions, encoder: activations, dropout: rowDropout,
      embeddings: saved, normalized: normalized, isPooled: isPooled)
  }

  /// The tables' sum behind its norm, [tokens, width], and what the norm keeps.
  func embed(
    _ batch: TokenBatch, _ positions: [Int32], in workspace: Workspace
  ) -> (Matrix, LayerNorm.Saved?) {
    let sum = workspace.take(batch.ids.count, configuration.hiddenSize)
    addTables(batch, positions, into: sum, workspace)
    guard let embeddingNorm else { return (sum, nil) }
    let normal = workspace.take(batch.ids.count, configuration.hiddenSize)
    return (normal, embeddingNorm.forward(sum, into: normal, in: workspace))
  }

  /// The sum of the tables' rows of each token.
  private func addTables(
    _ batch: TokenBatch, _ positions: [Int32], into sum: Matrix, _ workspace: Workspace
  ) {
    let width = configuration.hiddenSize
    let noType = addsTokenTypes ? nil : workspace.zeros(1, width).pointer
    Parallel.ranges(batch.ids.count, grain: 256) { rows in
      for row in rows {
        let word = embedding(of: batch.ids[row])
        let type = noType ?? tokenTypeEmbeddings.value + Int(batch.types?[row] ?? 0) * width
        let place = positionEmbeddings.value + Int(positions[row]) * width
        let out = sum.row(row)
        for column in 0..<width { out[column] = word[column] + type[column] + place[column] }
      }
    }
  }

  /// `width` numbers.
  private func embedding(of id: Int32) -> UnsafeMutablePointer<Float> {
    let width = configuration.hiddenSize
    if let addedWords, Int(id) >= addedWords.first {
      return addedWords.rows.value + (Int(id) - addedWords.first) * width
    }
    return wordEmbeddings.value + Int(id) * width
  }

  /// Ids from 0 on that a text may have.
  public var wordCount: Int {
    addedWords.map { $0.first + $0.parts.count } ?? configuration.vocabularySize
  }

  func normalize(
    _ activations: Encoder.Activations, in workspace: Workspace
  ) -> Normalized? {
    guard let finalNorm, let last = activations.hidden.last else { return nil }
    let hidden = workspace.take(last.rows, last.columns)
    return Normalized(hidden: hidden, norm: finalNorm.forward(last, into: hidden, in: workspace))
  }

  /// From 0 in BERT; in RoBERTa and XLM-R from the place behind the padding id on, and only tokens
  /// other than padding count (Liu et al. 2019's code). Without a table all share a row of zeros.
  func positions(of batch: TokenBatch) -> [Int32] {
    guard configuration.hasPositions else { return [Int32](repeating: 0, count: batch.ids.count) }
    let padding = Int32(configuration.paddingId)
    var positions = [Int32](repeating: padding, count: batch.ids.count)
    for sequence in 0..<batch.layout.sequences {
      let rows = Int(batch.layout.offsets[sequence])..<Int(batch.layout.offsets[sequence + 1])
      var count: Int32 = 0
      for row in rows {
        if configuration.family != .roberta {
          positions[row] = Int32(row - rows.lowerBound)
        } else if batch.ids[row] != padding {
          count += 1
          positions[row] = padding + count
        }
      }
    }
    return positions
  }

  func check(_ batch: TokenBatch) {
    let words = Int32(wordCount)
    precondition(
      batch.ids.allSatisfy { $0 >= 0 && $0 < words },
      "a token id lies outside the \(words) words of the tower")
    let types = Int32(max(configuration.tokenTypes, 1))
    precondition(
      batch.types?.allSatisfy { $0 >= 0 && $0 < types } ?? true,
      "a token type lies outside the \(types) of the tower")
    let lengths = (0..<batch.layout.sequences).map(batch.layout.length)
    precondition(
      lengths.allSatisfy { $0 >= 1 && $0 <= configuration.maximumTokens },
      "a sequence is empty or longer than the \(configuration.maximumTokens) positions")
  }
}
