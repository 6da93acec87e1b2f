/// The merges of all words, with counts that are kept up to date instead of recounted.
struct BPEMerger {
  private let maximumLength: Int
  private var scripts = PieceScript()

  private struct Symbol {
    let characters: Int
    let script: Int16
    /// ▁ stands ahead only; ▅ and control characters join nothing.
    let startsWithSpace: Bool
    let isJoinable: Bool
  }

  private var symbols: [Symbol] = []
  private var texts = PieceList()
  private var characterSymbols: [UInt32: Int32] = [:]

  /// Symbols of all words in one array; word w has lengths[w] of them from starts[w].
  private var text: [Int32] = []
  private var starts: [Int] = []
  private var lengths: [Int32] = []
  private var weights: [Int64] = []

  private var pairs = PairTable()
  /// Words in which a pair may stand, as linked lists: 0 ends them.
  private var lastPlace: [Int32] = []
  private var places: [(word: Int32, next: Int32)] = [(0, 0)]
  private var isRaised: [Bool] = []
  private var raised: [Int32] = []

  init(maximumLength: Int) { self.maximumLength = maximumLength }

  mutating func add(_ word: SentencePieceCorpus.Word) {
    if word.scalars.count < 2 { return }
    let index = Int32(starts.count)
    starts.append(text.count)
    lengths.append(Int32(word.scalars.count))
    weights.append(word.count)
    for scalar in word.scalars { text.append(symbol(scalar)) }
    for at in starts[Int(index)] + 1..<text.count {
      raise(text[at - 1], text[at], by: word.count, in: index)
    }
  }

  private mutating func symbol(_ scalar: UInt32) -> Int32 {
    if let known = characterSymbols[scalar] { return known }
    var bytes: [UInt8] = []
    UTF8Scalars.append(scalar, to: &bytes)
    texts.append(bytes)
    symbols.append(
      Symbol(
        characters: 1, script: scripts.of(scalar),
        startsWithSpace: scalar == SentencePieceCorpus.space,
        isJoinable: scalar != SentencePieceCorpus.unknown && scalar != 0 && scalar != 9))
    characterSymbols[scalar] = Int32(symbols.count - 1)
    return Int32(symbols.count - 1)
  }

  /// The merged pieces in their order, at most `limit`.
  mutating func run(limit: Int) -> [[UInt8]] {
    var queue = BPEQueue()
    enqueueRaised(&queue)
    var known = ByteTable()
    var result: [[UInt8]] = []
    while result.count < limit, var top = queue.pop() {
      let pair = Int(top.pair)
      if top.count != pairs.counts[pair] {
        top.count = pairs.counts[pair]
        if top.count > 0 { queue.push(top) }
        continue
      }
      let piece = mergedText(pair)
      let knownCount = known.count
      if known.insert(piece) < knownCount {
        pairs.forbid(pair)
        continue
      }
      result.append(piece)
      merge(pair, piece)
      enqueueRaised(&queue)
    }
    return result
  }

  private func mergedText(_ pair: Int) -> [UInt8] {
    Array(texts[Int(pairs.lefts[pair])]) + texts[Int(pairs.rights[pair])]
  }

  private mutating func merge(_ pair: Int, _ piece: [UInt8]) {
    let (left, right) = (pairs.lefts[pair], pairs.rights[pair])
    let (first, second) = (symbols[Int(left)], symbols[Int(right)])
    texts.append(piece)
    symbols.append(
      Symbol(
        characters: first.characters + second.characters,
        script: PieceScript.joined(first.script, second.script) ?? PieceScript.any,
        startsWithSpace: first.startsWithSpace, isJoinable: true))
    let merged = Int32(symbols.count - 1)
    var place = lastPlace[pair]
    lastPlace[pair] = 0
    while place != 0 {
      merge(left, right, into: merged, word: places[Int(place)].word)
      place = places[Int(place)].next
    }
    pairs.forbid(pair)
  }

  private mutating func merge(_ left: Int32, _ right: Int32, into merged: Int32, word: Int32) {
    let start = starts[Int(word)]
    let end = start + Int(lengths[Int(word)])
    let weight = weights[Int(word)]
    var (read, write) = (start, start)
    while read < end {
      guard read + 1 < end, text[read] == left, text[read + 1] == right else {
        text[write] = text[read]
        read += 1
        write += 1
        continue
      }
      lower(left, right, by: weight)
      if write > start {
        lower(text[write - 1], left, by: weight)
        raise(text[write - 1], merged, by: weight, in: word)
      }
      if read + 2 < end {
        lower(right, text[read + 2], by: weight)
        raise(merged, text[read + 2], by: weight, in: word)
      }
      text[write] = merged
      read += 2
      write += 1
    }
    lengths[Int(word)] = Int32(write - start)
  }

  private mutating func lower(_ left: Int32, _ right: Int32, by weight: Int64) {
    if let pair = pairs.find(left, right) { pairs.counts[pair] -= weight }
  }

  private mutating func raise(_ left: Int32, _ right: Int32, by weight: Int64, in word: Int32) {
    let (first, second) = (symbols[Int(left)], symbols[Int(right)])
    guard first.isJoinable, second.isJoinable, !second.startsWithSpace,
      first.characters + second.characters <= maximumLength,
      PieceScript.joined(first.script, second.script) != nil
    else { return }
    let pair = pairs.insert(left, right)
    if pair == lastPlace.count {
      lastPlace.append(0)
      isRaised.append(false)
    }
    if pairs.isForbidden[pair] { return }
    pairs.counts[pair] += weight
    if places[Int(lastPlace[pair])].word != word || lastPlace[pair] == 0 {
      places.append((word, lastPlace[pair]))
      lastPlace[pair] = Int32(places.count - 1)
    }
    if !isRaised[pair] {
      isRaised[pair] = true
      raised.append(Int32(pair))
    }
  }

  private mutating func enqueueRaised(_ queue: inout BPEQueue) {
    for raisedPair in raised {
      let pair = Int(raisedPair)
      isRaised[pair] = false
      let (left, right) = (Int(pairs.lefts[pair]), Int(pairs.rights[pair]))
      guard pairs.counts[pair] > 0 else { continue }
      queue.push(
        raisedPair, count: pairs.counts[pair],
        characters: symbols[left].characters + symbols[right].characters,
        text: Array(texts[left]) + texts[right])
    }
    raised.removeAll(keepingCapacity: true)
  }
}
