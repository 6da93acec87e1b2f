/// Merges the neighbours of lowest rank, the leftmost of equals, until none merge (Sennrich et al.
/// 2016), as tokenizers 0.23.3 does. Buffers for one thread.
final class MergeSegmenter {
  /// Owns what the readers read.
  private let vocabulary: MergeVocabulary
  private let merges: MergeTable.Reader

  /// A symbol: the id of its piece, and its bytes.
  private struct Symbol: BitwiseCopyable {
    var id: Int32
    /// 0 when it was merged away.
    var count: Int32
    /// Of the merge with the next symbol: its rank, or -1, and what comes of it.
    var rank: Int32 = -1
    var merged: Int32 = 0
    var previous: Int32 = -1
    var next: Int32 = -1
  }

  @exclusivity(unchecked) private var symbols: UnsafeMutablePointer<Symbol>
  @exclusivity(unchecked) private var queue: MergeQueue
  @exclusivity(unchecked) private var capacity = 64
  @exclusivity(unchecked) private var count = 0
  /// Up to so many symbols are searched for the lowest rank one by one.
  private static let short = 24
  private let padding = CacheLinePadding()

  init(_ vocabulary: MergeVocabulary) {
    self.vocabulary = vocabulary
    merges = vocabulary.merges.reader
    symbols = .allocateApart(capacity: capacity)
    queue = MergeQueue(capacity: 3 * capacity)
  }

  deinit {
    symbols.deallocate()
    queue.deallocate()
  }

  /// The piece of what nothing stands for.
  var unknown: Int32? { vocabulary.unknown }

  /// Calls `take` with each token's id and the bytes that it covers. `word` is well-formed and not
  /// empty.
  @inline(__always)
  func segment(_ word: UnsafeBufferPointer<UInt8>, _ take: (Int32, Range<Int>) -> Void) {
    if let id = vocabulary.whole?.id(of: word) { return take(id, 0..<word.count) }
    begin(word)
    if count <= Self.short { mergeFew() } else { mergeMany() }
    var (at, start) = (count == 0 ? -1 : 0, 0)
    while at >= 0 {
      let symbol = symbols[at]
      take(symbol.id, start..<start + Int(symbol.count))
      start += Int(symbol.count)
      at = Int(symbol.next)
    }
  }

  private func begin(_ word: UnsafeBufferPointer<UInt8>) {
    if word.count > capacity {
      capacity = max(word.count, 2 * capacity)
      symbols.deallocate()
      queue.deallocate()
      symbols = .allocateApart(capacity: capacity)
      queue = MergeQueue(capacity: 3 * capacity)
    }
    count = 0
    guard let text = word.baseAddress else { return }
    var unknownBytes: Int32 = 0
    switch vocabulary.alphabet {
    case .bytes(let all, let last):
      // A byte without a piece, as every scalar without one, is unknown or left out.
      for at in 0..<word.count {
        let id = (at == word.count - 1 ? last : all)[Int(text[at])]
        if id >= 0 { append(id, 1, &unknownBytes) } else { appendUnknown(1, &unknownBytes) }
      }
    case .scalars(let table, let fallback):
      var at = 0
      while at < word.count {
        let (scalar, length) = UTF8Scalar.decode(text, at, word.count)
        let id = table[scalar]
        if id >= 0 {
          append(id, Int32(truncatingIfNeeded: length), &unknownBytes)
        } else if let fallback {
          for byte in at..<at + length { append(fallback[Int(text[byte])], 1, &unknownBytes) }
        } else {
          appendUnknown(Int32(truncatingIfNeeded: length), &unknownBytes)
        }
        at += length
      }
    }
    flushUnknown(&unknownBytes)
    if count > 0 { symbols[count - 1].next = -1 }
  }

  @inline(__always)
  private func append(_ id: Int32, _ bytes: Int32, _ unknownBytes: inout Int32) {
    flushUnknown(&unknownBytes)
    let at = Int32(truncatingIfNeeded: count)
    symbols[count] = Symbol(id: id, count: bytes, previous: at - 1, next: at + 1)
    count += 1
  }

  private func appendUnknown(_ bytes: Int32, _ unknownBytes: inout Int32) {
    guard vocabulary.unknown != nil else { return }
    if !vocabulary.fusesUnknown { flushUnknown(&unknownBytes) }
    unknownBytes += bytes
  }

  @inline(__always)
  private func flushUnknown(_ unknownBytes: inout Int32) {
    if unknownBytes == 0 { return }
    let bytes = unknownBytes
    unknownBytes = 0
    if let unknown = vocabulary.unknown { append(unknown, bytes, &unknownBytes) }
  }

  /// Symbols stay side by side, and those behind a merge move up.
  private func mergeFew() {
    let symbols = symbols
    for at in 1..<max(1, count) { rank(at - 1, at) }
    while count > 1 {
      var (lowest, place) = (Int32.max, -1)
      for at in 0..<count - 1 where symbols[at].rank >= 0 && symbols[at].rank < lowest {
        (lowest, place) = (symbols[at].rank, at)
      }
      if place < 0 { break }
      symbols[place].id = symbols[place].merged
      symbols[place].count += symbols[place + 1].count
      for at in place + 1..<count - 1 { symbols[at] = symbols[at + 1] }
      count -= 1
      symbols[place].rank = -1
      if place + 1 < count { rank(place, place + 1) }
      if place > 0 { rank(place - 1, place) }
    }
    for at in 0..<count {
      symbols[at].next = at + 1 < count ? Int32(truncatingIfNeeded: at + 1) : -1
    }
  }

  @inline(__always)
  private func rank(_ left: Int, _ right: Int) {
    let (rank, id) = merges.find(symbols[left].id, symbols[right].id)
    symbols[left].rank = rank
    symbols[left].merged = id
  }

  private func mergeMany() {
    let symbols = symbols
    queue.count = 0
    for at in 1..<count { offer(Int32(truncatingIfNeeded: at - 1)) }
    while let merge = queue.pop() {
      let at = Int(merge.left)
      let left = symbols[at]
      guard left.count > 0, left.next >= 0 else { continue }
      let right = symbols[Int(left.next)]
      guard left.count + right.count == merge.count else { continue }
      symbols[Int(left.next)].count = 0
      symbols[at].id = merge.id
      symbols[at].count = merge.count
      symbols[at].next = right.next
      if right.next >= 0 { symbols[Int(right.next)].previous = merge.left }
      if left.previous >= 0 { offer(left.previous) }
      offer(merge.left)
    }
  }

  @inline(__always)
  private func offer(_ index: Int32) {
    let left = symbols[Int(index)]
    guard left.next >= 0 else { return }
    let right = symbols[Int(left.next)]
    let (rank, id) = merges.find(left.id, right.id)
    if rank < 0 { return }
    let order =
      UInt64(UInt32(Int32.max - rank)) << 32 | UInt64(UInt32.max - UInt32(bitPattern: index))
    queue.push(
      MergeQueue.Merge(
        order: order, left: index, count: left.count + right.count, base: 0, id: id))
  }
}
