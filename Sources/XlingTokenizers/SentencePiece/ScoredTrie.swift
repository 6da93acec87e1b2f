/// A trie of pieces with their ids and scores, in one array of 32-bit units: bits 0-7 are the label
/// of a node, bit 8 marks what is no node. From the node with base b, the byte c leads to unit b ^ c,
/// provided that this unit's label is c.
///
/// A leaf (bit 9) has its piece's id in its own unit, bits 11-31; where the piece goes on all the same,
/// these say where the rest of it is (bit 10), the id behind it: what only one piece has is compared in
/// one place, without a unit a byte. Other nodes have in bits 12-31 what their unit's index must be
/// combined with to give the base (bit 11: times 256); a piece that ends at one of them (bit 10) has its
/// id in the unit at the base. That is half the memory of a unit with room for both, at one more access
/// for a piece that goes on.
struct ScoredTrie: Sendable {
  private let units: ConstantBuffer<UInt32>
  /// ``DoubleArrayBuilder/tails``
  private let tails: ConstantBuffer<UInt8>
  private let scores: ConstantBuffer<Float>
  private let root: Int
  /// Set for the search of Unigram, which begins at every character of a text.
  private var firstScalars: FirstScalars?

  /// More pieces than this have no room in the units.
  static let maximumCount = 1 << 21

  /// Bits that must be the byte looked for: the label, and that of a node.
  fileprivate static let nodeMask: UInt32 = 0x1FF
  private static let isNoNode: UInt32 = 0x100
  fileprivate static let isLeaf: UInt32 = 0x200
  /// Of leaves that a tail goes on from.
  fileprivate static let hasTail: UInt32 = 0x400
  /// Of other nodes.
  fileprivate static let hasId: UInt32 = 0x400
  fileprivate static let isFar: UInt32 = 0x800

  /// A base that no byte leads on from.
  fileprivate static let deadEnd = 0
  /// Marks a base that is a place in the tails, the next byte's.
  fileprivate static let inTail = 1 << 30

  /// `order` holds the indices of different pieces, ``maximumCount`` at most, sorted by bytes; they
  /// become the ids.
  init(_ pieces: PieceList, _ order: [Int32], scores: ConstantBuffer<Float>) {
    precondition(pieces.count <= Self.maximumCount, "\(pieces.count) pieces")
    let built = DoubleArrayBuilder(pieces, order, values: order, layout: .leaves)
    self.scores = scores
    root = Int(built.units[0].base)
    tails = ConstantBuffer(built.tails)
    units = ConstantBuffer(count: built.count) { units in
      for at in 0..<built.count { units[at] = Self.unit(built.units[at], at) }
    }
  }

  private static func unit(_ built: DoubleArrayBuilder.Unit, _ at: Int) -> UInt32 {
    let value = UInt32(bitPattern: built.value)
    switch built.kind {
    case .free: return isNoNode
    case .value: return isNoNode | value << 11
    case .leaf: return UInt32(built.label) | isLeaf | value << 11
    case .tail: return UInt32(built.label) | isLeaf | hasTail | value << 11
    case .inner:
      let relative = UInt32(truncatingIfNeeded: at) ^ built.base
      return UInt32(built.label) | (built.value < 0 ? 0 : hasId)
        | (relative < DoubleArrayBuilder.Layout.leaves.near
          ? relative << 12 : relative << 4 | isFar)
    }
  }

  /// The memory it takes.
  var byteCount: Int { units.byteCount + tails.byteCount + (firstScalars?.byteCount ?? 0) }

  /// As ``Reader/first(_:_:)`` needs it to be quick.
  mutating func learnFirstScalars() { firstScalars = FirstScalars(reader) }

  /// Valid while this value lives.
  var reader: Reader {
    Reader(
      units: units.base, tails: tails.base, scores: scores.base, root: root,
      firstScalars: firstScalars?.reader)
  }

  struct Reader: BitwiseCopyable {
    fileprivate let units: UnsafePointer<UInt32>
    fileprivate let tails: UnsafePointer<UInt8>
    /// By id. Frequent pieces have small ids, so that most look-ups are in a few pages.
    let scores: UnsafePointer<Float>
    /// The root's base.
    let root: Int
    fileprivate let firstScalars: FirstScalars.Reader?
  }
}

extension ScoredTrie.Reader {
  /// Steps from `base` by one byte; on success `base` is the child's and its unit comes back.
  /// Every base lies in the array, whose size is a multiple of 256, hence so does every probe.
  @inline(__always)
  func step(_ base: inout Int, _ byte: UInt8) -> UInt32? {
    if base & ScoredTrie.inTail != 0 { return stepInTail(&base, byte) }
    let at = base ^ Int(byte)
    let unit = units[at]
    if unit & ScoredTrie.nodeMask != UInt32(byte) { return nil }
    if unit & ScoredTrie.isLeaf != 0 {
      base =
        unit & ScoredTrie.hasTail != 0
        ? Int(unit >> 11) | ScoredTrie.inTail : ScoredTrie.deadEnd
    } else {
      base = at ^ Int((unit >> 12) << ((unit & ScoredTrie.isFar) >> 8))
    }
    return unit
  }

  /// What comes back is what a node's unit would be.
  @inline(__always)
  private func stepInTail(_ base: inout Int, _ byte: UInt8) -> UInt32? {
    let place = tails + (base ^ ScoredTrie.inTail)
    if place[0] != byte { return nil }
    // The next byte, or 0 and the id.
    let next = UnsafeRawPointer(place + 1).loadUnaligned(as: UInt32.self)
    if next & 0xFF != 0 {
      base += 1
      return 0
    }
    base = ScoredTrie.deadEnd
    return ScoredTrie.isLeaf | (next >> 8) << 11
  }

  /// The id of the piece that ends with a unit that was stepped to, whose base is given; -1 when
  /// none does.
  @inline(__always)
  func id(_ unit: UInt32, _ base: Int) -> Int32 {
    switch unit & (ScoredTrie.isLeaf | ScoredTrie.hasId) {
    case ScoredTrie.isLeaf: Int32(truncatingIfNeeded: unit >> 11)
    case ScoredTrie.hasId: Int32(truncatingIfNeeded: units[base] >> 11)
    default: -1
    }
  }

  /// Where the first character leads, of `length` bytes, and the id of the piece that it is by
  /// itself, or -1. Where no piece begins with it, nothing leads on from the base.
  @inline(__always)
  func first(_ text: UnsafePointer<UInt8>, _ length: Int) -> (base: Int, id: Int32) {
    if let firstScalars {
      switch length {
      case 1 where text[0] < 0x80: return firstScalars[UInt32(text[0])]
      case 2 where text[0] >= 0xC2 && text[1] & 0xC0 == 0x80:
        return firstScalars[UInt32(text[0] & 0x1F) << 6 | UInt32(text[1] & 0x3F)]
      case 3 where text[1] & 0xC0 == 0x80 && text[2] & 0xC0 == 0x80:
        let high = UInt32(text[0] & 0x0F) << 6 | UInt32(text[1] & 0x3F)
        if high >= 0x20 { return firstScalars[high << 6 | UInt32(text[2] & 0x3F)] }
      default: break
      }
    }
    var base = root
    var id: Int32 = -1
    for at in 0..<length {
      guard let unit = step(&base, text[at]) else { return (ScoredTrie.deadEnd, -1) }
      if at == length - 1 { id = self.id(unit, base) }
    }
    return (base, id)
  }
}
