/// A trie of pieces with their ids and scores, in one array of 64-bit units: bits 0-7 the label,
/// bits 8-31 the id of the piece that ends there plus one, or 0; above them the base. From the node
/// with base b, the byte c leads to unit b ^ c, provided that this unit's label is c.
struct ScoredTrie: Sendable {
  private let units: ConstantBuffer<UInt64>
  /// By id. Frequent pieces have small ids, so that most look-ups are in a few pages.
  let scores: ConstantBuffer<Float>
  /// Set for the search of Unigram, which begins at every character of a text.
  private var firstScalars: FirstScalars?
  private static let rootUnit = 0

  /// More pieces than this have no room in the units.
  static let maximumCount = 1 << 24 - 1

  /// `order` holds the indices of different pieces, sorted by bytes; they become the ids.
  init(_ pieces: PieceList, _ order: [Int32], scores: ConstantBuffer<Float>) {
    let built = DoubleArrayBuilder(pieces, order, values: order, layout: .beside)
    self.scores = scores
    units = ConstantBuffer(count: built.count) { units in
      for at in 0..<built.count {
        let unit = built.units[at]
        units[at] =
          UInt64(unit.label) | UInt64(UInt32(bitPattern: unit.value + 1)) << 8
          | UInt64(unit.base) << 32
      }
    }
  }

  /// The memory it takes.
  var byteCount: Int { units.count * 8 }

  var root: Int { Int(truncatingIfNeeded: units[Self.rootUnit] >> 32) }

  /// Steps from `base` by one byte; on success `base` is the child's and its unit comes back.
  /// Every base lies in the array, whose size is a multiple of 256, hence so does every probe.
  @inline(__always)
  func step(_ base: inout Int, _ byte: UInt8) -> UInt64? {
    let unit = units.base[base ^ Int(byte)]
    if UInt8(truncatingIfNeeded: unit) != byte { return nil }
    base = Int(truncatingIfNeeded: unit >> 32)
    return unit
  }

  /// The id of the piece that ends with the unit; -1 when none does.
  @inline(__always)
  static func id(_ unit: UInt64) -> Int32 {
    Int32(truncatingIfNeeded: unit >> 8 & 0xFF_FFFF) - 1
  }

  /// As ``first(_:_:)`` needs it to be quick.
  mutating func learnFirstScalars() { firstScalars = FirstScalars(self) }

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
    var last: UInt64 = 0
    for at in 0..<length {
      guard let unit = step(&base, text[at]) else { return (0, -1) }
      last = unit
    }
    return (base, Self.id(last))
  }
}
