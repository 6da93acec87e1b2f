/// A binary heap of pairs: highest count first, then fewest characters, then the smallest bytes,
/// then the pair that came first. Counts may be stale; whoever pops compares with that of the day.
struct PairQueue {
  struct Entry {
    var count: Int64
    let pair: Int32
    let characters: Int32
    /// First eight bytes of the merged text, big-endian, which decide nearly all ties.
    let prefix: UInt64
  }

  private var entries: [Entry] = []
  private var texts = PieceList()
  /// By pair: where its text is, or -1.
  private var places: [Int32] = []

  /// Queues a pair whose merged text is `text`.
  mutating func push(_ pair: Int32, count: Int64, characters: Int, text: [UInt8]) {
    while places.count <= Int(pair) { places.append(-1) }
    if places[Int(pair)] < 0 {
      places[Int(pair)] = Int32(texts.count)
      texts.append(text)
    }
    let prefix = (0..<8).reduce(UInt64(0)) { prefix, at in
      prefix << 8 | (at < text.count ? UInt64(text[at]) : 0)
    }
    push(Entry(count: count, pair: pair, characters: Int32(characters), prefix: prefix))
  }

  private func precedes(_ left: Entry, _ right: Entry) -> Bool {
    if left.count != right.count { return left.count > right.count }
    if left.characters != right.characters { return left.characters < right.characters }
    if left.prefix != right.prefix { return left.prefix < right.prefix }
    let first = texts[Int(places[Int(left.pair)])]
    let second = texts[Int(places[Int(right.pair)])]
    return first == second ? left.pair < right.pair : first.lexicographicallyPrecedes(second)
  }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var at = entries.count - 1
    while at > 0, precedes(entry, entries[(at - 1) / 2]) {
      entries[at] = entries[(at - 1) / 2]
      at = (at - 1) / 2
    }
    entries[at] = entry
  }

  mutating func pop() -> Entry? {
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    if entries.isEmpty { return first }
    var at = 0
    while 2 * at + 1 < entries.count {
      var child = 2 * at + 1
      if child + 1 < entries.count, precedes(entries[child + 1], entries[child]) { child += 1 }
      if !precedes(entries[child], last) { break }
      entries[at] = entries[child]
      at = child
    }
    entries[at] = last
    return first
  }
}
