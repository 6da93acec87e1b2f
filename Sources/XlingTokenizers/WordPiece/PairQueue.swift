/// A binary heap of pairs: highest count first, then the smallest merged piece by bytes, then the
/// smallest ids. Entries may be stale; whoever pops compares with the count of the day.
struct PairQueue {
  struct Entry {
    var count: Int64
    /// Index of the pair.
    let pair: Int32
    /// First eight bytes of the merged piece, big-endian, which decide nearly all ties.
    let prefix: UInt64
  }

  private var entries: [Entry] = []
  private let precedesByPiece: (Int32, Int32) -> Bool

  /// `precedesByPiece` orders two different pairs with equal count and prefix.
  init(precedesByPiece: @escaping (Int32, Int32) -> Bool) { self.precedesByPiece = precedesByPiece }

  private func precedes(_ left: Entry, _ right: Entry) -> Bool {
    if left.count != right.count { return left.count > right.count }
    if left.prefix != right.prefix { return left.prefix < right.prefix }
    return left.pair != right.pair && precedesByPiece(left.pair, right.pair)
  }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var at = entries.count - 1
    while at > 0, precedes(entries[at], entries[(at - 1) / 2]) {
      entries.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  mutating func pop() -> Entry? {
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    if entries.isEmpty { return first }
    entries[0] = last
    var at = 0
    while true {
      var best = at
      for child in [2 * at + 1, 2 * at + 2] where child < entries.count {
        if precedes(entries[child], entries[best]) { best = child }
      }
      if best == at { return first }
      entries.swapAt(at, best)
      at = best
    }
  }
}
