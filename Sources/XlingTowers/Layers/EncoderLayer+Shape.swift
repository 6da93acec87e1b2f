import XlingTensor

extension EncoderLayer {
  /// Sizes and forms that all layers of one tower share.
  public struct Shape: Sendable, Equatable {
    public let width: Int
    public let heads: Int
    public let intermediateWidth: Int
    public let epsilon: Float
    public let queryBias: Bool
    public let activation: GELU
    public let hasLayerScale: Bool
    /// Of one head; width / heads unless told otherwise, as T5's configurations may.
    public let headWidth: Int
    /// RMSNorms, dense layers without biases, scores that are not scaled, a gated feed-forward (T5 as
    /// of version 1.1, mT5).
    public let isT5: Bool

    public init(
      width: Int, heads: Int, intermediateWidth: Int, epsilon: Float, queryBias: Bool = true,
      activation: GELU = .erf, hasLayerScale: Bool = false, headWidth: Int? = nil,
      isT5: Bool = false
    ) {
      self.width = width
      self.heads = heads
      self.intermediateWidth = intermediateWidth
      self.epsilon = epsilon
      self.queryBias = queryBias && !isT5
      self.activation = activation
      self.hasLayerScale = hasLayerScale
      self.headWidth = headWidth ?? width / heads
      self.isT5 = isT5
    }
  }
}
