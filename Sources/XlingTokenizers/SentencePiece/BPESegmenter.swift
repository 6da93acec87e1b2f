/// Merges adjacent symbols, the highest score first and the leftmost of equals, until no two make
/// a piece (Sennrich et al. 2016; `bpe_model.cc` of the reference). Buffers for one thread.
final class BPESegmenter {
  /// Owns what `vocabulary` reads.
  private let owner: SentencePieceVocabulary
  private let vocabulary: SentencePieceVocabulary.Reader
  private let trie: ScoredTrie.Reader
  private let hasReserved: Bool

  private struct Symbol: BitwiseCopyable {
    var previous: Int32
    var next: Int32
    let start: Int32
    /// 0 when merged away.
    var count: Int32
    /// Id of its piece, or -1.
    var id: Int32
    /// Base in the trie behind the symbol's bytes, or -1 when no piece begins with them.
    var base: Int32
    /// User-defined symbols are never merged.
    let isFrozen: Bool
  }

  @exclusivity(unchecked) private var symbols: UnsafeMutablePointer<Symbol>
  @exclusivity(unchecked) private var symbolCount = 0
  @exclusivity(unchecked) private var queue: MergeQueue
  /// Bytes that there is room for.
  @exclusivity(unchecked) private var capacity = 64
  /// How unused pieces came about, by id: bytes of their left part.
  @exclusivity(unchecked) private var leftCounts: [Int32: Int32] = [:]
  /// Room for one token a byte.
  @exclusivity(unchecked) private var found: UnsafeMutablePointer<ChunkToken>
  @exclusivity(unchecked) private var foundCount = 0
  private let padding = CacheLinePadding()

  /// The last segmentation; valid until the next one.
  var tokens: UnsafeBufferPointer<ChunkToken> {
    UnsafeBufferPointer(start: found, count: foundCount)
  }

  init(_ vocabulary: SentencePieceVocabulary) {
    owner = vocabulary
    self.vocabulary = vocabulary.reader
    trie = vocabulary.trie.reader
    hasReserved = !vocabulary.reserved.isEmpty
    symbols = .allocateApart(capacity: capacity)
    queue = MergeQueue(capacity: 3 * capacity)
    found = .allocateApart(capacity: capacity)
  }

  deinit {
    symbols.deallocate()
    found.deallocate()
    queue.deallocate()
  }

  func segment(_ chunk: UnsafeBufferPointer<UInt8>) {
    if chunk.count > capacity { grow(chunk.count) }
    let symbols = symbols
    split(chunk)
    queue.count = 0
    if vocabulary.isUnused != nil { leftCounts.removeAll(keepingCapacity: true) }
    for index in 1..<max(1, symbolCount) { offer(Int32(index - 1), chunk) }
    while let merge = queue.pop() {
      let left = symbols[Int(merge.left)]
      guard left.count > 0, left.next >= 0 else { continue }
      let right = symbols[Int(left.next)]
      guard left.count + right.count == merge.count else { continue }
      symbols[Int(left.next)].count = 0
      symbols[Int(merge.left)].count = merge.count
      symbols[Int(merge.left)].id = merge.id
      symbols[Int(merge.left)].base = merge.base
      symbols[Int(merge.left)].next = right.next
      if right.next >= 0 { symbols[Int(right.next)].previous = merge.left }
      if left.previous >= 0 { offer(left.previous, chunk) }
      offer(merge.left, chunk)
    }
    foundCount = 0
    var at: Int32 = symbolCount == 0 ? -1 : 0
    while at >= 0 {
      let symbol = symbols[Int(at)]
      emit(Int(symbol.start)..<Int(symbol.start + symbol.count), symbol.id, chunk)
      at = symbol.next
    }
  }

  /// There is at most one symbol a byte, and at most two merges are queued for each that is made.
  private func grow(_ bytes: Int) {
    capacity = max(bytes, 2 * capacity)
    symbols.deallocate()
    queue.deallocate()
    found.deallocate()
    found = .allocateApart(capacity: capacity)
    symbols = .allocateApart(capacity: capacity)
    queue = MergeQueue(capacity: 3 * capacity)
  }

  private func split(_ chunk: UnsafeBufferPointer<UInt8>) {
    let text = chunk.baseAddress.unsafelyUnwrapped
    var (at, index) = (0, 0)
    while at < chunk.count {
      var count = min(chunk.count - at, UTF8Scalar.length(text[at]))
      var isFrozen = false
      if let symbols = vocabulary.symbols,
        let length = SentencePieceNormalizer.longest(symbols, text, at, chunk.count)
      {
        count = length
        isFrozen = true
      }
      var base = trie.root
      let id = walk(text, at..<at + count, &base)
      symbols[index] = Symbol(
        previous: Int32(index) - 1, next: at + count < chunk.count ? Int32(index) + 1 : -1,
        start: Int32(at), count: Int32(count), id: id ?? -1, base: id == nil ? -1 : Int32(base),
        isFrozen: isFrozen)
      at += count
      index += 1
    }
    symbolCount = index
  }

  /// Follows bytes in the trie: the id of the piece that ends with them, or -1; nil when no piece
  /// goes on with them.
  @inline(__always)
  private func walk(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ base: inout Int
  ) -> Int32? {
    var last: UInt32?
    for at in range {
      guard let unit = trie.step(&base, text[at]) else { return nil }
      last = unit
    }
    return last.map { trie.id($0, base) }
  }

  /// Queues the merge of a symbol with the next one, if they make a piece.
  @inline(__always)
  private func offer(_ index: Int32, _ chunk: UnsafeBufferPointer<UInt8>) {
    let left = symbols[Int(index)]
    guard left.next >= 0, !left.isFrozen, left.base >= 0 else { return }
    let right = symbols[Int(left.next)]
    if right.isFrozen { return }
    var base = Int(left.base)
    let range = Int(right.start)..<Int(right.start + right.count)
    guard let id = walk(chunk.baseAddress.unsafelyUnwrapped, range, &base), id >= 0 else { return }
    if let isUnused = vocabulary.isUnused, isUnused[Int(id)] { leftCounts[id] = left.count }
    queue.push(
      MergeQueue.Merge(
        order: MergeQueue.order(vocabulary.scores[Int(id)], index), left: index,
        count: left.count + right.count, base: Int32(base), id: id))
  }

  /// An unused piece is taken apart into what made it, again and again.
  private func emit(_ range: Range<Int>, _ id: Int32, _ chunk: UnsafeBufferPointer<UInt8>) {
    if let isUnused = vocabulary.isUnused, id >= 0, isUnused[Int(id)],
      let left = leftCounts[id].map(Int.init)
    {
      let middle = range.lowerBound + left
      for part in [range.lowerBound..<middle, middle..<range.upperBound] {
        var base = trie.root
        emit(part, walk(chunk.baseAddress.unsafelyUnwrapped, part, &base) ?? -1, chunk)
      }
      return
    }
    var id = id
    if id < 0 {
      id = vocabulary.unknownId
      if hasReserved, let known = owner.reserved[Array(chunk[range])] {
        id = known
      }
    }
    found[foundCount] = ChunkToken(id: id, end: Int32(range.upperBound), score: 0)
    foundCount += 1
  }
}
