import CKernels

/// A token of a short stretch of text, with its place there in scalars and in bytes.
struct PlacedToken: Equatable {
  var id: Int32
  var startScalar: Int32
  var endScalar: Int32
  var startByte: Int32
  var endByte: Int32
}

/// The tokens of stretches of raw text that came before, by their bytes. A table of slots, found by
/// hash, that doubles when it fills; and one block of entries in the order of their coming, which is
/// how a text that comes again reads them. When there is no room for one more, all are forgotten.
///
/// An entry: byte 0 the key's length, 1 the tokens, 2 the key's scalars, 3 the unknown tokens;
/// 4...7 what the caller keeps with it; the key, zeros up to a whole eight bytes; tokens of 8 bytes:
/// id, start and end in scalars, start and end in bytes.
struct WordCache {
  static let maximumKey = 40
  /// Of one or two threads.
  static let usualLimit = 32 << 20
  private static let smallestTable = 1 << 12
  /// Bits of a slot that are the entry's place.
  private static let placeBits: UInt32 = 22

  private struct State {
    /// A hash's lowest bits are the slot that a search begins at. A slot is 0, or its highest bits are
    /// the hash's highest, and the others one more than the entry's place in words of eight bytes.
    var slots: UnsafeMutablePointer<UInt32>
    var mask: Int
    var count = 0
    let maximumSlots: Int
    /// Its pages are taken as they are written to.
    let entries: UnsafeMutableRawPointer
    var used = 0
    let capacity: Int
  }

  /// In memory of its own, so that copies of this value are the same cache.
  private let state: UnsafeMutablePointer<State>

  /// `limit`: the most bytes that it takes: an eighth for slots, the rest for entries.
  init(limit: Int) {
    precondition((4096...Self.usualLimit).contains(limit), "a cache of \(limit) bytes")
    let power = 1 << (Int.bitWidth - 1 - (limit / 32).leadingZeroBitCount)
    let slots = min(power, Self.smallestTable)
    let capacity = limit - limit / 8
    state = .allocateApart(capacity: 1)
    state.initialize(
      to: State(
        slots: Self.emptySlots(slots), mask: slots - 1, maximumSlots: power,
        entries: .allocate(byteCount: capacity, alignment: CacheLinePadding.byteCount),
        capacity: capacity))
  }

  private static func emptySlots(_ count: Int) -> UnsafeMutablePointer<UInt32> {
    let slots = UnsafeMutablePointer<UInt32>.allocateApart(capacity: count)
    slots.initialize(repeating: 0, count: count)
    return slots
  }

  func deallocate() {
    state.pointee.slots.deallocate()
    state.pointee.entries.deallocate()
    state.deallocate()
  }

  /// What each of several threads may take: all together 64 MB, but none less than 4 MB.
  static func limit(threads: Int) -> Int {
    min(usualLimit, max(4 << 20, (64 << 20) / threads))
  }

  /// The memory that it takes now.
  var byteCount: Int { (state.pointee.mask + 1) * 4 + state.pointee.used }

  /// The hash of a key; reads up to 7 bytes behind it, unless `readable` (from `key` to the end of
  /// the text) forbids.
  @inline(__always)
  static func hash(_ key: UnsafePointer<UInt8>, _ count: Int, readable: Int) -> UInt64 {
    var hash = emptyHash
    var at = 0
    while at < count {
      hash = mix(hash, word(key + at, count - at, readable: readable - at))
      at += 8
    }
    return hash
  }

  static let emptyHash: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// The hash of a key and eight bytes more, zeros behind its end. All bits count for all bits.
  @inline(__always)
  static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word).multipliedFullWidth(by: 0x9fb2_1c65_1e98_df25)
    return product.high ^ product.low
  }

  /// Up to eight bytes, zeros above `count`.
  @inline(__always)
  static func word(_ bytes: UnsafePointer<UInt8>, _ count: Int, readable: Int) -> UInt64 {
    if readable >= 8 {
      let word = UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self)
      return count >= 8 ? word : word & ((1 << UInt64(8 * count)) - 1)
    }
    var word: UInt64 = 0
    for at in 0..<min(count, 8) { word |= UInt64(bytes[at]) << UInt64(8 * at) }
    return word
  }

  /// The key's entry, or nil. It holds until the next is kept.
  @inline(__always)
  func find(
    _ hash: UInt64, _ key: UnsafePointer<UInt8>, _ count: Int, readable: Int
  ) -> UnsafeRawPointer? {
    let (slots, mask) = (state.pointee.slots, state.pointee.mask)
    let tag = Self.tag(hash)
    var at = Int(truncatingIfNeeded: hash) & mask
    while slots[at] != 0 {
      if (slots[at] ^ tag) >> Self.placeBits == 0 {
        let entry = self.entry(slots[at])
        if Self.holds(entry, key, count, readable) { return entry }
      }
      at = (at + 1) & mask
    }
    return nil
  }

  /// Has the slot that a search for a hash begins at brought near.
  @inline(__always)
  func approachSlot(_ hash: UInt64) {
    xk_prefetch(state.pointee.slots + Int(truncatingIfNeeded: hash) & state.pointee.mask)
  }

  /// The same for the entry that this slot names.
  @inline(__always)
  func approachEntry(_ hash: UInt64) {
    let slot = state.pointee.slots[Int(truncatingIfNeeded: hash) & state.pointee.mask]
    if slot != 0 { xk_prefetch(entry(slot)) }
  }

  /// The bits of a hash in its slot.
  @inline(__always)
  private static func tag(_ hash: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: hash >> 32) & ~((1 << placeBits) - 1)
  }

  @inline(__always)
  private func entry(_ slot: UInt32) -> UnsafeRawPointer {
    UnsafeRawPointer(state.pointee.entries) + Int(slot & ((1 << Self.placeBits) - 1)) * 8 - 8
  }

  @inline(__always)
  private static func holds(
    _ entry: UnsafeRawPointer, _ key: UnsafePointer<UInt8>, _ count: Int, _ readable: Int
  ) -> Bool {
    guard entry.load(as: UInt8.self) == UInt8(truncatingIfNeeded: count) else { return false }
    var at = 0
    repeat {
      let word = Self.word(key + at, count - at, readable: readable - at)
      if entry.load(fromByteOffset: 8 + at, as: UInt64.self) != word { return false }
      at += 8
    } while at < count
    return true
  }

  /// What an entry takes.
  private static func bytes(key count: Int, tokens: Int) -> Int {
    8 + (count + 7) & ~7 + 8 * tokens
  }

  /// Where the tokens of an entry begin, whose key has `count` bytes.
  @inline(__always)
  static func tokens(_ entry: UnsafeRawPointer, key count: Int) -> UnsafeRawPointer {
    entry + 8 + (count + 7) & ~7
  }

  /// Keeps a key that is not there yet; one that is too long, or has too many tokens, is not kept.
  func insert(
    _ hash: UInt64, _ key: UnsafePointer<UInt8>, _ count: Int, scalars: Int, unknowns: Int,
    note: UInt32 = 0, _ tokens: UnsafeBufferPointer<PlacedToken>
  ) {
    guard count <= Self.maximumKey, tokens.count <= Int(UInt8.max) else { return }
    let start = place(hash, Self.bytes(key: count, tokens: tokens.count))
    let header = UInt64(count) | UInt64(tokens.count) << 8 | UInt64(scalars) << 16
    start.storeBytes(
      of: header | UInt64(unknowns) << 24 | UInt64(note) << 32, as: UInt64.self)
    var at = start + 8
    for read in stride(from: 0, to: count, by: 8) {
      at.storeBytes(of: Self.word(key + read, count - read, readable: 0), as: UInt64.self)
      at += 8
    }
    for token in tokens {
      let places =
        UInt32(token.startScalar) | UInt32(token.endScalar) << 8 | UInt32(token.startByte) << 16
        | UInt32(token.endByte) << 24
      at.storeBytes(of: token.id, as: Int32.self)
      at.storeBytes(of: places, toByteOffset: 4, as: UInt32.self)
      at += 8
    }
  }

  /// Room for an entry, which its slot already names.
  private func place(_ hash: UInt64, _ bytes: Int) -> UnsafeMutableRawPointer {
    let state = state
    if 8 * state.pointee.count > 5 * state.pointee.mask, !growTable() { forget() }
    if state.pointee.used + bytes > state.pointee.capacity { forget() }
    let place = state.pointee.used
    state.pointee.used += bytes
    state.pointee.count += 1
    name(hash, place)
    return state.pointee.entries + place
  }

  private func forget() {
    state.pointee.slots.update(repeating: 0, count: state.pointee.mask + 1)
    state.pointee.count = 0
    state.pointee.used = 0
  }

  /// Fills a slot for the entry at `place`.
  private func name(_ hash: UInt64, _ place: Int) {
    let (slots, mask) = (state.pointee.slots, state.pointee.mask)
    var at = Int(truncatingIfNeeded: hash) & mask
    while slots[at] != 0 { at = (at + 1) & mask }
    slots[at] = Self.tag(hash) | UInt32(place / 8 + 1)
  }

  /// False where the table has its greatest size.
  private func growTable() -> Bool {
    let count = 2 * (state.pointee.mask + 1)
    if count > state.pointee.maximumSlots { return false }
    state.pointee.slots.deallocate()
    state.pointee.slots = Self.emptySlots(count)
    state.pointee.mask = count - 1
    var place = 0
    while place < state.pointee.used {
      let entry = state.pointee.entries + place
      let length = Int(entry.load(as: UInt8.self))
      let key = UnsafeRawPointer(entry + 8).assumingMemoryBound(to: UInt8.self)
      name(Self.hash(key, length, readable: length + 7), place)
      place += Self.bytes(key: length, tokens: Int(entry.load(fromByteOffset: 1, as: UInt8.self)))
    }
    return true
  }
}
