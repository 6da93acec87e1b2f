import XlingTensor

/// Which rows of a batch's hidden states belong to a picture's tokens and patches. A learned prompt's rows
/// lie behind them and are no part.
struct PictureRows {
  /// The first row of each picture.
  let starts: [Int]
  /// The rows of each picture's patches.
  let patches: [Range<Int>]

  /// `layout` is that of the hidden states, `inputs` that of the embeddings.
  init(_ layout: SequenceLayout, inputs: SequenceLayout, prefix: Int) {
    starts = layout.offsets.dropLast().map { Int($0) }
    patches = starts.enumerated().map { picture, start in
      start + prefix..<start + inputs.length(picture)
    }
  }

  var pictures: Int { starts.count }

  /// The rows whose mean is taken. Not for an attention head.
  private func rows(_ source: ImageHead.Shape.Source, _ picture: Int) -> Range<Int> {
    let start = starts[picture]
    switch source {
    case .cls: return start..<start + 1
    case .distilled: return start..<start + 2
    case .mean, .attention: return patches[picture]
    }
  }

  /// hidden [rows, width] into y [pictures, width], which may be a slice of columns.
  func mean(_ hidden: Matrix, of source: ImageHead.Shape.Source, into y: Matrix) {
    for picture in 0..<pictures {
      let (rows, out) = (rows(source, picture), y.row(picture))
      out.update(repeating: 0, count: hidden.columns)
      for row in rows {
        let state = hidden.row(row)
        for column in 0..<hidden.columns { out[column] += state[column] }
      }
      let share = 1 / Float(max(rows.count, 1))
      for column in 0..<hidden.columns { out[column] *= share }
    }
  }

  /// The way back of ``mean(_:of:into:)``.
  func spread(_ dy: Matrix, of source: ImageHead.Shape.Source, addingTo dHidden: Matrix) {
    for picture in 0..<pictures {
      let rows = rows(source, picture)
      let (source, share) = (dy.row(picture), 1 / Float(max(rows.count, 1)))
      for row in rows {
        let target = dHidden.row(row)
        for column in 0..<dHidden.columns { target[column] += source[column] * share }
      }
    }
  }
}
