/// Byte strings, each once, numbered in the order of their first coming.
struct ByteTable: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// Index plus one; 0 is empty.
  private var slots = [Int32](repeating: 0, count: 1 << 12)

  var count: Int { ends.count }

  subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  /// FNV-1a, then folded, since the low bits pick the slot.
  private static func hash(_ text: some Sequence<UInt8>) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 32)
  }

  private func slot(of text: some Collection<UInt8>) -> Int {
    let mask = slots.count - 1
    var at = Self.hash(text) & mask
    while slots[at] != 0, !self[Int(slots[at]) - 1].elementsEqual(text) { at = (at + 1) & mask }
    return at
  }

  func index(of text: some Collection<UInt8>) -> Int? {
    let entry = slots[slot(of: text)]
    return entry == 0 ? nil : Int(entry) - 1
  }

  /// The text's index, new or old.
  mutating func insert(_ text: some Collection<UInt8>) -> Int {
    let at = slot(of: text)
    if slots[at] != 0 { return Int(slots[at]) - 1 }
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
    slots[at] = Int32(ends.count)
    if ends.count * 2 > slots.count { grow() }
    return ends.count - 1
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: slots.count * 2)
    for index in ends.indices { slots[slot(of: self[index])] = Int32(index + 1) }
  }
}
