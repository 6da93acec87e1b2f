import Foundation
import XlingCore
import XlingTensor

/// Normalized pictures of a batch: [pictures, 3, size, size], planar.
public struct PictureBatch {
  public let pixels: UnsafePointer<Float>
  public let count: Int
  /// The patches given to the encoder, by index in row-major order, picture by picture; nil means
  /// all. Leaving out background patches saves time in pretraining (PatchDropout, Liu et al. 2022).
  public let patches: [[Int32]]?

  public init(pixels: UnsafePointer<Float>, count: Int, patches: [[Int32]]? = nil) {
    self.pixels = pixels
    self.count = count
    self.patches = patches
  }

  /// `count` pictures of `size` values each, which `fill` writes to memory of `workspace`.
  public init(
    _ count: Int, of size: Int, in workspace: Workspace,
    fill: (UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    let pixels = workspace.floats(count * size)
    try fill(pixels)
    self.init(pixels: pixels, count: count)
  }
}

/// ViT (Dosovitskiy et al. 2021): pre-LN, learned positions, the CLS token after the final norm.
public final class ImageTower: Tower {
  public let configuration: ViTConfiguration
  public let encoder: Encoder
  public let classToken: Parameter
  /// DeiT's second token; nil elsewhere.
  public let distillationToken: Parameter?
  public let positionEmbeddings: Parameter
  public let patchWeight: Parameter
  public let patchBias: Parameter
  public let finalNorm: LayerNorm

  /// Weights zero, norms one: call ``initialize(seed:deviation:)`` or load a checkpoint.
  public init(_ configuration: ViTConfiguration) {
    self.configuration = configuration
    let width = configuration.hiddenSize
    let embedding = ParameterRole(.embedding)
    classToken = Parameter("embeddings.cls_token", [1, 1, width], role: embedding)
    distillationToken =
      configuration.hasDistillationToken
      ? Parameter("embeddings.distillation_token", [1, 1, width], role: embedding) : nil
    positionEmbeddings = Parameter(
      "embeddings.position_embeddings", [1, configuration.positions, width], role: embedding)
    patchWeight = Parameter(
      "embeddings.patch_embeddings.projection.weight",
      [width, configuration.channels, configuration.patchSize, configuration.patchSize],
      role: embedding)
    patchBias = Parameter(
      "embeddings.patch_embeddings.projection.bias", [width],
      role: ParameterRole(.embedding, isBias: true))
    finalNorm = LayerNorm(
      "layernorm", width: width, epsilon: configuration.layerNormEpsilon, part: .finalNorm)
    encoder = Encoder(layers: [], width: width)
    for index in 0..<configuration.layers {
      encoder.append(makeLayer(named: "encoder.layer.\(index)").placed(at: index))
    }
  }

  public func makeLayer(named name: String) -> EncoderLayer {
    EncoderLayer(
      name, names: .vit(name), arrangement: .preNorm, shape: configuration.layerShape)
  }

  private var embeddingParameters: [Parameter] {
    [classToken] + (distillationToken.map { [$0] } ?? [])
      + [positionEmbeddings, patchWeight, patchBias]
  }

  /// What stands before the patches: CLS, then DeiT's distillation token.
  private var prefix: [Parameter] { [classToken] + (distillationToken.map { [$0] } ?? []) }

  /// The row of the position table for the first patch.
  private var firstPatchPosition: Int { configuration.positions - configuration.patches }

  public var outerParameters: [Parameter] { embeddingParameters + finalNorm.parameters }

  private var embeddingsTrained: Bool { embeddingParameters.contains(where: \.isTrainable) }
  private var patchProjection: Linear { Linear(weight: patchWeight, bias: patchBias) }

  /// What one forward pass leaves behind.
  public struct Activations {
    public let encoder: Encoder.Activations
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
    let before = prefix.count
    let layout = SequenceLayout(lengths: patches.map { $0.count + before })
    let unfolded = unfold(batch, patches, workspace)
    let projected = workspace.take(unfolded.rows, width)
    patchProjection.forward(unfolded, into: projected)
    let rows = workspace.take(layout.rows, width)
    let positions = positionEmbeddings.value
    Parallel.ranges(batch.count, grain: 4) { pictures in
      for picture in pictures {
        let start = Int(layout.offsets[picture])
        for (index, token) in prefix.enumerated() {
          let out = rows.row(start + index)
          out.update(from: token.value, count: width)
          guard configuration.hasPrefixPositions else { continue }
          for column in 0..<width { out[column] += positions[index * width + column] }
        }
        for (index, patch) in patches[picture].enumerated() {
          let source = projected.row(start - picture * before + index)
          let place = positions + (Int(patch) + firstPatchPosition) * width
          let out = rows.row(start + before + index)
          for column in 0..<width { out[column] = source[column] + place[column] }
        }
      }
    }
    let rowDropout = dropout?.rows(of: layout)
    rowDropout?.embeddings()?.apply(to: rows)
    let activations = encoder.forward(
      rows, layout, reading: outputs, dropout: dropout, in: workspace, training: training,
      embeddingsTrained: embeddingsTrained)
    return Activations(
      encoder: activations, unfolded: unfolded, patches: patches, dropout: rowDropout)
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

  /// What pooling leaves behind: the CLS rows before the norm.
  public struct Pooled {
    /// [pictures, width]
    public let vectors: Matrix
    let norm: LayerNorm.Saved
  }

  /// The CLS tokens after the final LayerNorm, after a pass that read all rows or the first ones.
  public func pool(_ activations: Activations, in workspace: Workspace) -> Pooled {
    let tokens = activations.encoder.firstRows(in: workspace)
    let vectors = workspace.take(tokens.rows, width)
    return Pooled(
      vectors: vectors, norm: finalNorm.forward(tokens, into: vectors, in: workspace))
  }

  /// Every token after the final LayerNorm, [rows, width].
  public func normalized(_ activations: Activations, in workspace: Workspace) -> Matrix {
    let out = workspace.take(activations.hidden.rows, width)
    _ = finalNorm.forward(activations.hidden, into: out, in: workspace)
    return out
  }

  /// From the gradient of the pooled vectors, [pictures, width].
  public func backward(
    _ activations: Activations, _ pooled: Pooled, dPooled: Matrix, in workspace: Workspace
  ) {
    let deeper = embeddingsTrained || encoder.lowestTrained != nil
    let dTokens = deeper ? workspace.take(dPooled.rows, width) : nil
    finalNorm.backward(pooled.norm, dy: dPooled, dx: dTokens)
    guard let dTokens else { return }
    let dRows = encoder.backward(
      activations.encoder,
      dHidden: activations.encoder.spread(dFirst: dTokens, in: workspace),
      toEmbeddings: embeddingsTrained, in: workspace)
    guard let dRows else { return }
    activations.dropout?.embeddings()?.apply(to: dRows)
    embeddingsBackward(activations, dRows, workspace)
  }

  package func embeddingsBackward(
    _ activations: Activations, _ dRows: Matrix, _ workspace: Workspace
  ) {
    let layout = activations.encoder.inputLayout
    let dProjected = workspace.take(activations.unfolded.rows, width)
    let before = prefix.count
    func add(_ row: Matrix, to gradient: UnsafeMutablePointer<Float>?, at place: Int) {
      guard let gradient else { return }
      Elementwise.add(row, to: Matrix(gradient + place * width, rows: 1, columns: width))
    }
    for (picture, patches) in activations.patches.enumerated() {
      let start = Int(layout.offsets[picture])
      for (index, token) in prefix.enumerated() {
        let row = dRows.slice(rows: start + index..<start + index + 1)
        add(row, to: token.gradient, at: 0)
        if configuration.hasPrefixPositions {
          add(row, to: positionEmbeddings.gradient, at: index)
        }
      }
      for (index, patch) in patches.enumerated() {
        let row = dRows.slice(rows: start + before + index..<start + before + 1 + index)
        add(row, to: positionEmbeddings.gradient, at: Int(patch) + firstPatchPosition)
        dProjected.row(start - picture * before + index).update(from: row.pointer, count: width)
      }
    }
    patchProjection.backward(activations.unfolded, dy: dProjected, dx: nil)
  }
}
