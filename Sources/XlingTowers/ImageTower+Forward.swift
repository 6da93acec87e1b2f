import XlingCore
import XlingTensor

extension ImageTower {
  /// What one forward pass leaves behind.
  public struct Activations {
    public let encoder: Encoder.Activations
    /// Of CLIP's norm in front of the layers.
    let embeddingNorm: LayerNorm.Saved?
    /// Unfolded patches [all patches of the batch, channels * patch * patch], and which they are.
    let unfolded: Matrix
    let patches: [[Int32]]
    let dropout: RowDropout?
    /// The last layer's output before the final norm, [rows, width], of those rows that were to be
    /// read.
    public var hidden: Matrix { encoder.hidden.last! }
  }

  /// Pixels to hidden states. `training` keeps what the way back needs; `dropout` is for training
  /// alone.
  public func forward(
    _ batch: PictureBatch, reading outputs: OutputRows = .all, dropout: TowerDropout? = nil,
    in workspace: Workspace, training: Bool
  ) -> Activations {
    let all = (0..<Int32(configuration.patches)).map { $0 }
    let patches = batch.patches ?? Array(repeating: all, count: batch.count)
    let prefix = prefix
    let before = prefix.count
    let firstPatchPosition = configuration.positionedTokens
    let layout = SequenceLayout(lengths: patches.map { $0.count + before })
    let unfolded = unfold(batch, patches, workspace)
    let projected = workspace.take(unfolded.rows, width)
    patchProjection.forward(unfolded, into: projected)
    let rows = workspace.take(layout.rows, width)
    let positions = positionEmbeddings.value
    let isEmbedded = configuration.positions > 0
    Parallel.ranges(batch.count, grain: 4) { pictures in
      for picture in pictures {
        let start = Int(layout.offsets[picture])
        for (index, token) in prefix.enumerated() {
          let out = rows.row(start + index)
          out.update(from: token.parameter.value + token.row * width, count: width)
          guard let position = token.position else { continue }
          for column in 0..<width { out[column] += positions[position * width + column] }
        }
        for (index, patch) in patches[picture].enumerated() {
          let source = projected.row(start - picture * before + index)
          // Without a table all share a row of zeros.
          let place = positions + (isEmbedded ? (Int(patch) + firstPatchPosition) * width : 0)
          let out = rows.row(start + before + index)
          for column in 0..<width { out[column] = source[column] + place[column] }
        }
      }
    }
    let rowDropout = dropout?.rows(of: layout)
    rowDropout?.embeddings()?.apply(to: rows)
    let normal = embeddingNorm == nil ? rows : workspace.take(layout.rows, width)
    let savedNorm = embeddingNorm?.forward(rows, into: normal, in: workspace)
    let activations = encoder.forward(
      normal, layout, reading: rowsRead(outputs), dropout: dropout, in: workspace,
      training: training,
      embeddingsTrained: embeddingsTrained)
    return Activations(
      encoder: activations, embeddingNorm: savedNorm, unfolded: unfolded, patches: patches,
      dropout: rowDropout)
  }

  /// All where pooling needs more than the class token's.
  private func rowsRead(_ outputs: OutputRows) -> OutputRows {
    guard case .pooled = outputs, pooling != .cls else { return outputs }
    return .all
  }

  /// Each patch as one row: channel, then row, then column, as a convolution's kernel lies.
  private func unfold(
    _ batch: PictureBatch, _ patches: [[Int32]], _ workspace: Workspace
  ) -> Matrix {
    let patch = configuration.patchSize
    let size = configuration.imageSize
    let grid = size / patch
    let channels = configuration.channels
    let starts = SequenceLayout(lengths: patches.map(\.count))
    let unfolded = workspace.take(starts.rows, channels * patch * patch)
    Parallel.ranges(batch.count, grain: 4) { pictures in
      for picture in pictures {
        let pixels = batch.pixels + picture * channels * size * size
        for (index, place) in patches[picture].enumerated() {
          var out = unfolded.row(Int(starts.offsets[picture]) + index)
          let corner = (Int(place) / grid) * patch * size + (Int(place) % grid) * patch
          for channel in 0..<channels {
            for line in 0..<patch {
              out.update(
                from: pixels + channel * size * size + corner + line * size, count: patch)
              out += patch
            }
          }
        }
      }
    }
    return unfolded
  }
}
