/// Byte strings, each once, numbered in the order of their first coming.
struct ByteTable: Sendable {
  private(set) var list = PieceList()
  /// Index plus one and bits of the hash, which spare most looks at other strings; 0 is empty.
  private var slots = [Slot](repeating: Slot(), count: 1 << 12)

  private struct Slot: BitwiseCopyable {
    var entry: Int32 = 0
    var hash: UInt32 = 0
  }

  var count: Int { list.count }

  /// The memory that it takes.
  var byteCount: Int { list.bytes.count + 4 * list.count + slots.count * MemoryLayout<Slot>.stride }

  subscript(index: Int) -> ArraySlice<UInt8> { list[index] }

  /// Eight bytes at a time, mixed so that all bits count; the low ones pick the slot.
  private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var hash = UInt64(truncatingIfNeeded: text.count) &* 0x9e37_79b9_7f4a_7c15
    let raw = UnsafeRawBufferPointer(text)
    var at = 0
    while at < raw.count {
      var word: UInt64 = 0
      if at + 8 <= raw.count {
        word = raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      } else {
        for byte in raw[at...].reversed() { word = word << 8 | UInt64(byte) }
      }
      let product = (hash ^ word).multipliedFullWidth(by: 0x9fb2_1c65_1e98_df25)
      hash = product.high ^ product.low &+ 0x9e37_79b9_7f4a_7c15
      at += 8
    }
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
  }

  private func slot(of text: UnsafeBufferPointer<UInt8>, _ hash: UInt32) -> Int {
    list.bytes.withUnsafeBufferPointer { bytes in
      let mask = slots.count - 1
      var at = Int(hash) & mask
      while slots[at].entry != 0 {
        if slots[at].hash == hash {
          let other = UnsafeBufferPointer(rebasing: bytes[list.range(Int(slots[at].entry) - 1)])
          if other.count == text.count, other.elementsEqual(text) { return at }
        }
        at = (at + 1) & mask
      }
      return at
    }
  }

  func index(of text: some Collection<UInt8>) -> Int? {
    let entry = Self.contiguous(text) { slots[slot(of: $0, Self.hash($0))].entry }
    return entry == 0 ? nil : Int(entry) - 1
  }

  /// The text's index, new or old.
  mutating func insert(_ text: some Collection<UInt8>) -> Int {
    Self.contiguous(text) { text in
      let hash = Self.hash(text)
      let at = slot(of: text, hash)
      if slots[at].entry != 0 { return Int(slots[at].entry) - 1 }
      list.append(text)
      slots[at] = Slot(entry: Int32(list.count), hash: hash)
      if list.count * 2 > slots.count { grow() }
      return list.count - 1
    }
  }

  private static func contiguous<Result>(
    _ text: some Collection<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    text.withContiguousStorageIfAvailable(body) ?? Array(text).withUnsafeBufferPointer(body)
  }

  private mutating func grow() {
    let old = slots
    slots = [Slot](repeating: Slot(), count: old.count * 2)
    let mask = slots.count - 1
    for entry in old where entry.entry != 0 {
      var at = Int(entry.hash) & mask
      while slots[at].entry != 0 { at = (at + 1) & mask }
      slots[at] = entry
    }
  }
}
