import XlingTensor

/// Which rows leave an encoder's last layer. What nobody reads is not computed there: queries aside,
/// a row of a layer is needed by others for its key and value only.
public enum OutputRows: Sendable {
  case all
  /// What pooling reads: the first of each sequence, `[CLS]`; in T5, which averages them, all.
  case pooled
  /// These, as numbered in the input; not for an encoder with a prompt.
  case some([Int])
}

extension Encoder.Activations {
  private var firstOfEach: [Int] { layout.offsets.dropLast().map { Int($0) } }

  /// The first row of each sequence of the last hidden state, [sequences, width].
  func firstRows(in workspace: Workspace) -> Matrix {
    let last = hidden[hidden.count - 1]
    guard outputRows == nil else {
      precondition(outputRows == firstOfEach, "the pass did not read the first rows")
      return last
    }
    let first = workspace.take(layout.sequences, last.columns)
    last.gather(rows: firstOfEach, into: first)
    return first
  }

  /// The gradient of the last hidden state from that of ``firstRows(in:)``.
  func spread(dFirst: Matrix, in workspace: Workspace) -> Matrix {
    guard outputRows == nil else { return dFirst }
    let dHidden = workspace.zeros(layout.rows, dFirst.columns)
    dHidden.scatterAdd(dFirst, rows: firstOfEach)
    return dHidden
  }
}
