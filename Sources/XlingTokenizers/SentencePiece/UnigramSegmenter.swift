/// The best path through all segmentations of a text (Kudo 2018), as the reference finds it: float32
/// scores added from the text's start, a later path only when strictly better, shorter pieces
/// first. Buffers for one thread.
final class UnigramSegmenter {
  /// Owns what `vocabulary` reads.
  private let owner: SentencePieceVocabulary
  private let vocabulary: SentencePieceVocabulary.Reader
  /// Beyond this, the reference subtracts the score from all that lies ahead.
  private static let rebase: Float = 100_000

  /// The best path to a place, and the score of the second-best where that is asked for.
  private struct Node: BitwiseCopyable {
    var best = -Float.infinity
    var second = -Float.infinity
    /// Where its last piece starts.
    var start: Int32 = 0
    /// Its last piece.
    var id: Int32 = 0
  }

  @exclusivity(unchecked) private var nodes: UnsafeMutablePointer<Node>
  @exclusivity(unchecked) private var found: UnsafeMutablePointer<ChunkToken>
  /// Bytes that there is room for.
  @exclusivity(unchecked) private var capacity = 256
  /// The last segmentation; valid until the next one.
  @exclusivity(unchecked)
  private(set) var tokens = UnsafeBufferPointer<ChunkToken>(start: nil, count: 0)
  private let padding = CacheLinePadding()

  init(_ vocabulary: SentencePieceVocabulary) {
    owner = vocabulary
    self.vocabulary = vocabulary.reader
    nodes = .allocateApart(capacity: capacity + 1)
    found = .allocateApart(capacity: capacity)
  }

  deinit {
    nodes.deallocate()
    found.deallocate()
  }

  /// Segments a chunk whose path so far has the score `base`; returns the score at its end.
  func segment(_ chunk: UnsafeBufferPointer<UInt8>, base: Float) -> Float {
    begin(chunk.count, score: base)
    let nodes = nodes
    var frontier = 0
    search(chunk) { start, offers in
      let score = nodes[start].best
      if abs(score) > Self.rebase {
        for at in start...max(start, frontier) { nodes[at].best -= score }
      }
      let from = nodes[start].best
      offers { end, added, id in
        frontier = max(frontier, end)
        let candidate = from + added
        if candidate > nodes[end].best {
          nodes[end].best = candidate
          nodes[end].start = Int32(truncatingIfNeeded: start)
          nodes[end].id = id
        }
      }
    }
    collect(chunk.count)
    return nodes[chunk.count].best
  }

  /// Segments a chunk regardless of what lies ahead of it, and returns up to which absolute score
  /// of the path so far float32 arithmetic must come to the same segmentation; below 0 when it
  /// never need to.
  ///
  /// With n pieces at most, T the best path's score, p the highest piece score and M = |T| + n p,
  /// every partial sum lies within |S| + M (S: score so far), and rounding moves a path by at most
  /// n 2^-24 of that; here, where S is 0, by n 2^-24 M. So the best path stays best while its lead
  /// over the second, as computed here, exceeds 2 n 2^-24 (|S| + 2 M). Addition of floats is
  /// monotone, hence a strictly better whole path is not lost half-way.
  func segmentAlone(_ chunk: UnsafeBufferPointer<UInt8>) -> Float {
    begin(chunk.count, score: 0)
    let nodes = nodes
    search(chunk) { start, offers in
      let from = nodes[start]
      offers { end, added, id in
        let best = from.best + added
        let beaten = nodes[end].best
        if best > beaten {
          nodes[end] = Node(
            best: best, second: max(beaten, from.second + added),
            start: Int32(truncatingIfNeeded: start), id: id)
        } else if best > nodes[end].second {
          nodes[end].second = best
        }
      }
    }
    collect(chunk.count)
    let end = nodes[chunk.count]
    let pieces = Double(chunk.count)
    let bound = abs(Double(end.best)) + pieces * Double(vocabulary.highestScore)
    let lead = (Double(end.best) - Double(end.second)) / (2.2 * pieces * 0x1p-24) - 2 * bound
    return Float(min(lead * 0.999, Double(Self.rebase) * 0.99 - bound))
  }

  private func begin(_ count: Int, score: Float) {
    if count > capacity { grow(count) }
    for at in 0...count { nodes[at] = Node() }
    nodes[0].best = score
  }

  private func grow(_ count: Int) {
    capacity = max(count, 2 * capacity)
    nodes.deallocate()
    found.deallocate()
    nodes = .allocateApart(capacity: capacity + 1)
    found = .allocateApart(capacity: capacity)
  }

  /// Calls `visit` with every place where a character starts, and a way to go through the pieces
  /// from there, the shortest first: where each ends, its score, and its id. A character that is no
  /// piece comes behind them as the unknown piece.
  @inline(__always)
  private func search(
    _ chunk: UnsafeBufferPointer<UInt8>,
    _ visit: (_ start: Int, _ offers: (_ offer: (Int, Float, Int32) -> Void) -> Void) -> Void
  ) {
    let trie = vocabulary.trie
    let (scores, unknown) = (vocabulary.scores, vocabulary.unknownId)
    let (text, count) = (chunk.baseAddress.unsafelyUnwrapped, chunk.count)
    var start = 0
    while start < count {
      let next = min(count, start + UTF8Scalar.length(text[start]))
      visit(start) { offer in
        var (base, single) = trie.first(text + start, next - start)
        if single >= 0 { offer(next, scores[Int(single)], single) }
        var at = next
        while at < count, let unit = trie.step(&base, text[at]) {
          at += 1
          let id = trie.id(unit, base)
          if id >= 0 { offer(at, scores[Int(id)], id) }
        }
        if single < 0 { offer(next, scores[Int(unknown)], unknown) }
      }
      start = next
    }
  }

  /// Reads the best path backwards.
  private func collect(_ count: Int) {
    var at = count
    var first = capacity
    while at > 0 {
      let node = nodes[at]
      first -= 1
      found[first] = ChunkToken(
        id: node.id, end: Int32(truncatingIfNeeded: at),
        score: vocabulary.scores[Int(node.id)])
      at = Int(node.start)
    }
    tokens = UnsafeBufferPointer(start: found + first, count: capacity - first)
  }
}
