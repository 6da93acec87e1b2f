/// Ids of the tokens that frame, fill and hide text; nil where the vocabulary has none.
public struct SpecialTokens: Sendable, Equatable {
  public var padding: Int32?
  public var unknown: Int32?
  /// Ahead of every framed text, if any (`[CLS]`, `<s>`; T5 has none).
  public var start: Int32?
  /// Behind every framed text, if any (`[SEP]`, `</s>`).
  public var end: Int32?
  public var mask: Int32?

  public init(
    padding: Int32? = nil, unknown: Int32? = nil, start: Int32? = nil, end: Int32? = nil,
    mask: Int32? = nil
  ) {
    self.padding = padding
    self.unknown = unknown
    self.start = start
    self.end = end
    self.mask = mask
  }

  public var all: [Int32] { [padding, unknown, start, end, mask].compactMap { $0 } }

  /// How many tokens frame a text: 0, 1 or 2.
  public var frameCount: Int { (start == nil ? 0 : 1) + (end == nil ? 0 : 1) }
}
