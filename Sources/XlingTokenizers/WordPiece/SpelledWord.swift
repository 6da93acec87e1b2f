/// One word in UTF-8 as the vocabulary would spell it; each of its scalars knows where in a
/// stretch of raw text it came from, in scalars and in bytes.
struct SpelledWord {
  struct Source {
    /// Where the scalar's bytes begin in `bytes`.
    var position: Int32
    var startScalar: Int32
    var endScalar: Int32
    var startByte: Int32
    var endByte: Int32
  }

  private(set) var bytes: [UInt8] = []
  private(set) var sources: [Source] = []
  /// Of the beginnings of what is left, while it is looked up.
  private var hashes: [UInt64] = []

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    sources.removeAll(keepingCapacity: true)
  }

  mutating func append(_ scalar: UInt32, scalars: Range<Int32>, bytes source: Range<Int32>) {
    sources.append(
      Source(
        position: Int32(bytes.count), startScalar: scalars.lowerBound,
        endScalar: scalars.upperBound, startByte: source.lowerBound, endByte: source.upperBound))
    if scalar < 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: scalar))
    } else {
      UTF8Scalar.append(scalar, to: &bytes)
    }
  }

  /// Greedy longest match from the left (Devlin et al. 2019); a word that cannot be spelt to its
  /// end, or has more than `maximumScalars`, is one unknown token. Returns whether it was spelt.
  mutating func spell(
    _ pieces: WordPieces, _ index: PieceIndex, maximumScalars: Int, unknown: Int32,
    into tokens: inout [PlacedToken]
  ) -> Bool {
    guard let first = sources.first, let last = sources.last else { return true }
    let before = tokens.count
    var at = 0
    if sources.count <= maximumScalars {
      while at < sources.count {
        let (id, end) = longestMatch(at, pieces, index)
        if id < 0 { break }
        tokens.append(placed(id, sources[at], sources[end - 1]))
        at = end
      }
    }
    if at == sources.count { return true }
    tokens.removeLast(tokens.count - before)
    tokens.append(placed(unknown, first, last))
    return false
  }

  private func placed(_ id: Int32, _ first: Source, _ last: Source) -> PlacedToken {
    PlacedToken(
      id: id, startScalar: first.startScalar, endScalar: last.endScalar,
      startByte: first.startByte, endByte: last.endByte)
  }

  /// The id of the longest piece from the scalar `at` on, and the scalar behind it; -1 for none.
  private mutating func longestMatch(
    _ at: Int, _ pieces: WordPieces, _ index: PieceIndex
  ) -> (id: Int32, end: Int) {
    let start = Int(sources[at].position)
    let limit = start + (at == 0 ? index.longestStart : index.longestContinuation)
    hashes.removeAll(keepingCapacity: true)
    var hash = at == 0 ? PieceIndex.start : PieceIndex.continuation
    var next = start
    var end = at
    while end < sources.count {
      let stop = end + 1 < sources.count ? Int(sources[end + 1].position) : bytes.count
      if stop > limit { break }
      while next < stop {
        hash = PieceIndex.step(hash, bytes[next])
        next += 1
      }
      hashes.append(hash)
      end += 1
    }
    return bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return (-1, at) }
      while end > at {
        let stop = end < sources.count ? Int(sources[end].position) : bytes.count
        let id = index.find(
          hashes[end - 1 - at], base + start, stop - start, skip: at == 0 ? 0 : 2, in: pieces)
        if id >= 0 { return (id, end) }
        end -= 1
      }
      return (-1, at)
    }
  }
}
