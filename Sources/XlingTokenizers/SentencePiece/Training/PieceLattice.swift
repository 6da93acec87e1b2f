import Foundation

/// All ways to cut one text into pieces; kept from text to text for its memory.
struct PieceLattice {
  private struct Edge: BitwiseCopyable {
    let start: Int32
    let end: Int32
    /// -1 for a character that has no piece.
    let piece: Int32
    let score: Float
    let probability: Double
  }

  /// By start, then by end.
  private var edges: [Edge] = []
  private var length = 0
  private var reach = 0
  private var bestScores: [Double] = []
  private var bestEdges: [Int32] = []
  private var forward = ScaledSums()
  private var backward = ScaledSums()

  /// `whole` false leaves out the piece that is the whole text.
  mutating func fill(
    _ text: UnsafeBufferPointer<UInt8>, _ model: UnigramTrainingModel, whole: Bool = true
  ) {
    edges.removeAll(keepingCapacity: true)
    length = text.count
    reach = model.longest
    let trie = model.trie.reader
    var start = 0
    while start < text.count {
      let next = min(text.count, start + UTF8Scalar.length(text[start]))
      var hasSingle = false
      var base = trie.root
      var at = start
      while at < text.count, let unit = trie.step(&base, text[at]) {
        at += 1
        let piece = trie.id(unit, base)
        guard piece >= 0, whole || start > 0 || at < text.count else { continue }
        edges.append(
          Edge(
            start: Int32(start), end: Int32(at), piece: piece,
            score: trie.scores[Int(piece)],
            probability: model.probabilities[Int(piece)]))
        if at == next { hasSingle = true }
      }
      if !hasSingle {
        edges.append(
          Edge(
            start: Int32(start), end: Int32(next), piece: -1, score: model.unknownScore,
            probability: exp(Double(model.unknownScore))))
      }
      start = next
    }
  }

  /// The pieces of the best path, from the end to the start, and its score; the first of equals.
  mutating func best(_ pieces: inout [Int32]) -> Double {
    bestScores.removeAll(keepingCapacity: true)
    bestScores.append(contentsOf: repeatElement(-.infinity, count: length + 1))
    while bestEdges.count <= length { bestEdges.append(-1) }
    bestScores[0] = 0
    for (index, edge) in edges.enumerated() {
      let score = bestScores[Int(edge.start)] + Double(edge.score)
      if score > bestScores[Int(edge.end)] {
        bestScores[Int(edge.end)] = score
        bestEdges[Int(edge.end)] = Int32(index)
      }
    }
    pieces.removeAll(keepingCapacity: true)
    var at = length
    while at > 0 {
      let edge = edges[Int(bestEdges[at])]
      pieces.append(edge.piece)
      at = Int(edge.start)
    }
    return bestScores[length]
  }

  /// Adds to `expected` how often each piece is used on average over all paths, times `weight`
  /// (forward-backward).
  mutating func addExpected(_ weight: Double, to expected: UnsafeMutableBufferPointer<Double>) {
    forward.reset(length)
    backward.reset(length)
    forward.values[0] = 1
    var at = 0
    while at < edges.count {
      let start = Int(edges[at].start)
      forward.rescale(start...min(length, start + reach), least: start)
      while at < edges.count, Int(edges[at].start) == start {
        forward.add(from: start, to: Int(edges[at].end), edges[at].probability)
        at += 1
      }
    }
    backward.values[length] = 1
    at = edges.count - 1
    while at >= 0 {
      let start = Int(edges[at].start)
      while at >= 0, Int(edges[at].start) == start {
        backward.add(from: Int(edges[at].end), to: start, edges[at].probability)
        at -= 1
      }
      backward.rescale(start...min(length, start + reach), least: start)
    }
    let (total, power) = (forward.values[length], forward.powers[length])
    for edge in edges where edge.piece >= 0 {
      let (start, end) = (Int(edge.start), Int(edge.end))
      let share = forward.values[start] * edge.probability / total * backward.values[end]
      let shift = Int(power - forward.powers[start] - backward.powers[end])
      expected[Int(edge.piece)] +=
        weight * (shift == 0 ? share : scalbn(share, shift * ScaledSums.exponent))
    }
  }
}

/// Sums of path probabilities by place. Those of long texts leave the range of a double: each
/// value stands for itself times 2^(-400 power), and places within the reach of a piece share
/// their power.
struct ScaledSums {
  static let exponent = 400
  private static let small = 0x1p-400

  var values: [Double] = []
  private(set) var powers: [Int32] = []

  mutating func reset(_ length: Int) {
    values.removeAll(keepingCapacity: true)
    powers.removeAll(keepingCapacity: true)
    values.append(contentsOf: repeatElement(0, count: length + 1))
    powers.append(contentsOf: repeatElement(0, count: length + 1))
  }

  @inline(__always)
  mutating func add(from: Int, to: Int, _ probability: Double) {
    values[to] += values[from] * probability
    powers[to] = powers[from]
  }

  /// Moves the places that are still needed up by one power when all of them have become small.
  mutating func rescale(_ window: ClosedRange<Int>, least: Int) {
    if values[least] >= Self.small { return }
    for at in window where values[at] >= Self.small { return }
    for at in window {
      values[at] *= 0x1p400
      powers[at] += 1
    }
  }
}
