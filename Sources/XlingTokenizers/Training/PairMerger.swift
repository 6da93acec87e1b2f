/// Which neighbours a trainer may merge, and into what. Symbols are numbers of the rules' own.
protocol MergeRules {
  func mayJoin(_ left: Int32, _ right: Int32) -> Bool

  /// What goes ahead among pairs of equal count: fewer characters, then the smaller text.
  func characters(_ left: Int32, _ right: Int32) -> Int
  func text(_ left: Int32, _ right: Int32) -> [UInt8]

  /// The symbol that a pair becomes; nil when it is never to be merged.
  mutating func merged(_ left: Int32, _ right: Int32) -> Int32?
}

/// Merges the most frequent pair of neighbours in many words again and again (Sennrich et al.
/// 2016), with counts that are kept up to date instead of recounted.
struct PairMerger<Rules: MergeRules> {
  private(set) var rules: Rules

  /// Symbols of all words in one array; word w has lengths[w] of them from where word w - 1 once
  /// ended.
  private var symbols: [Int32]
  private let ends: [Int32]
  private var lengths: [Int32]
  private let weights: [Int64]

  private var pairs = PairTable()
  /// Words in which a pair may stand, as linked lists: 0 ends them.
  private var lastPlace: [Int32] = []
  private var places: [Place] = [Place(word: -1, next: 0)]
  /// Places that are used again, as such a list.
  private var freePlace: Int32 = 0
  private var isRaised: [Bool] = []
  private var raised: [Int32] = []

  private struct Place: BitwiseCopyable {
    var word: Int32
    var next: Int32
  }

  /// Words by number: where their symbols end, and how often they occur.
  init(_ rules: Rules, symbols: consuming [Int32], ends: [Int32], weights: [Int64]) {
    self.rules = rules
    self.symbols = symbols
    self.ends = ends
    self.weights = weights
    lengths = ends.indices.map { $0 == 0 ? ends[0] : ends[$0] - ends[$0 - 1] }
    places.reserveCapacity(self.symbols.count)
    for word in ends.indices {
      for at in start(word) + 1..<max(start(word) + 1, Int(ends[word])) {
        raise(self.symbols[at - 1], self.symbols[at], by: weights[word], in: Int32(word))
      }
    }
  }

  private func start(_ word: Int) -> Int { word == 0 ? 0 : Int(ends[word - 1]) }

  /// Merges until `isEnough`, or until no pair occurs `minimumCount` times.
  mutating func run(minimumCount: Int64 = 1, until isEnough: (Rules) -> Bool) {
    var queue = PairQueue()
    enqueueRaised(&queue)
    while !isEnough(rules), var top = queue.pop() {
      let pair = Int(top.pair)
      if top.count != pairs.counts[pair] {
        top.count = pairs.counts[pair]
        if top.count >= minimumCount { queue.push(top) }
        continue
      }
      if top.count < minimumCount { return }
      let (left, right) = pairs[pair]
      guard let merged = rules.merged(left, right) else {
        pairs.forbid(pair)
        continue
      }
      merge(pair, into: merged)
      enqueueRaised(&queue)
    }
  }

  private mutating func merge(_ pair: Int, into merged: Int32) {
    let (left, right) = pairs[pair]
    var place = lastPlace[pair]
    lastPlace[pair] = 0
    while place != 0 {
      let (word, next) = (Int(places[Int(place)].word), places[Int(place)].next)
      places[Int(place)].next = freePlace
      freePlace = place
      merge(left, right, pair, into: merged, word: word)
      place = next
    }
    pairs.counts[pair] = 0
  }

  private mutating func merge(
    _ left: Int32, _ right: Int32, _ pair: Int, into merged: Int32, word: Int
  ) {
    let start = start(word)
    let end = start + Int(lengths[word])
    let weight = weights[word]
    var (read, write) = (start, start)
    while read < end {
      guard symbols[read] == left, read + 1 < end, symbols[read + 1] == right else {
        symbols[write] = symbols[read]
        read += 1
        write += 1
        continue
      }
      pairs.counts[pair] -= weight
      if write > start {
        lower(symbols[write - 1], left, by: weight)
        raise(symbols[write - 1], merged, by: weight, in: Int32(word))
      }
      if read + 2 < end {
        lower(right, symbols[read + 2], by: weight)
        raise(merged, symbols[read + 2], by: weight, in: Int32(word))
      }
      symbols[write] = merged
      read += 2
      write += 1
    }
    lengths[word] = Int32(write - start)
  }

  private mutating func lower(_ left: Int32, _ right: Int32, by weight: Int64) {
    if let pair = pairs.find(left, right) { pairs.counts[pair] -= weight }
  }

  private mutating func raise(_ left: Int32, _ right: Int32, by weight: Int64, in word: Int32) {
    guard rules.mayJoin(left, right) else { return }
    let pair = pairs.insert(left, right)
    if pair == lastPlace.count {
      lastPlace.append(0)
      isRaised.append(false)
    }
    if pairs.isForbidden[pair] { return }
    pairs.counts[pair] += weight
    if places[Int(lastPlace[pair])].word != word || lastPlace[pair] == 0 { put(word, pair) }
    if !isRaised[pair] {
      isRaised[pair] = true
      raised.append(Int32(pair))
    }
  }

  private mutating func put(_ word: Int32, _ pair: Int) {
    let place = Place(word: word, next: lastPlace[pair])
    if freePlace == 0 {
      lastPlace[pair] = Int32(places.count)
      places.append(place)
    } else {
      lastPlace[pair] = freePlace
      freePlace = places[Int(freePlace)].next
      places[Int(lastPlace[pair])] = place
    }
  }

  private mutating func enqueueRaised(_ queue: inout PairQueue) {
    for pair in raised {
      isRaised[Int(pair)] = false
      let count = pairs.counts[Int(pair)]
      if count <= 0 { continue }
      let (left, right) = pairs[Int(pair)]
      queue.push(
        pair, count: count, characters: rules.characters(left, right),
        text: rules.text(left, right))
    }
    raised.removeAll(keepingCapacity: true)
  }
}
