import XlingTensor

extension EncoderLayer {
  /// Which dense layers of a layer add biases.
  public struct Biases: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let query = Biases(rawValue: 1)
    public static let key = Biases(rawValue: 2)
    public static let value = Biases(rawValue: 4)
    public static let attentionOutput = Biases(rawValue: 8)
    /// All dense layers of the feed-forward block.
    public static let feedForward = Biases(rawValue: 16)

    public static let all: Biases = [.query, .key, .value, .attentionOutput, .feedForward]
    public static let none: Biases = []
  }

  /// Sizes and forms that all layers of one tower share.
  public struct Shape: Sendable, Equatable {
    public var width: Int
    public var heads: Int
    /// Heads of keys and values, each shared by as many heads of queries as there are to one of them
    /// (grouped-query attention, Ainslie et al. 2023).
    public var keyValueHeads: Int
    /// Of one head; width / heads unless told otherwise.
    public var headWidth: Int
    public var intermediateWidth: Int
    public var epsilon: Float
    public var norm = LayerNorm.Form.centred
    public var biases = Biases.all
    public var activation: Activation
    /// The feed-forward's inner numbers are multiplied by what another dense layer gives (GEGLU, SwiGLU;
    /// Shazeer 2020).
    public var isGated = false
    /// Dropout comes before the feed-forward's last dense layer too (T5).
    public var dropsInside = false
    /// What scores are multiplied by; nil: 1 / sqrt(headWidth).
    public var scale: Float?
    /// Factors of each branch (Touvron et al. 2021); only in pre-LN layers.
    public var hasLayerScale = false

    public init(
      width: Int, heads: Int, intermediateWidth: Int, epsilon: Float,
      activation: Activation = .gelu
    ) {
      self.width = width
      self.heads = heads
      keyValueHeads = heads
      headWidth = width / heads
      self.intermediateWidth = intermediateWidth
      self.epsilon = epsilon
      self.activation = activation
    }
  }
}
