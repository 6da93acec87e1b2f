/// One word in UTF-8 as the vocabulary would spell it, each of its scalars knowing where in a
/// stretch of raw text it came from; and the tokens found so far in that stretch. Buffers of one
/// session, without checks.
struct SpelledWord {
  private struct Source {
    /// Where the scalar's bytes begin in `bytes`.
    var position: Int32
    var startScalar: Int32
    var endScalar: Int32
    var startByte: Int32
    var endByte: Int32
  }

  private let bytes: UnsafeMutablePointer<UInt8>
  private let sources: UnsafeMutablePointer<Source>
  /// Of the beginnings of what is left, while it is looked up.
  private let hashes: UnsafeMutablePointer<UInt64>
  private let ends: UnsafeMutablePointer<Int32>
  private let maximumScalars: Int
  private let unknown: Int32
  private var byteCount: Int32 = 0
  /// One more than the maximum when the word is too long; its last scalar's source is kept then.
  private var count = 0

  private(set) var tokens: UnsafeMutableBufferPointer<PlacedToken>
  private(set) var tokenCount = 0
  private(set) var unknownCount = 0

  init(maximumScalars: Int, unknown: Int32) {
    self.maximumScalars = maximumScalars
    self.unknown = unknown
    bytes = .allocateApart(capacity: 4 * (maximumScalars + 1))
    sources = .allocateApart(capacity: maximumScalars + 1)
    hashes = .allocateApart(capacity: maximumScalars + 1)
    ends = .allocateApart(capacity: maximumScalars + 1)
    tokens = Self.buffer(maximumScalars + 1)
  }

  private static func buffer(_ capacity: Int) -> UnsafeMutableBufferPointer<PlacedToken> {
    UnsafeMutableBufferPointer(start: .allocateApart(capacity: capacity), count: capacity)
  }

  func deallocate() {
    bytes.deallocate()
    sources.deallocate()
    hashes.deallocate()
    ends.deallocate()
    tokens.deallocate()
  }

  /// Begins another stretch.
  mutating func removeAll() {
    byteCount = 0
    count = 0
    tokenCount = 0
    unknownCount = 0
  }

  @inline(__always)
  mutating func append(_ scalar: UInt32, scalars: Range<Int32>, bytes source: Range<Int32>) {
    if count > maximumScalars {
      sources[maximumScalars].endScalar = scalars.upperBound
      sources[maximumScalars].endByte = source.upperBound
      return
    }
    sources[count] = Source(
      position: byteCount, startScalar: scalars.lowerBound, endScalar: scalars.upperBound,
      startByte: source.lowerBound, endByte: source.upperBound)
    count += 1
    byteCount += UTF8Scalar.encode(scalar, bytes + Int(byteCount))
  }

  /// Greedy longest match from the left (Devlin et al. 2019); a word that cannot be spelt to its
  /// end, or is too long, is one unknown token. Ends the word.
  mutating func spell(_ index: PieceIndex.Reader) {
    if count == 0 { return }
    if tokenCount + count > tokens.count { grow() }
    let before = tokenCount
    var at = 0
    if count <= maximumScalars {
      while at < count {
        let (id, end) = longestMatch(at, index)
        if id < 0 { break }
        place(id, at, end)
        at = end
      }
    }
    if at < count {
      tokenCount = before
      place(unknown, 0, count)
      unknownCount += 1
    }
    count = 0
    byteCount = 0
  }

  @inline(__always)
  private mutating func place(_ id: Int32, _ first: Int, _ end: Int) {
    let last = sources[end - 1]
    tokens[tokenCount] = PlacedToken(
      id: id, startScalar: sources[first].startScalar, endScalar: last.endScalar,
      startByte: sources[first].startByte, endByte: last.endByte)
    tokenCount += 1
  }

  /// The id of the longest piece from the scalar `at` on, and the scalar behind it; -1 for none.
  @inline(__always)
  private func longestMatch(_ at: Int, _ index: PieceIndex.Reader) -> (id: Int32, end: Int) {
    let start = Int(sources[at].position)
    let limit = start + (at == 0 ? index.longestStart : index.longestContinuation)
    var hash = at == 0 ? PieceIndex.start : PieceIndex.continuation
    var next = start
    var end = at
    // Beginnings that pass the filter, and the scalars behind them.
    var candidates = 0
    while end < count {
      let stop = stop(end)
      if stop > limit { break }
      while next < stop {
        hash = PieceIndex.step(hash, bytes[next])
        next += 1
      }
      end += 1
      let finished = PieceIndex.finish(hash)
      hashes[candidates] = finished
      ends[candidates] = Int32(truncatingIfNeeded: end)
      candidates += index.mayHold(finished) ? 1 : 0
    }
    while candidates > 0 {
      candidates -= 1
      let end = Int(ends[candidates])
      let key = UnsafeBufferPointer(start: bytes + start, count: stop(end - 1) - start)
      let id = index.find(hashes[candidates], key, continues: at > 0)
      if id >= 0 { return (id, end) }
    }
    return (-1, at)
  }

  /// Where the bytes of a scalar end.
  @inline(__always)
  private func stop(_ scalar: Int) -> Int {
    Int(scalar + 1 < count ? sources[scalar + 1].position : byteCount)
  }

  private mutating func grow() {
    let larger = Self.buffer(2 * (tokenCount + count))
    for at in 0..<tokenCount { larger[at] = tokens[at] }
    tokens.deallocate()
    tokens = larger
  }
}
