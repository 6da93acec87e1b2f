/// A trie over bytes in one array of 32-bit units (Aoe 1989; the layout is that of Darts-clone,
/// since normalization rules come in it). From the node with base b, the byte c leads to unit
/// b ^ c, provided that this unit's label is c; its base is then (b ^ c) ^ offset. A node that ends
/// a key has bit 8 set and its value in the unit at its base.
enum DoubleArray {
  /// What distinguishes a unit: its label, and bit 31, which marks values.
  static let labelMask: UInt32 = 0x8000_00FF
  static let hasValue: UInt32 = 0x100
  static let isValue: UInt32 = 0x8000_0000

  @inline(__always)
  static func offset(_ unit: UInt32) -> Int {
    Int((unit >> 10) << ((unit & 0x200) >> 6))
  }

  /// The root's base.
  @inline(__always)
  static func root(_ units: UnsafePointer<UInt32>) -> Int { offset(units[0]) }

  /// Steps from `base` by one byte; on success `base` is the child's and its unit comes back.
  /// Every base lies in the array, whose size is a multiple of 256, hence so does every probe.
  @inline(__always)
  static func step(
    _ units: UnsafePointer<UInt32>, _ base: inout Int, _ byte: UInt8
  ) -> UInt32? {
    let at = base ^ Int(byte)
    let unit = units[at]
    if unit & labelMask != UInt32(byte) { return nil }
    base = at ^ offset(unit)
    return unit
  }

  /// The value of a node that has one.
  @inline(__always)
  static func value(_ units: UnsafePointer<UInt32>, _ base: Int) -> Int32 {
    Int32(truncatingIfNeeded: units[base] & 0x7FFF_FFFF)
  }

  /// The value of a whole key.
  static func value(
    _ units: UnsafePointer<UInt32>, of key: UnsafeBufferPointer<UInt8>
  ) -> Int32? {
    var base = root(units)
    var last: UInt32 = 0
    for byte in key {
      guard let unit = step(units, &base, byte) else { return nil }
      last = unit
    }
    return last & hasValue != 0 ? value(units, base) : nil
  }
}
