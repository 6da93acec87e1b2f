/// The best path through all segmentations of a text (Kudo 2018), as the reference finds it: float32
/// scores added from the text's start, a later path only when strictly better, shorter pieces
/// first. Buffers for one thread.
final class UnigramSegmenter {
  private let vocabulary: SentencePieceVocabulary
  /// Beyond this, the reference subtracts the score from all that lies ahead.
  private static let rebase: Float = 100_000

  private struct Node: BitwiseCopyable {
    var score: Float = 0
    /// -1 when not reached yet.
    var start: Int32 = -1
    var id: Int32 = 0
  }

  /// The two best paths to a place, in exact enough arithmetic.
  private struct DoubleNode: BitwiseCopyable {
    var best = -Double.infinity
    var second = -Double.infinity
    var start: Int32 = -1
    var id: Int32 = 0
  }

  private var nodes: [Node] = []
  private var doubleNodes: [DoubleNode] = []
  /// The last segmentation.
  private(set) var tokens: [ChunkToken] = []

  init(_ vocabulary: SentencePieceVocabulary) { self.vocabulary = vocabulary }

  /// Segments a chunk whose path so far has the score `base`; returns the score at its end.
  func segment(_ chunk: UnsafeBufferPointer<UInt8>, base: Float) -> Float {
    let count = chunk.count
    nodes.removeAll(keepingCapacity: true)
    nodes.append(contentsOf: repeatElement(Node(), count: count + 1))
    nodes[0].score = base
    nodes[0].start = 0
    let end = nodes.withUnsafeMutableBufferPointer { run(chunk, $0) }
    tokens.removeAll(keepingCapacity: true)
    var at = count
    while at > 0 {
      let node = nodes[at]
      tokens.append(
        ChunkToken(id: node.id, end: Int32(at), score: vocabulary.scores[Int(node.id)]))
      at = Int(node.start)
    }
    tokens.reverse()
    return end
  }

  private func run(
    _ chunk: UnsafeBufferPointer<UInt8>, _ nodes: UnsafeMutableBufferPointer<Node>
  ) -> Float {
    let units = vocabulary.trie.base
    let scores = vocabulary.scores.base
    let (root, unknownId) = (DoubleArray.root(units), vocabulary.unknownId)
    let text = chunk.baseAddress.unsafelyUnwrapped
    let count = chunk.count
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
      func offer(_ end: Int, _ id: Int32) {
        let candidate = score + scores[Int(id)]
        if nodes[end].start < 0 || candidate > nodes[end].score {
          nodes[end] = Node(score: candidate, start: Int32(start), id: id)
        }
      }
      var base = root
      var at = start
      while at < count, let unit = DoubleArray.step(units, &base, text[at]) {
        at += 1
        if unit & DoubleArray.hasValue != 0 {
          offer(at, DoubleArray.value(units, base))
          if at == next { hasSingle = true }
          frontier = max(frontier, at)
        }
      }
      if !hasSingle {
        offer(next, unknownId)
        frontier = max(frontier, next)
      }
      start = next
    }
    return nodes[count].score
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
    doubleNodes.removeAll(keepingCapacity: true)
    doubleNodes.append(contentsOf: repeatElement(DoubleNode(), count: count + 1))
    doubleNodes[0].best = 0
    doubleNodes.withUnsafeMutableBufferPointer { runAlone(chunk, $0) }
    tokens.removeAll(keepingCapacity: true)
    var at = count
    while at > 0 {
      let node = doubleNodes[at]
      tokens.append(
        ChunkToken(id: node.id, end: Int32(at), score: vocabulary.scores[Int(node.id)]))
      at = Int(node.start)
    }
    tokens.reverse()
    let (best, second) = (doubleNodes[count].best, doubleNodes[count].second)
    let pieces = Double(count)
    let bound = abs(best) + pieces * Double(vocabulary.highestScore)
    let lead = (best - second) / (2.2 * pieces * 0x1p-24) - bound
    return Float(min(lead * 0.999, Double(Self.rebase) * 0.99 - bound))
  }

  private func runAlone(
    _ chunk: UnsafeBufferPointer<UInt8>, _ nodes: UnsafeMutableBufferPointer<DoubleNode>
  ) {
    let units = vocabulary.trie.base
    let scores = vocabulary.scores.base
    let (root, unknownId) = (DoubleArray.root(units), vocabulary.unknownId)
    let text = chunk.baseAddress.unsafelyUnwrapped
    let count = chunk.count
    var start = 0
    while start < count {
      let from = nodes[start]
      let next = min(count, start + UTF8Scalars.length(text[start]))
      var hasSingle = false
      func offer(_ end: Int, _ id: Int32) {
        let score = Double(scores[Int(id)])
        let (best, second) = (from.best + score, from.second + score)
        if best > nodes[end].best {
          let beaten = nodes[end].best
          nodes[end] = DoubleNode(
            best: best, second: max(beaten, second), start: Int32(start), id: id)
        } else {
          nodes[end].second = max(nodes[end].second, best)
        }
      }
      var base = root
      var at = start
      while at < count, let unit = DoubleArray.step(units, &base, text[at]) {
        at += 1
        if unit & DoubleArray.hasValue != 0 {
          offer(at, DoubleArray.value(units, base))
          if at == next { hasSingle = true }
        }
      }
      if !hasSingle { offer(next, unknownId) }
      start = next
    }
  }
}
