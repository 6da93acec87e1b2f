/// Pairs of symbols by index; their counts.
struct PairTable {
  private struct Slot: BitwiseCopyable {
    var left: Int32 = 0
    var right: Int32 = 0
    /// The index plus one; 0 is empty.
    var entry: Int32 = 0
  }

  private var lefts: [Int32] = []
  private var rights: [Int32] = []
  var counts: [Int64] = []
  /// Never to be merged.
  private(set) var isForbidden: [Bool] = []
  private var slots = [Slot](repeating: Slot(), count: 1 << 12)

  /// The two symbols.
  subscript(pair: Int) -> (left: Int32, right: Int32) { (lefts[pair], rights[pair]) }

  mutating func forbid(_ pair: Int) {
    isForbidden[pair] = true
    counts[pair] = 0
  }

  @inline(__always)
  private func slot(_ left: Int32, _ right: Int32) -> Int {
    let mask = slots.count - 1
    let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    var at = Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
    while slots[at].entry != 0 {
      if slots[at].left == left, slots[at].right == right { break }
      at = (at + 1) & mask
    }
    return at
  }

  func find(_ left: Int32, _ right: Int32) -> Int? {
    let entry = slots[slot(left, right)].entry
    return entry == 0 ? nil : Int(entry) - 1
  }

  /// The pair's index, new or old.
  mutating func insert(_ left: Int32, _ right: Int32) -> Int {
    let at = slot(left, right)
    if slots[at].entry != 0 { return Int(slots[at].entry) - 1 }
    lefts.append(left)
    rights.append(right)
    counts.append(0)
    isForbidden.append(false)
    slots[at] = Slot(left: left, right: right, entry: Int32(lefts.count))
    if lefts.count * 2 > slots.count {
      let old = slots
      slots = [Slot](repeating: Slot(), count: old.count * 2)
      for entry in old where entry.entry != 0 { slots[slot(entry.left, entry.right)] = entry }
    }
    return lefts.count - 1
  }
}
