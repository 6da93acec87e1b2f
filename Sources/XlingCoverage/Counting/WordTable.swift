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
    /// ICU's words in it, and of how many occurrences they are counted.
    var parts: WordParts
    var broken: Int
    /// Of how many occurrences its tokens are counted.
    var tallied: Int
  }

  /// Words beyond are told apart by their hash, their length, and their beginning.
  static let keptBytes = 255

  // Plain memory: a word of text costs one look here, and arrays would check and count references in each.
  @exclusivity(unchecked) private var kept = Grown<Entry>(capacity: 1 << 9)
  @exclusivity(unchecked) private var arena = Grown<UInt8>(capacity: 1 << 13)
  /// By slot, an entry's number plus one; 0 for none.
  @exclusivity(unchecked) private var slots = Grown<UInt32>(zeros: 1 << 10)
  /// Bits that have to be 0.
  @exclusivity(unchecked) private(set) var level = 0
  let limit: Int

  /// Valid until a word is taken.
  var entries: UnsafeBufferPointer<Entry> { kept.elements }

  init(limit: Int = WordTable.limit) { self.limit = limit }

  deinit {
    kept.deallocate()
    arena.deallocate()
    slots.deallocate()
  }

  func removeAll() {
    kept.removeAll(keeping: 1 << 14)
    arena.removeAll(keeping: 1 << 18)
    slots.deallocate()
    slots = Grown(zeros: 1 << 10)
    level = 0
  }

  @inline(__always)
  func isSampled(_ hash: UInt64) -> Bool { level == 0 || hash >> UInt64(64 - level) == 0 }

  /// Valid until a word is taken.
  @inline(__always)
  func word(_ entry: Entry) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: arena.base + Int(entry.offset), count: min(Int(entry.length), Self.keptBytes))
  }

  /// Counts the word and tells its measure; nil where it is not there yet.
  @inline(__always)
  func count(_ word: UnsafeRawBufferPointer, _ hash: UInt64, times: Int = 1) -> WordMeasure? {
    guard let number = number(word, hash) else { return nil }
    kept.base[number].occurrences += times
    return kept.base[number].measure
  }

  /// Counts a stretch between white space; its ICU words if `breaking`, and its tokens if `tallying`, are to be
  /// settled from then on.
  @inline(__always)
  func count(
    _ word: UnsafeRawBufferPointer, _ hash: UInt64, breaking: Bool, tallying: Bool
  ) -> (WordMeasure, WordParts)? {
    guard let number = number(word, hash) else { return nil }
    let entry = kept.base + number
    entry.pointee.occurrences += 1
    if !breaking { entry.pointee.broken += 1 }
    if !tallying { entry.pointee.tallied += 1 }
    return (entry.pointee.measure, entry.pointee.parts)
  }

  /// Takes the ICU words of a stretch that is there, which were counted for one occurrence.
  func keep(_ parts: WordParts, of word: UnsafeRawBufferPointer, _ hash: UInt64) {
    guard let number = number(word, hash) else { return }
    kept.base[number].parts = parts
    kept.base[number].broken += 1
  }

  /// The measure of a word that is there; it is not counted.
  func measure(_ word: UnsafeRawBufferPointer, _ hash: UInt64) -> WordMeasure? {
    number(word, hash).map { kept[$0].measure }
  }

  @inline(__always)
  private func number(_ word: UnsafeRawBufferPointer, _ hash: UInt64) -> Int? {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let number = slots[slot]
      if number == 0 { return nil }
      if holds(Int(number) - 1, word, hash) { return Int(number) - 1 }
      slot = (slot + 1) & mask
    }
  }

  /// Whether one more would leave some out.
  var isFull: Bool { kept.count >= limit }

  /// Gives stretches that came again since their ICU words or their tokens were counted, and how often; from
  /// now on they have been. `body` takes no word here. Rethrows.
  func settle(
    _ body: (UnsafeRawBufferPointer, _ unbroken: Int, _ untallied: Int) throws -> Void
  ) rethrows {
    for number in 0..<kept.count {
      let entry = kept[number]
      let (unbroken, untallied) = (
        entry.occurrences - entry.broken, entry.occurrences - entry.tallied
      )
      if unbroken == 0, untallied == 0 { continue }
      kept.base[number].broken = entry.occurrences
      kept.base[number].tallied = entry.occurrences
      if entry.length <= Self.keptBytes { try body(word(entry), unbroken, untallied) }
    }
  }

  @inline(__always)
  private func holds(_ number: Int, _ word: UnsafeRawBufferPointer, _ hash: UInt64) -> Bool {
    guard kept.base[number].hash == hash,
      kept.base[number].length == UInt32(truncatingIfNeeded: word.count)
    else { return false }
    guard let bytes = word.baseAddress else { return true }
    return memcmp(
      arena.base + Int(kept.base[number].offset), bytes, min(word.count, Self.keptBytes)) == 0
  }

  /// Takes a sampled word that is not there yet; its tokens are to be settled if `tallying`.
  func insert(
    _ word: UnsafeRawBufferPointer, _ hash: UInt64, _ measure: WordMeasure,
    _ parts: WordParts = .unasked, occurrences: Int = 1, tallying: Bool = false
  ) {
    let offset = UInt32(truncatingIfNeeded: arena.count)
    arena.append(word.prefix(Self.keptBytes))
    kept.append(
      Entry(
        hash: hash, occurrences: occurrences, offset: offset,
        length: UInt32(truncatingIfNeeded: word.count), measure: measure, parts: parts,
        broken: occurrences, tallied: tallying ? 0 : occurrences))
    if kept.count > limit {
      sampleFewer()
    } else if 2 * kept.count > slots.count {
      fill(4 * slots.count)
    } else {
      place(kept.count - 1)
    }
  }

  private func place(_ number: Int) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: kept.base[number].hash) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(number + 1)
  }

  private func fill(_ size: Int) {
    slots.deallocate()
    slots = Grown(zeros: size)
    for number in 0..<kept.count { place(number) }
  }

  private func sampleFewer() {
    while kept.count > limit {
      level += 1
      keepSampled()
    }
  }

  private func keepSampled() {
    var fewer = Grown<Entry>(capacity: kept.count / 2 + 1)
    var bytes = Grown<UInt8>(capacity: arena.count / 2 + 1)
    for var entry in entries where isSampled(entry.hash) {
      let word = word(entry)
      entry.offset = UInt32(truncatingIfNeeded: bytes.count)
      bytes.append(word[...])
      fewer.append(entry)
    }
    kept.deallocate()
    arena.deallocate()
    (kept, arena) = (fewer, bytes)
    fill(slots.count)
  }

  /// Takes what another thread counted.
  func merge(_ other: WordTable) {
    if other.level > level {
      level = other.level
      keepSampled()
    }
    for entry in other.entries where isSampled(entry.hash) {
      let bytes = other.word(entry)
      if !add(bytes, entry) { insert(bytes, entry) }
    }
  }

  private func add(_ bytes: UnsafeRawBufferPointer, _ entry: Entry) -> Bool {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: entry.hash) & mask
    while slots[slot] != 0 {
      let number = Int(slots[slot]) - 1
      if kept.base[number].hash == entry.hash, kept.base[number].length == entry.length,
        word(kept[number]).elementsEqual(bytes)
      {
        kept.base[number].occurrences += entry.occurrences
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
    let last = kept.count - 1
    if last >= 0, kept.base[last].hash == entry.hash { kept.base[last].length = entry.length }
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
