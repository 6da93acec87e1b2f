/// Merges the most frequent adjacent pair of symbols again and again (Sennrich et al. 2016), with
/// counts kept up to date instead of recounted.
struct WordPieceMerger {
  /// Pieces by symbol id; those at 0..<alphabetCount are single characters.
  private(set) var pieces: ByteTable
  /// Symbols of all words in one array; word w has lengths[w] of them from starts[w].
  private var symbols: [Int32] = []
  private var starts: [Int] = []
  private var lengths: [Int32] = []
  private var weights: [Int64] = []

  /// Pairs by index: symbols, count, and the words they may stand in.
  private var pairIndex: [UInt64: Int32] = [:]
  private var pairs: [(left: Int32, right: Int32)] = []
  private var pairCounts: [Int64] = []
  private var pairWords: [[Int32]] = []
  private var isRaised: [Bool] = []
  private var raised: [Int32] = []

  init(alphabet: ByteTable) { pieces = alphabet }

  mutating func add(word: [Int32], weight: Int64) {
    if word.count < 2 || weight == 0 { return }
    let index = Int32(starts.count)
    starts.append(symbols.count)
    lengths.append(Int32(word.count))
    weights.append(weight)
    symbols.append(contentsOf: word)
    for at in 1..<word.count { raise(word[at - 1], word[at], by: weight, in: index) }
  }

  /// Merges until there are `size` pieces or no pair occurs `minimumCount` times.
  mutating func run(size: Int, minimumCount: Int64) {
    let order = PieceOrder()
    var queue = PairQueue { order.precedes($0, $1) }
    enqueueRaised(&queue, order)
    while pieces.count < size, var top = queue.pop() {
      let pair = Int(top.pair)
      if top.count != pairCounts[pair] {
        top.count = pairCounts[pair]
        if top.count >= minimumCount { queue.push(top) }
        continue
      }
      if top.count < minimumCount { return }
      merge(pair)
      enqueueRaised(&queue, order)
    }
  }

  private mutating func merge(_ pair: Int) {
    let (left, right) = pairs[pair]
    let merged = Int32(pieces.insert(mergedPiece(left, right)))
    let words = pairWords[pair]
    pairWords[pair] = []
    for word in words { merge(left, right, into: merged, word: word) }
    pairCounts[pair] = 0
  }

  private mutating func merge(_ left: Int32, _ right: Int32, into merged: Int32, word: Int32) {
    let start = starts[Int(word)]
    let end = start + Int(lengths[Int(word)])
    let weight = weights[Int(word)]
    var read = start
    var write = start
    while read < end {
      guard read + 1 < end, symbols[read] == left, symbols[read + 1] == right else {
        symbols[write] = symbols[read]
        read += 1
        write += 1
        continue
      }
      lower(left, right, by: weight)
      if write > start {
        lower(symbols[write - 1], left, by: weight)
        raise(symbols[write - 1], merged, by: weight, in: word)
      }
      if read + 2 < end {
        lower(right, symbols[read + 2], by: weight)
        raise(merged, symbols[read + 2], by: weight, in: word)
      }
      symbols[write] = merged
      read += 2
      write += 1
    }
    lengths[Int(word)] = Int32(write - start)
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private mutating func lower(_ left: Int32, _ right: Int32, by weight: Int64) {
    if let index = pairIndex[Self.key(left, right)] { pairCounts[Int(index)] -= weight }
  }

  private mutating func raise(_ left: Int32, _ right: Int32, by weight: Int64, in word: Int32) {
    let key = Self.key(left, right)
    let index: Int
    if let known = pairIndex[key] {
      index = Int(known)
    } else {
      index = pairs.count
      pairIndex[key] = Int32(index)
      pairs.append((left, right))
      pairCounts.append(0)
      pairWords.append([])
      isRaised.append(false)
    }
    pairCounts[index] += weight
    if pairWords[index].last != word { pairWords[index].append(word) }
    if !isRaised[index] {
      isRaised[index] = true
      raised.append(Int32(index))
    }
  }

  private mutating func enqueueRaised(_ queue: inout PairQueue, _ order: PieceOrder) {
    for pair in raised {
      isRaised[Int(pair)] = false
      let (left, right) = pairs[Int(pair)]
      let piece = mergedPiece(left, right)
      order.set(piece, of: pair)
      let prefix = (0..<8).reduce(UInt64(0)) { prefix, at in
        prefix << 8 | (at < piece.count ? UInt64(piece[at]) : 0)
      }
      if pairCounts[Int(pair)] > 0 {
        queue.push(.init(count: pairCounts[Int(pair)], pair: pair, prefix: prefix))
      }
    }
    raised.removeAll(keepingCapacity: true)
  }

  /// The right symbol continues a word, so its "##" goes.
  private func mergedPiece(_ left: Int32, _ right: Int32) -> [UInt8] {
    Array(pieces[Int(left)]) + pieces[Int(right)].dropFirst(2)
  }

  /// Merged pieces of all queued pairs, shared by the queue's comparisons. Two pairs may merge into
  /// one piece ("a" + "##bc", "ab" + "##c"): the pair that came into being first goes first.
  private final class PieceOrder {
    private var pieces: [[UInt8]] = []

    func set(_ piece: [UInt8], of pair: Int32) {
      while pieces.count <= Int(pair) { pieces.append([]) }
      pieces[Int(pair)] = piece
    }

    func precedes(_ left: Int32, _ right: Int32) -> Bool {
      let (first, second) = (pieces[Int(left)], pieces[Int(right)])
      return first == second ? left < right : first.lexicographicallyPrecedes(second)
    }
  }
}
