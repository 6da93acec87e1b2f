import XlingTensor

/// What makes a picture's vector of its last hidden states, beyond taking one of them: attention of one
/// learned query (SigLIP's head), a norm, a projection.
public final class ImageHead {
  /// Sizes and parts.
  public struct Shape: Sendable, Equatable {
    /// What is taken of the hidden states first.
    public enum Source: Sendable, Equatable {
      case cls
      case mean
      /// The mean of class and distillation token (DeiT).
      case distilled
      /// Attention of a learned query over the patches, and a feed-forward block so wide.
      case attention(intermediate: Int)
    }

    public var source: Source
    /// A norm behind it, timm's `fc_norm`.
    public var hasNorm: Bool
    /// Width of the projection behind all; nil: none.
    public var projection: Int?
    public var hasProjectionBias: Bool

    init(
      _ source: Source, hasNorm: Bool = false, projection: Int? = nil,
      hasProjectionBias: Bool = false
    ) {
      (self.source, self.hasNorm) = (source, hasNorm)
      (self.projection, self.hasProjectionBias) = (projection, hasProjectionBias)
    }
  }

  let shape: Shape
  let attention: AttentionPool?
  let norm: LayerNorm?
  let projection: Linear?

  /// Weights zero, norms one. The configuration has a head.
  init(_ shape: Shape, of configuration: ViTConfiguration) {
    self.shape = shape
    if case .attention(let inner) = shape.source {
      attention = AttentionPool(configuration, intermediate: inner)
    } else {
      attention = nil
    }
    let width = configuration.hiddenSize
    norm =
      shape.hasNorm
      ? LayerNorm(
        "head.norm", width: width, epsilon: configuration.layerNormEpsilon, part: .finalNorm) : nil
    projection = shape.projection.map {
      Linear("head.projection", from: width, to: $0, bias: shape.hasProjectionBias)
    }
  }

  var parameters: [Parameter] {
    (attention?.parameters ?? []) + (norm?.parameters ?? []) + (projection?.parameters ?? [])
  }

  struct Saved {
    /// Before the projection, [pictures, width].
    let pooled: Matrix
    let vectors: Matrix
    let attention: AttentionPool.Saved?
    let norm: LayerNorm.Saved?
  }

  /// hidden [rows, width], all of the batch, into one vector a picture.
  func forward(_ hidden: Matrix, _ rows: PictureRows, in workspace: Workspace) -> Saved {
    var pooled = workspace.take(rows.pictures, hidden.columns)
    let saved: AttentionPool.Saved?
    if let attention {
      saved = attention.forward(hidden, rows, into: pooled, in: workspace)
    } else {
      rows.mean(hidden, of: shape.source, into: pooled)
      saved = nil
    }
    var normSaved: LayerNorm.Saved?
    if let norm {
      let normal = workspace.take(pooled.rows, pooled.columns)
      normSaved = norm.forward(pooled, into: normal, in: workspace)
      pooled = normal
    }
    var vectors = pooled
    if let projection {
      vectors = workspace.take(pooled.rows, projection.outputs)
      projection.forward(pooled, into: vectors)
    }
    return Saved(pooled: pooled, vectors: vectors, attention: saved, norm: normSaved)
  }

  /// From the gradient of the vectors; adds to dHidden [rows, width] when asked.
  func backward(
    _ saved: Saved, _ rows: PictureRows, dVectors: Matrix, addingTo dHidden: Matrix?,
    in workspace: Workspace
  ) {
    var gradient = dVectors
    if let projection {
      let dPooled = workspace.take(saved.pooled.rows, saved.pooled.columns)
      projection.backward(saved.pooled, dy: gradient, dx: dPooled)
      gradient = dPooled
    }
    if let norm, let kept = saved.norm {
      let before = workspace.take(gradient.rows, gradient.columns)
      norm.backward(kept, dy: gradient, dx: before)
      gradient = before
    }
    if let attention, let kept = saved.attention {
      attention.backward(kept, rows, dy: gradient, addingTo: dHidden, in: workspace)
    } else if let dHidden {
      rows.spread(gradient, of: shape.source, addingTo: dHidden)
    }
  }
}
