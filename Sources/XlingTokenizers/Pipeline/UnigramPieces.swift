import Synchronization

/// The pieces of a Unigram model of Hugging Face's tokenizers with their scores. Immutable.
final class UnigramPieces: Sendable {
  /// Building the trie of a quarter of a million pieces takes a quarter of the time of reading the file: it
  /// waits until somebody encodes.
  private enum Lookup {
    case pieces(PieceList, order: [Int32])
    case trie(ScoredTrie)
  }

  private let lookup: Mutex<Lookup>
  /// By id.
  let scores: ConstantBuffer<Double>
  let unknown: Int32
  let unknownScore: Double
  /// By byte, the pieces of what is unknown; nil where it stays so.
  let bytePieces: ConstantBuffer<Int32>?

  /// `pieces` are different, `order` sorts them by bytes.
  init(
    _ pieces: PieceList, _ order: [Int32], scores: [Double], unknown: Int32, bytePieces: [Int32]?
  ) {
    lookup = Mutex(.pieces(pieces, order: order))
    self.scores = ConstantBuffer(scores)
    self.unknown = unknown
    unknownScore = (scores.min() ?? 0) - 10
    self.bytePieces = bytePieces.map { ConstantBuffer($0) }
  }

  /// Built by whoever asks first; others wait. It stays.
  var trie: ScoredTrie {
    lookup.withLock { lookup in
      switch lookup {
      case .trie(let trie): return trie
      case .pieces(let pieces, let order):
        // Its own scores are not asked for.
        var trie = ScoredTrie(pieces, order, scores: ConstantBuffer([]))
        trie.learnFirstScalars()
        lookup = .trie(trie)
        return trie
      }
    }
  }

  /// Whether the trie is built.
  var isReady: Bool {
    lookup.withLock { if case .trie = $0 { true } else { false } }
  }

  var byteCount: Int { trie.byteCount + scores.byteCount + (bytePieces?.byteCount ?? 0) }
}

/// The best path through all segmentations of a word (Kudo 2018) as tokenizers 0.23.3 finds it: scores
/// added in double precision, a later path only when strictly better, shorter pieces first. Buffers
/// for one thread.
final class WordSegmenter {
  /// Owns what the reader reads.
  private let pieces: UnigramPieces
  private let trie: ScoredTrie.Reader

  private struct Node: BitwiseCopyable {
    var score = 0.0
    /// Where its last piece starts; -1: nothing leads here yet.
    var start: Int32 = -1
    var id: Int32 = 0
  }

  @exclusivity(unchecked) private var nodes: UnsafeMutablePointer<Node>
  @exclusivity(unchecked) private var path: UnsafeMutablePointer<Int32>
  @exclusivity(unchecked) private var capacity = 256
  private let padding = CacheLinePadding()

  init(_ pieces: UnigramPieces) {
    self.pieces = pieces
    trie = pieces.trie.reader
    nodes = .allocateApart(capacity: capacity + 1)
    path = .allocateApart(capacity: capacity + 1)
  }

  deinit {
    nodes.deallocate()
    path.deallocate()
  }

  /// Calls `take` with each token's id, the bytes that it covers, and whether these are unknown: a
  /// run of unknown characters is one. `word` is well-formed and not empty.
  func segment(_ word: UnsafeBufferPointer<UInt8>, _ take: (Int32, Range<Int>, Bool) -> Void) {
    search(word)
    var (at, places) = (word.count, 0)
    while at > 0 {
      path[places] = Int32(truncatingIfNeeded: at)
      places += 1
      at = Int(nodes[at].start)
    }
    var unknownStart: Int?
    func flush(_ end: Int) {
      if let start = unknownStart { takeUnknown(word, start..<end, take) }
      unknownStart = nil
    }
    for place in stride(from: places - 1, through: 0, by: -1) {
      let end = Int(path[place])
      let node = nodes[end]
      if node.id == pieces.unknown {
        if unknownStart == nil { unknownStart = Int(node.start) }
      } else {
        flush(Int(node.start))
        take(node.id, Int(node.start)..<end, false)
      }
    }
    flush(word.count)
  }

  private func takeUnknown(
    _ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
    _ take: (Int32, Range<Int>, Bool) -> Void
  ) {
    guard let bytePieces = pieces.bytePieces else { return take(pieces.unknown, range, true) }
    for at in range { take(bytePieces[Int(word[at])], range, false) }
  }

  private func search(_ word: UnsafeBufferPointer<UInt8>) {
    guard let text = word.baseAddress else { return }
    let count = word.count
    if count > capacity {
      capacity = max(count, 2 * capacity)
      nodes.deallocate()
      path.deallocate()
      nodes = .allocateApart(capacity: capacity + 1)
      path = .allocateApart(capacity: capacity + 1)
    }
    let (nodes, trie, scores) = (nodes, trie, pieces.scores.base)
    for at in 0...count { nodes[at] = Node() }
    var start = 0
    while start < count {
      let next = min(count, start + UTF8Scalar.length(text[start]))
      let from = nodes[start].score
      @inline(__always)
      func offer(_ end: Int, _ score: Double, _ id: Int32) {
        if nodes[end].start >= 0, score <= nodes[end].score { return }
        nodes[end] = Node(score: score, start: Int32(truncatingIfNeeded: start), id: id)
      }
      var (base, single) = trie.first(text + start, next - start)
      if single >= 0 { offer(next, scores[Int(single)] + from, single) }
      var at = next
      while at < count, let unit = trie.step(&base, text[at]) {
        at += 1
        let id = trie.id(unit, base)
        if id >= 0 { offer(at, scores[Int(id)] + from, id) }
      }
      if single < 0 { offer(next, pieces.unknownScore + from, pieces.unknown) }
      start = next
    }
  }
}
