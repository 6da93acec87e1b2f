/// Merges adjacent symbols, the highest score first and the leftmost of equals, until no two make
/// a piece (Sennrich et al. 2016; `bpe_model.cc` of the reference). Buffers for one thread.
final class BPESegmenter {
  private let vocabulary: SentencePieceVocabulary

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

  private struct Merge: BitwiseCopyable {
    /// Score and place as one number: the greatest goes first.
    let order: UInt64
    let left: Int32
    let count: Int32
    let id: Int32
    let base: Int32
  }

  private var symbols: [Symbol] = []
  private var queue: [Merge] = []
  /// How unused pieces came about, by id: bytes of their left part.
  private var leftCounts: [Int32: Int32] = [:]
  private(set) var tokens: [ChunkToken] = []

  init(_ vocabulary: SentencePieceVocabulary) { self.vocabulary = vocabulary }

  func segment(_ chunk: UnsafeBufferPointer<UInt8>) {
    split(chunk)
    queue.removeAll(keepingCapacity: true)
    leftCounts.removeAll(keepingCapacity: true)
    for index in symbols.indices.dropLast() { offer(Int32(index), chunk) }
    while let merge = pop() {
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
    tokens.removeAll(keepingCapacity: true)
    var at: Int32 = symbols.isEmpty ? -1 : 0
    while at >= 0 {
      let symbol = symbols[Int(at)]
      emit(Int(symbol.start)..<Int(symbol.start + symbol.count), symbol.id, chunk)
      at = symbol.next
    }
  }

  private func split(_ chunk: UnsafeBufferPointer<UInt8>) {
    symbols.removeAll(keepingCapacity: true)
    let text = chunk.baseAddress.unsafelyUnwrapped
    var at = 0
    while at < chunk.count {
      var count = min(chunk.count - at, UTF8Scalars.length(text[at]))
      var isFrozen = false
      if let symbols = vocabulary.symbols,
        let length = SentencePieceNormalizer.longest(symbols.base, text, at, chunk.count)
      {
        count = length
        isFrozen = true
      }
      var (base, id) = (DoubleArray.root(vocabulary.trie.base), Int32(-1))
      let isPrefix = walk(chunk, at..<at + count, &base, &id)
      let index = Int32(symbols.count)
      symbols.append(
        Symbol(
          previous: index - 1, next: at + count < chunk.count ? index + 1 : -1, start: Int32(at),
          count: Int32(count), id: id, base: isPrefix ? Int32(base) : -1, isFrozen: isFrozen))
      at += count
    }
  }

  /// Follows bytes in the trie; false when no piece goes on with them. `id` becomes that of the
  /// piece that ends there.
  @inline(__always)
  private func walk(
    _ chunk: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ base: inout Int, _ id: inout Int32
  ) -> Bool {
    let units = vocabulary.trie.base
    var last: UInt32 = 0
    for at in range {
      guard let unit = DoubleArray.step(units, &base, chunk[at]) else { return false }
      last = unit
    }
    if last & DoubleArray.hasValue != 0 { id = DoubleArray.value(units, base) }
    return true
  }

  /// Queues the merge of a symbol with the next one, if they make a piece.
  private func offer(_ index: Int32, _ chunk: UnsafeBufferPointer<UInt8>) {
    let left = symbols[Int(index)]
    guard left.next >= 0, !left.isFrozen, left.base >= 0 else { return }
    let right = symbols[Int(left.next)]
    if right.isFrozen { return }
    var (base, id) = (Int(left.base), Int32(-1))
    let range = Int(right.start)..<Int(right.start + right.count)
    guard walk(chunk, range, &base, &id), id >= 0 else { return }
    if !vocabulary.isUnused.isEmpty, vocabulary.isUnused[Int(id)] { leftCounts[id] = left.count }
    push(
      Merge(
        order: Self.order(vocabulary.scores[Int(id)], index), left: index,
        count: left.count + right.count, id: id, base: Int32(base)))
  }

  /// Floats as numbers in the same order, -0 equal to 0.
  private static func order(_ score: Float, _ left: Int32) -> UInt64 {
    let bits = (score + 0).bitPattern
    let ascending = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
    return UInt64(ascending) << 32 | UInt64(UInt32.max - UInt32(bitPattern: left))
  }

  /// An unused piece is taken apart into what made it, again and again.
  private func emit(_ range: Range<Int>, _ id: Int32, _ chunk: UnsafeBufferPointer<UInt8>) {
    if id >= 0, !vocabulary.isUnused.isEmpty, vocabulary.isUnused[Int(id)],
      let left = leftCounts[id].map(Int.init)
    {
      let middle = range.lowerBound + left
      for part in [range.lowerBound..<middle, middle..<range.upperBound] {
        var (base, partId) = (DoubleArray.root(vocabulary.trie.base), Int32(-1))
        _ = walk(chunk, part, &base, &partId)
        emit(part, partId, chunk)
      }
      return
    }
    var id = id
    if id < 0 {
      id = vocabulary.unknownId
      if !vocabulary.reserved.isEmpty, let known = vocabulary.reserved[Array(chunk[range])] {
        id = known
      }
    }
    tokens.append(ChunkToken(id: id, end: Int32(range.upperBound), score: 0))
  }

  private func push(_ merge: Merge) {
    var at = queue.count
    queue.append(merge)
    queue.withUnsafeMutableBufferPointer { queue in
      while at > 0, queue[at].order > queue[(at - 1) / 2].order {
        queue.swapAt(at, (at - 1) / 2)
        at = (at - 1) / 2
      }
    }
  }

  private func pop() -> Merge? {
    guard let first = queue.first, let last = queue.popLast() else { return nil }
    if queue.isEmpty { return first }
    queue.withUnsafeMutableBufferPointer { queue in
      queue[0] = last
      var at = 0
      while true {
        var best = at
        for child in [2 * at + 1, 2 * at + 2] where child < queue.count {
          if queue[child].order > queue[best].order { best = child }
        }
        if best == at { return }
        queue.swapAt(at, best)
        at = best
      }
    }
    return first
  }
}
