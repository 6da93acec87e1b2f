/// What a parameter is to its model, as whoever makes it says. Names are what checkpoints say.
public struct ParameterRole: Sendable, Equatable {
  public enum Part: Sendable, Equatable {
    /// Tables, positions, patches, what stands before a sequence.
    case embedding
    /// Dense layers and tables of an attention block.
    case attention
    /// Dense layers of a feed-forward block.
    case feedForward
    case norm
    /// The norm behind a tower's last layer.
    case finalNorm
    /// Factors of a residual branch.
    case scale
    /// Between a tower and the common space.
    case head
    case other
  }

  public enum Side: Sendable, Equatable { case text, image }

  public var part: Part
  /// Added to every row.
  public var isBias: Bool
  /// The tower's layer as it was pretrained, from 0; nil outside.
  public var layer: Int?
  /// The side of a model of two towers, its head included; nil of what both share.
  public var side: Side?
  /// Not of the pretrained tower: a method put it there.
  public var isInserted = false

  public init(_ part: Part = .other, isBias: Bool = false, layer: Int? = nil) {
    self.part = part
    self.isBias = isBias
    self.layer = layer
  }
}
