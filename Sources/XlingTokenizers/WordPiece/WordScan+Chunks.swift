/// A chunk that the scan has not come to.
struct ChunkAhead: BitwiseCopyable {
  /// How many are looked for at a time.
  static let most = 16

  let start: Int
  let end: Int
  let hash: UInt64
}

/// Chunks, the raw bytes between ASCII white space, looked up as a whole before anything looks at their
/// characters: one that came before costs a hash, a comparison and a copy of its tokens.
///
/// A chunk's tokens depend on nothing around it. Characters are mapped one by one, without context
/// (lower case of Σ too); marks compose with ASCII white space in no normalization form, have no
/// other class than 0 to be reordered across, and start nothing anew; white space has no tokens; and
/// added tokens lie inside chunks, or ``BertTokenizer/chunksStandAlone`` is false. One that holds an
/// added token is not kept, so no chunk that is found holds one.
extension WordScan {
  /// The chunk that the scan is in, as far as it was not found.
  struct Chunk {
    var end = 0
    /// Whether its tokens are to be kept once it is done.
    var isKept = false
    fileprivate var start = 0
    fileprivate var hash: UInt64 = 0
    /// What there was ahead of it.
    fileprivate var scalar: Int32 = 0
    fileprivate var tokens = 0
    fileprivate var unknowns = 0

    /// A stretch's tokens are kept by themselves.
    @inline(__always)
    mutating func passes(_ stretch: Range<Int>) {
      if stretch.lowerBound == start, stretch.upperBound == end { isKept = false }
    }
  }

  /// Takes the tokens of chunks from the cache, and moves on to the first that is not there, which is
  /// `chunk` from now on. True at the end of the text.
  @inline(__always)
  mutating func takeChunks(_ cache: WordCache, _ ahead: UnsafeMutablePointer<ChunkAhead>) -> Bool {
    while true {
      // An added token may have taken white space along.
      if next == seen || ahead[next].start < at {
        lookAhead(cache, ahead)
        if seen == 0 { return true }
      }
      let found = ahead[next]
      next += 1
      scalar += Int32(truncatingIfNeeded: found.start - at)
      at = found.start
      let length = found.end - at
      guard length <= WordCache.maximumKey,
        let entry = cache.find(found.hash, text + at, length, readable: count - at)
      else {
        chunk = Chunk(
          end: found.end, isKept: length <= WordCache.maximumKey, start: at, hash: found.hash,
          scalar: scalar, tokens: tokens.count, unknowns: unknownCount)
        return false
      }
      take(entry)
      at = found.end
    }
  }

  /// Goes through the chunks from `at` on, so that what the cache holds of them is on its way from memory
  /// while others are still looked for.
  @inline(__always)
  private mutating func lookAhead(_ cache: WordCache, _ ahead: UnsafeMutablePointer<ChunkAhead>) {
    var (at, found) = (at, 0)
    while found < ChunkAhead.most {
      while at < count, BertSession.isSpace(text[at]) { at += 1 }
      if at == count { break }
      let chunk = chunkAhead(at)
      cache.approachSlot(chunk.hash)
      ahead[found] = chunk
      at = chunk.end
      found += 1
    }
    for chunk in 0..<found { cache.approachEntry(ahead[chunk].hash) }
    (next, seen) = (0, found)
  }

  /// The chunk at a place; longer than a key, it has no hash.
  @inline(__always)
  private func chunkAhead(_ at: Int) -> ChunkAhead {
    var hash = WordCache.emptyHash
    var end = at
    let limit = min(count, at + WordCache.maximumKey)
    while end < limit {
      let word = WordCache.word(text + end, count - end, readable: count - end)
      let length = min(Self.bytesAheadOfControl(word), count - end)
      if length > 0 {
        hash = WordCache.mix(hash, length == 8 ? word : word & ((1 << UInt64(8 * length)) - 1))
      }
      end += length
      if length < 8 {
        if end == count || BertSession.isSpace(text[end]) {
          return ChunkAhead(start: at, end: end, hash: hash)
        }
        // Another control character.
        break
      }
    }
    while end < count, !BertSession.isSpace(text[end]) { end += 1 }
    let isKey = end - at <= WordCache.maximumKey
    return ChunkAhead(
      start: at, end: end,
      hash: isKey ? WordCache.hash(text + at, end - at, readable: count - at) : 0)
  }

  /// How many of eight bytes lie ahead of the first that is a space or a control character of ASCII.
  @inline(__always)
  private static func bytesAheadOfControl(_ word: UInt64) -> Int {
    // Exact up to the first such byte (Warren, Hacker's Delight, section 6-1).
    let found = (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080
    return found.trailingZeroBitCount / 8
  }

  /// Keeps the tokens of a chunk that was done piece by piece.
  @inline(__always)
  mutating func keepChunk() {
    if chunk.isKept { keepTokens() }
    chunk.isKept = false
  }

  @inline(never)
  private func keepTokens() {
    let range = chunk.tokens..<tokens.count
    let length = chunk.end - chunk.start
    guard let cache, at == chunk.end else { return }
    let base = offsets == .bytes ? Int32(truncatingIfNeeded: chunk.start) : chunk.scalar
    withUnsafeTemporaryAllocation(of: PlacedToken.self, capacity: range.count) { placed in
      for (at, token) in range.enumerated() {
        placed[at] = PlacedToken(
          id: tokens.ids[token], startScalar: 0, endScalar: 0, startByte: 0, endByte: 0)
      }
      var (byte, scalars, started, ended) = (0, Int32(0), 0, 0)
      while true {
        let place = base + (offsets == .bytes ? Int32(truncatingIfNeeded: byte) : scalars)
        while started < range.count, tokens.starts[range.lowerBound + started] == place {
          placed[started].startByte = Int32(truncatingIfNeeded: byte)
          placed[started].startScalar = scalars
          started += 1
        }
        while ended < range.count, tokens.ends[range.lowerBound + ended] == place {
          placed[ended].endByte = Int32(truncatingIfNeeded: byte)
          placed[ended].endScalar = scalars
          ended += 1
        }
        if byte == length { break }
        byte += UTF8Scalar.decode(text, chunk.start + byte, chunk.end).1
        scalars += 1
      }
      // Places that do not come in order are no chunk's that is done piece by piece.
      guard started == range.count, ended == range.count else { return }
      cache.insert(
        chunk.hash, text + chunk.start, length, scalars: Int(scalars),
        unknowns: unknownCount - chunk.unknowns, UnsafeBufferPointer(placed))
    }
  }
}
