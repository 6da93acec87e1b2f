/// Pairs of symbols by index; their counts.
struct PairTable {
  private(set) var lefts: [Int32] = []
  private(set) var rights: [Int32] = []
  var counts: [Int64] = []
  /// Merged already, or never to be.
  private(set) var isForbidden: [Bool] = []
  /// Index plus one; 0 is empty.
  private var slots = [Int32](repeating: 0, count: 1 << 12)

  mutating func forbid(_ pair: Int) {
    isForbidden[pair] = true
    counts[pair] = 0
  }

  @inline(__always)
  private func slot(_ left: Int32, _ right: Int32) -> Int {
    let mask = slots.count - 1
    let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    var at = Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
    while slots[at] != 0 {
      let pair = Int(slots[at]) - 1
      if lefts[pair] == left, rights[pair] == right { break }
      at = (at + 1) & mask
    }
    return at
  }

  func find(_ left: Int32, _ right: Int32) -> Int? {
    let entry = slots[slot(left, right)]
    return entry == 0 ? nil : Int(entry) - 1
  }

  /// The pair's index, new or old.
  mutating func insert(_ left: Int32, _ right: Int32) -> Int {
    let at = slot(left, right)
    if slots[at] != 0 { return Int(slots[at]) - 1 }
    lefts.append(left)
    rights.append(right)
    counts.append(0)
    isForbidden.append(false)
    slots[at] = Int32(lefts.count)
    if lefts.count * 2 > slots.count {
      slots = [Int32](repeating: 0, count: slots.count * 2)
      for pair in lefts.indices { slots[slot(lefts[pair], rights[pair])] = Int32(pair + 1) }
    }
    return lefts.count - 1
  }
}
