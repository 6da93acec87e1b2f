/// What the offsets of tokens count in the original text.
public enum OffsetUnit: String, Sendable, CaseIterable { case scalars, bytes }

/// One encoded text. Reused for text after text, its buffers keep their capacity.
public struct Encoding: Sendable, Equatable {
  /// One id a token.
  public var ids: [Int32] = []
  /// For each token where the text it came from starts, in the original text. Characters that
  /// were removed inside a word are spanned; accents dropped at its end are not.
  public var starts: [Int32] = []
  /// For each token where that text ends (exclusive).
  public var ends: [Int32] = []
  /// Unknown tokens (before truncation): for WordPiece, words that it cannot spell.
  public var unknownCount = 0
  /// Tokens cut off at the end.
  public var truncatedCount = 0
  /// The surface of tokens that are not their id's piece (SentencePiece's unknown runs). Everything
  /// else is spelt by its piece.
  public var surfaces = Surfaces()

  public init() {}

  public var count: Int { ids.count }

  /// The surface of a token that is not spelt by its piece; nil for all others.
  public func surface(of token: Int) -> [UInt8]? { surfaces[token] }

  public var spans: [Range<Int>] { ids.indices.map { Int(starts[$0])..<Int(ends[$0]) } }

  /// Empties the encoding and keeps its buffers.
  public mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    surfaces.removeAll()
    unknownCount = 0
    truncatedCount = 0
  }

  @inline(__always)
  public mutating func append(_ id: Int32, _ start: Int32, _ end: Int32) {
    ids.append(id)
    starts.append(start)
    ends.append(end)
  }

  /// Cuts tokens off at the end until `count` are left, and counts them.
  public mutating func truncate(to count: Int) {
    let surplus = ids.count - count
    if surplus <= 0 { return }
    ids.removeLast(surplus)
    starts.removeLast(surplus)
    ends.removeLast(surplus)
    surfaces.remove(from: count)
    truncatedCount += surplus
  }
}
