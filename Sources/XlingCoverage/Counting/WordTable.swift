import Foundation

/// The word types of a text with what a tokenizer does to each: exactly up to ``limit`` types, beyond it a
/// sample that depends on the set of types alone. Of the hashes of all types those whose first `level` bits
/// are 0 stay (adaptive sampling: Wegman 1984, Flajolet 1990); what is in the sample is counted exactly. So
/// neither the order of words nor the number of threads changes what comes out.
final class WordTable {
  /// Types, at most.
  static let limit = 1 << 18

  struct Entry: BitwiseCopyable {
    var hash: UInt64
    var occurrences: Int
    /// Where its bytes begin in the arena; at most ``keptBytes`` of them are there.
    var offset: UInt32
    var length: UInt32
    var measure: WordMeasure
  }

  /// Words beyond are told apart by their hash, their length, and their beginning.
  static let keptBytes = 255

  private(set) var entries: [Entry] = []
  private var arena: [UInt8] = []
  /// By slot, an entry's number plus one; 0 for none.
  private var slots: [UInt32] = Array(repeating: 0, count: 1 << 10)
  /// Bits that have to be 0.
  private(set) var level = 0
  let limit: Int

  init(limit: Int = WordTable.limit) { self.limit = limit }

  func removeAll() {
    entries.removeAll(keepingCapacity: entries.count <= 1 << 14)
    arena.removeAll(keepingCapacity: arena.count <= 1 << 18)
    slots = Array(repeating: 0, count: 1 << 10)
    level = 0
  }

  @inline(__always)
  func isSampled(_ hash: UInt64) -> Bool { level == 0 || hash >> UInt64(64 - level) == 0 }

  func word(_ entry: Entry) -> ArraySlice<UInt8> {
    arena[Int(entry.offset)..<Int(entry.offset) + min(Int(entry.length), Self.keptBytes)]
  }

  /// Counts the word and tells its measure; nil where it is not there yet.
  @inline(__always)
  func count(_ word: UnsafeRawBufferPointer, _ hash: UInt64, times: Int = 1) -> WordMeasure? {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let number = slots[slot]
      if number == 0 { return nil }
      if holds(Int(number) - 1, word, hash) {
        return entries.withUnsafeMutableBufferPointer { entries in
          entries[Int(number) - 1].occurrences += times
          return entries[Int(number) - 1].measure
        }
      }
      slot = (slot + 1) & mask
    }
  }

  @inline(__always)
  private func holds(_ number: Int, _ word: UnsafeRawBufferPointer, _ hash: UInt64) -> Bool {
    let entry = entries[number]
    guard entry.hash == hash, entry.length == UInt32(truncatingIfNeeded: word.count) else {
      return false
    }
    guard let bytes = word.baseAddress else { return true }
    return arena.withUnsafeBytes { arena in
      guard let kept = arena.baseAddress else { return false }
      return memcmp(kept + Int(entry.offset), bytes, min(word.count, Self.keptBytes)) == 0
    }
  }

  /// Takes a sampled word that is not there yet.
  func insert(
    _ word: UnsafeRawBufferPointer, _ hash: UInt64, _ measure: WordMeasure, occurrences: Int = 1
  ) {
    let offset = UInt32(truncatingIfNeeded: arena.count)
    arena.append(contentsOf: word.prefix(Self.keptBytes))
    entries.append(
      Entry(
        hash: hash, occurrences: occurrences, offset: offset,
        length: UInt32(truncatingIfNeeded: word.count), measure: measure))
    if entries.count > limit {
      sampleFewer()
    } else if 2 * entries.count > slots.count {
      fill(4 * slots.count)
    } else {
      place(entries.count - 1)
    }
  }

  private func place(_ number: Int) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: entries[number].hash) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(number + 1)
  }

  private func fill(_ size: Int) {
    slots = Array(repeating: 0, count: size)
    for number in entries.indices { place(number) }
  }

  private func sampleFewer() {
    while entries.count > limit {
      level += 1
      keepSampled()
    }
  }

  private func keepSampled() {
    var kept: [Entry] = []
    var bytes: [UInt8] = []
    for var entry in entries where isSampled(entry.hash) {
      let word = word(entry)
      entry.offset = UInt32(truncatingIfNeeded: bytes.count)
      bytes.append(contentsOf: word)
      kept.append(entry)
    }
    (entries, arena) = (kept, bytes)
    fill(slots.count)
  }

  /// Takes what another thread counted.
  func merge(_ other: WordTable) {
    if other.level > level {
      level = other.level
      keepSampled()
    }
    for entry in other.entries where isSampled(entry.hash) {
      other.word(entry).withUnsafeBytes { bytes in
        if !add(bytes, entry) {
          insert(bytes, entry)
        }
      }
    }
  }

  private func add(_ bytes: UnsafeRawBufferPointer, _ entry: Entry) -> Bool {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: entry.hash) & mask
    while slots[slot] != 0 {
      let number = Int(slots[slot]) - 1
      if entries[number].hash == entry.hash, entries[number].length == entry.length,
        word(entries[number]).elementsEqual(bytes)
      {
        entries[number].occurrences += entry.occurrences
        return true
      }
      slot = (slot + 1) & mask
    }
    return false
  }

  private func insert(_ bytes: UnsafeRawBufferPointer, _ entry: Entry) {
    // Another level may have come with an entry before.
    guard isSampled(entry.hash) else { return }
    insert(bytes, entry.hash, entry.measure, occurrences: entry.occurrences)
    if entries.last?.hash == entry.hash { entries[entries.count - 1].length = entry.length }
  }

  /// Murmur's finalizer over words of eight bytes (Appleby 2011, public domain).
  @inline(__always)
  static func hash(_ word: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(word.count) &* 0x9e37_79b9_7f4a_7c15
    var at = 0
    while at + 8 <= word.count {
      hash = mix(hash ^ word.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      at += 8
    }
    var rest: UInt64 = 0
    while at < word.count {
      rest = rest << 8 | UInt64(word[at])
      at += 1
    }
    return mix(hash ^ rest)
  }

  @inline(__always)
  private static func mix(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ value >> 33) &* 0xff51_afd7_ed55_8ccd
    value = (value ^ value >> 33) &* 0xc4ce_b9fe_1a85_ec53
    return value ^ value >> 33
  }
}

/// What a tokenizer makes of one word alone.
struct WordMeasure: BitwiseCopyable, Equatable {
  var tokens: UInt32
  var hasUnknown: Bool
  /// Normalization changes more than white space.
  var isChanged: Bool
  /// It has zero width joiners or non-joiners.
  var hasJoiner: Bool
}
