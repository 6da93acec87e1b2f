/// Sizes and parts of an ``ImageHead``.
public struct ImageHeadShape: Sendable, Equatable {
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
