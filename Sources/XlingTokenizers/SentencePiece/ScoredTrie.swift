/// A ``DoubleArray`` of pieces whose units carry the score of the piece that ends at them, beside
/// the unit: the search for the best path touches one place in memory a byte.
struct ScoredTrie: Sendable {
  /// The unit below, the bits of the score above.
  private let units: ConstantBuffer<UInt64>

  /// `order` holds the indices of different pieces, sorted by bytes; they become the ids.
  init(_ pieces: PieceList, _ order: [Int32], scores: [Float]) {
    let plain = DoubleArrayBuilder.build(pieces, order, values: order)
    var units = plain.map { UInt64($0) }
    for at in plain.indices
    where plain[at] & (DoubleArray.hasValue | DoubleArray.isValue) == DoubleArray.hasValue {
      let id = plain[at ^ DoubleArray.offset(plain[at])] & 0x7FFF_FFFF
      units[at] |= UInt64(scores[Int(id)].bitPattern) << 32
    }
    self.units = ConstantBuffer(units)
  }

  /// The memory it takes.
  var byteCount: Int { units.count * 8 }

  var root: Int { DoubleArray.offset(UInt32(truncatingIfNeeded: units[0])) }

  /// As ``DoubleArray/step(_:_:_:)``.
  @inline(__always)
  func step(_ base: inout Int, _ byte: UInt8) -> UInt64? {
    let at = base ^ Int(byte)
    let unit = units.base[at]
    if UInt32(truncatingIfNeeded: unit) & DoubleArray.labelMask != UInt32(byte) { return nil }
    base = at ^ DoubleArray.offset(UInt32(truncatingIfNeeded: unit))
    return unit
  }

  /// The score of the piece that ends with the unit, if one does.
  @inline(__always)
  static func score(_ unit: UInt64) -> Float? {
    unit & UInt64(DoubleArray.hasValue) == 0
      ? nil : Float(bitPattern: UInt32(truncatingIfNeeded: unit >> 32))
  }

  /// The id of the piece that ends at a base.
  @inline(__always)
  func id(_ base: Int) -> Int32 {
    Int32(truncatingIfNeeded: units.base[base] & 0x7FFF_FFFF)
  }
}
