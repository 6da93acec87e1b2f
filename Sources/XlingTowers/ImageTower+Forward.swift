import XlingCore
import XlingTensor

extension ImageTower {
  /// What one forward pass leaves behind.
  public struct Activations {
    public let encoder: Encoder.Activations
    /// nil for a pass that began above the embeddings.
    let embedded: Embedded?
    let dropout: RowDropout?
    /// The last layer's output before the final norm, [rows, width], of those rows that were to be
    /// read.
    public var hidden: Matrix { encoder.hidden.last! }
  }

  /// What the embeddings of a batch leave behind.
  struct Embedded {
    /// Of CLIP's norm in front of the layers.
    let norm: LayerNorm.Saved?
    /// Unfolded patches [all patches of the batch, channels * patch * patch], and which they are.
    let unfolded: Matrix
    let patches: [[Int32]]
  }

  /// Pixels to hidden states. `training` keeps what the way back needs; `dropout` is for training
  /// alone.
  public func forward(
    _ batch: PictureBatch, reading outputs: OutputRows = .all, dropout: TowerDropout? = nil,
    in workspace: Workspace, training: Bool
  ) -> Activations {
    let patches = patches(of: batch)
    let layout = SequenceLayout(lengths: patches.map { $0.count + prefix.count })
    let rowDropout = dropout?.rows(of: layout)
    let (rows, embedded) = embed(batch, patches, layout, rowDropout, in: workspace)
    let activations = encoder.forward(
      rows, layout, reading: rowsRead(outputs), dropout: dropout, in: workspace,
      training: training, embeddingsTrained: embeddingsTrained)
    return Activations(encoder: activations, embedded: embedded, dropout: rowDropout)
  }

  func patches(of batch: PictureBatch) -> [[Int32]] {
    batch.patches
      ?? Array(repeating: (0..<Int32(configuration.patches)).map { $0 }, count: batch.count)
  }

  /// What enters the first layer, [rows, width].
  func embed(
    _ batch: PictureBatch, _ patches: [[Int32]], _ layout: SequenceLayout, _ dropout: RowDropout?,
    in workspace: Workspace
  ) -> (Matrix, Embedded) {
    let unfolded = unfold(batch, patches, workspace)
    let projected = workspace.take(unfolded.rows, width)
    FrozenRows.alike(!embeddingsTrained && encoder.lowestTrained != 0) {
      patchProjection.forward(unfolded, into: projected)
    }
    let rows = workspace.take(layout.rows, width)
    addPositions(projected, patches, layout, into: rows)
    dropout?.embeddings()?.apply(to: rows)
    guard let embeddingNorm else {
      return (rows, Embedded(norm: nil, unfolded: unfolded, patches: patches))
    }
    let normal = workspace.take(layout.rows, width)
    let saved = embeddingNorm.forward(rows, into: normal, in: workspace)
    return (normal, Embedded(norm: saved, unfolded: unfolded, patches: patches))
  }

  /// The tokens before the patches, and the projected patches, each with its position.
  private func addPositions(
    _ projected: Matrix, _ patches: [[Int32]], _ layout: SequenceLayout, into rows: Matrix
  ) {
    let prefix = prefix
    let before = prefix.count
    let firstPatchPosition = configuration.positionedTokens
    let positions = positionEmbeddings.value
    let isEmbedded = configuration.positions > 0
    Parallel.ranges(patches.count, grain: 4) { pictures in
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
  }

  /// All where pooling needs more than the class token's.
  func rowsRead(_ outputs: OutputRows) -> OutputRows {
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
