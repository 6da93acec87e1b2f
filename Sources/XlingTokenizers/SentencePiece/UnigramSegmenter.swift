/// The best path through all segmentations of a text (Kudo 2018), as the reference finds it: float32
/// scores added from the text's start, a later path only when strictly better, shorter pieces
/// first. Buffers for one thread.
final class UnigramSegmenter {
  private let vocabulary: SentencePieceVocabulary
  /// Beyond this, the reference subtracts the score from all that lies ahead.
  private static let rebase: Float = 100_000

  /// The best path to a place.
  private struct Node: BitwiseCopyable {
    var score: Float = 0
    /// Where its last piece starts; -1 when not reached yet.
    var start: Int32 = -1
    /// Where the last piece's id is in the trie; -1 for an unknown character.
    var base: Int32 = -1
  }

  /// The two best paths to a place, in exact enough arithmetic.
  private struct DoubleNode: BitwiseCopyable {
    var best = -Double.infinity
    var second = -Double.infinity
    var start: Int32 = -1
    var base: Int32 = -1
  }

  @exclusivity(unchecked) private var nodes: [Node] = []
  @exclusivity(unchecked) private var doubleNodes: [DoubleNode] = []
  /// The last segmentation.
  @exclusivity(unchecked) private(set) var tokens: [ChunkToken] = []

  init(_ vocabulary: SentencePieceVocabulary) { self.vocabulary = vocabulary }

  /// Segments a chunk whose path so far has the score `base`; returns the score at its end.
  func segment(_ chunk: UnsafeBufferPointer<UInt8>, base: Float) -> Float {
    while nodes.count <= chunk.count { nodes.append(Node()) }
    return nodes.withUnsafeMutableBufferPointer { nodes in
      for at in 0...chunk.count { nodes[at].start = -1 }
      nodes[0] = Node(score: base, start: 0)
      run(chunk, nodes)
      collect(chunk.count) { (nodes[$0].start, nodes[$0].base) }
      return nodes[chunk.count].score
    }
  }

  private func run(
    _ chunk: UnsafeBufferPointer<UInt8>, _ nodes: UnsafeMutableBufferPointer<Node>
  ) {
    let trie = vocabulary.trie
    let (root, unknown) = (trie.root, vocabulary.scores[Int(vocabulary.unknownId)])
    let (text, count) = (chunk.baseAddress.unsafelyUnwrapped, chunk.count)
    var start = 0
    var frontier = 0
    while start < count {
      var score = nodes[start].score
      if abs(score) > Self.rebase {
        for at in start...frontier where nodes[at].start >= 0 { nodes[at].score -= score }
        score = 0
      }
      let next = min(count, start + UTF8Scalars.length(text[start]))
      var hasSingle = false
      var base = root
      var at = start
      while at < count, let unit = trie.step(&base, text[at]) {
        at += 1
        guard let added = ScoredTrie.score(unit) else { continue }
        let candidate = score + added
        if nodes[at].start < 0 || candidate > nodes[at].score {
          nodes[at] = Node(score: candidate, start: Int32(start), base: Int32(base))
        }
        if at == next { hasSingle = true }
        frontier = max(frontier, at)
      }
      if !hasSingle {
        if nodes[next].start < 0 || score + unknown > nodes[next].score {
          nodes[next] = Node(score: score + unknown, start: Int32(start))
        }
        frontier = max(frontier, next)
      }
      start = next
    }
  }

  /// Segments a chunk regardless of what lies ahead of it, and returns up to which absolute score
  /// of the path so far float32 arithmetic must come to the same segmentation; below 0 when it
  /// never need to.
  ///
  /// With n pieces at most, and |S| + |T| + n p bounding every partial sum (S: score so far, T: the
  /// best path's, p: highest piece score), rounding moves a path by at most n 2^-24 of that bound.
  /// So the best path stays best while its lead over the second exceeds twice this. Addition of
  /// floats is monotone, hence a strictly better whole path is not lost half-way.
  func segmentAlone(_ chunk: UnsafeBufferPointer<UInt8>) -> Float {
    let count = chunk.count
    while doubleNodes.count <= count { doubleNodes.append(DoubleNode()) }
    let end = doubleNodes.withUnsafeMutableBufferPointer { nodes in
      for at in 0...count { nodes[at] = DoubleNode() }
      nodes[0].best = 0
      runAlone(chunk, nodes)
      collect(count) { (nodes[$0].start, nodes[$0].base) }
      return nodes[count]
    }
    let pieces = Double(count)
    let bound = abs(end.best) + pieces * Double(vocabulary.highestScore)
    let lead = (end.best - end.second) / (2.2 * pieces * 0x1p-24) - bound
    return Float(min(lead * 0.999, Double(Self.rebase) * 0.99 - bound))
  }

  private func runAlone(
    _ chunk: UnsafeBufferPointer<UInt8>, _ nodes: UnsafeMutableBufferPointer<DoubleNode>
  ) {
    let trie = vocabulary.trie
    let (root, unknown) = (trie.root, vocabulary.scores[Int(vocabulary.unknownId)])
    let (text, count) = (chunk.baseAddress.unsafelyUnwrapped, chunk.count)
    let nodes = nodes.baseAddress.unsafelyUnwrapped
    var start = 0
    while start < count {
      let from = nodes[start]
      let next = min(count, start + UTF8Scalars.length(text[start]))
      @inline(__always)
      func offer(_ end: Int, _ score: Float, _ base: Int32) {
        let (best, second) = (from.best + Double(score), from.second + Double(score))
        let beaten = nodes[end].best
        if best > beaten {
          nodes[end] = DoubleNode(
            best: best, second: max(beaten, second), start: Int32(start), base: base)
        } else if best > nodes[end].second {
          nodes[end].second = best
        }
      }
      var hasSingle = false
      var base = root
      var at = start
      while at < count, let unit = trie.step(&base, text[at]) {
        at += 1
        guard let score = ScoredTrie.score(unit) else { continue }
        offer(at, score, Int32(base))
        if at == next { hasSingle = true }
      }
      if !hasSingle { offer(next, unknown, -1) }
      start = next
    }
  }

  /// Reads the best path backwards.
  private func collect(_ count: Int, _ last: (Int) -> (start: Int32, base: Int32)) {
    tokens.removeAll(keepingCapacity: true)
    var at = count
    while at > 0 {
      let (start, base) = last(at)
      let id = base < 0 ? vocabulary.unknownId : vocabulary.trie.id(Int(base))
      tokens.append(ChunkToken(id: id, end: Int32(at), score: vocabulary.scores[Int(id)]))
      at = Int(start)
    }
    tokens.reverse()
  }
}
