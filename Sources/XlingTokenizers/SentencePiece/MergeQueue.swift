/// A binary heap of merges in memory of a fixed size.
struct MergeQueue {
  struct Merge: BitwiseCopyable {
    /// Score and place as one number: the greatest goes first.
    let order: UInt64
    /// The left symbol.
    let left: Int32
    /// Bytes of both symbols; a merge whose symbols have other sizes by now is stale.
    let count: Int32
    /// The merged piece: its base in the trie, and its id.
    let base: Int32
    let id: Int32
  }

  private let merges: UnsafeMutablePointer<Merge>
  var count = 0

  init(capacity: Int) { merges = .allocateApart(capacity: capacity) }

  func deallocate() { merges.deallocate() }

  /// Floats as numbers in the same order, -0 equal to 0; the leftmost of equals first.
  @inline(__always)
  static func order(_ score: Float, _ left: Int32) -> UInt64 {
    let bits = (score + 0).bitPattern
    let ascending = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
    return UInt64(ascending) << 32 | UInt64(UInt32.max - UInt32(bitPattern: left))
  }

  @inline(__always)
  mutating func push(_ merge: Merge) {
    var at = count
    count += 1
    while at > 0, merge.order > merges[(at - 1) / 2].order {
      merges[at] = merges[(at - 1) / 2]
      at = (at - 1) / 2
    }
    merges[at] = merge
  }

  @inline(__always)
  mutating func pop() -> Merge? {
    if count == 0 { return nil }
    let first = merges[0]
    count -= 1
    let last = merges[count]
    var at = 0
    while 2 * at + 1 < count {
      var child = 2 * at + 1
      if child + 1 < count, merges[child + 1].order > merges[child].order { child += 1 }
      if merges[child].order <= last.order { break }
      merges[at] = merges[child]
      at = child
    }
    merges[at] = last
    return first
  }
}
