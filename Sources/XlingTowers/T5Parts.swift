import XlingTensor

/// What T5's encoder (Raffel et al. 2020) has around its layers that BERT's has not: one table of
/// relative positions for all layers, and a norm behind the last.
///
/// It has no `[CLS]`: a sequence's vector is the mean over its tokens, which Ni et al. (2022) found
/// better than the first token's.
public struct T5Parts {
  public let relativePositions: RelativePositions
  public let finalNorm: LayerNorm

  /// The last hidden state, [rows, width].
  struct Normalized {
    let hidden: Matrix
    let norm: LayerNorm.Saved
  }

  init(_ t5: BERTConfiguration.T5, _ configuration: BERTConfiguration) {
    // The table lies in the first layer of a checkpoint.
    relativePositions = RelativePositions(
      "encoder.layer.0.attention.relative_attention_bias", buckets: t5.buckets,
      heads: configuration.heads)
    finalNorm = LayerNorm(
      "layernorm", width: configuration.hiddenSize, epsilon: configuration.layerNormEpsilon,
      form: .rootMeanSquare, part: .finalNorm)
  }

  func normalize(_ activations: Encoder.Activations, in workspace: Workspace) -> Normalized? {
    guard let last = activations.hidden.last else { return nil }
    let hidden = workspace.take(last.rows, last.columns)
    return Normalized(
      hidden: hidden, norm: finalNorm.forward(last, into: hidden, in: workspace))
  }

  /// The gradient of the last layer's output from that of the last hidden state.
  func backward(
    _ saved: Normalized?, _ dHidden: Matrix, _ dropout: Dropout?, in workspace: Workspace
  ) -> Matrix? {
    guard let saved else { return nil }
    var dHidden = dHidden
    if let dropout {
      let dNormal = workspace.take(dHidden.rows, dHidden.columns)
      Elementwise.copy(dHidden, into: dNormal)
      dropout.apply(to: dNormal)
      dHidden = dNormal
    }
    let dLast = workspace.take(dHidden.rows, dHidden.columns)
    finalNorm.backward(saved.norm, dy: dHidden, dx: dLast)
    return dLast
  }

  /// Rows of a sequence that count: all but padding, or all where it is nothing else.
  private func kept(_ layout: SequenceLayout, _ sequence: Int) -> [Int] {
    let rows = Int(layout.offsets[sequence])..<Int(layout.offsets[sequence + 1])
    guard let keep = layout.keep else { return Array(rows) }
    let kept = rows.filter { keep[$0] != 0 }
    return kept.isEmpty ? Array(rows) : kept
  }

  /// The mean of each sequence's hidden states, [sequences, width].
  func pool(_ hidden: Matrix, _ layout: SequenceLayout, in workspace: Workspace) -> Matrix {
    let means = workspace.zeros(layout.sequences, hidden.columns)
    for sequence in 0..<layout.sequences {
      let rows = kept(layout, sequence)
      let mean = means.row(sequence)
      for row in rows {
        let state = hidden.row(row)
        for column in 0..<hidden.columns { mean[column] += state[column] }
      }
      let share = 1 / Float(rows.count)
      for column in 0..<hidden.columns { mean[column] *= share }
    }
    return means
  }

  /// From the gradient of the means to that of every hidden state, [rows, width].
  func poolBackward(
    _ dMeans: Matrix, _ layout: SequenceLayout, in workspace: Workspace
  ) -> Matrix {
    let dHidden = workspace.zeros(layout.rows, dMeans.columns)
    for sequence in 0..<layout.sequences {
      let rows = kept(layout, sequence)
      let share = 1 / Float(rows.count)
      let mean = dMeans.row(sequence)
      for row in rows {
        let state = dHidden.row(row)
        for column in 0..<dMeans.columns { state[column] = mean[column] * share }
      }
    }
    return dHidden
  }
}
