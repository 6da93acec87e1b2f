/// All pieces of a vocabulary in one trie over bytes; transitions live in one open-addressing
/// table keyed by (node, byte), so a step is one multiplication and usually one load.
struct PieceTrie: Sendable {
  /// Key (node << 8 | byte) plus 1 in the upper half, so that 0 is empty; child below.
  private var slots: [UInt64]
  private var used = 0
  /// Id of the piece that ends at a node, or -1.
  private(set) var ids: [Int32] = [-1]

  static let root: Int32 = 0

  init() { slots = [UInt64](repeating: 0, count: 1 << 12) }

  private static func slot(_ key: UInt32, _ mask: Int) -> Int {
    Int((UInt64(key) &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
  }

  /// The node behind `byte`, or -1.
  @inline(__always)
  func child(of node: Int32, _ byte: UInt8) -> Int32 {
    let key = UInt32(bitPattern: node) << 8 | UInt32(byte)
    let mask = slots.count - 1
    var at = Self.slot(key, mask)
    while true {
      let entry = slots[at]
      if entry == 0 { return -1 }
      if UInt32(truncatingIfNeeded: entry >> 32) == key &+ 1 {
        return Int32(truncatingIfNeeded: entry & 0xFFFF_FFFF)
      }
      at = (at + 1) & mask
    }
  }

  /// The node of a text, or -1 when no piece begins with it.
  func node(of bytes: some Sequence<UInt8>) -> Int32 {
    var node = Self.root
    for byte in bytes {
      node = child(of: node, byte)
      if node < 0 { return -1 }
    }
    return node
  }

  /// Returns the id that was there before, or -1.
  mutating func insert(_ bytes: some Sequence<UInt8>, id: Int32) -> Int32 {
    var node = Self.root
    for byte in bytes {
      let next = child(of: node, byte)
      if next >= 0 {
        node = next
      } else {
        ids.append(-1)
        precondition(ids.count < 1 << 24, "a trie holds at most 16 million nodes")
        let made = Int32(ids.count - 1)
        add(UInt32(bitPattern: node) << 8 | UInt32(byte), made)
        node = made
      }
    }
    let before = ids[Int(node)]
    ids[Int(node)] = id
    return before
  }

  private mutating func add(_ key: UInt32, _ child: Int32) {
    if used * 2 >= slots.count { grow() }
    place(UInt64(key &+ 1) << 32 | UInt64(UInt32(bitPattern: child)))
    used += 1
  }

  private mutating func place(_ entry: UInt64) {
    let mask = slots.count - 1
    var at = Self.slot(UInt32(truncatingIfNeeded: entry >> 32) &- 1, mask)
    while slots[at] != 0 { at = (at + 1) & mask }
    slots[at] = entry
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt64](repeating: 0, count: old.count * 2)
    for entry in old where entry != 0 { place(entry) }
  }
}
