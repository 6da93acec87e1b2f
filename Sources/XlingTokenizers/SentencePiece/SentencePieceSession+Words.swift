extension SentencePieceSession {
  /// Encodes a text word by word, from the cache where it can; false where words cannot be told
  /// apart: the tokens so far are then worth nothing.
  ///
  /// A word is what lies between spaces, as it is written. It can be encoded alone when its
  /// normalized form is one chunk: no space comes of it, neither inside nor at its edges.
  func encodeWords(
    _ text: UnsafeBufferPointer<UInt8>, _ offsets: OffsetUnit, _ cache: WordCache
  ) -> Bool {
    precondition(text.count < 1 << 29, "a text of half a gigabyte is no caption")
    guard let bytes = text.baseAddress else { return true }
    let allowsSpaces = normalizer.whitespace.removesExtra
    var words = Words(text: bytes, count: text.count, offsets: offsets)
    while true {
      let spaces = words.skipSpaces()
      if !allowsSpaces, spaces > (words.isTextStart ? 0 : 1) || spaces > 0 && words.isAtEnd {
        return false
      }
      if words.isAtEnd { return true }
      let length = words.wordLength()
      let isTaken = take(length, &words, cache)
      if !isTaken { return false }
    }
  }

  /// How far a text is done with.
  struct Words {
    let text: UnsafePointer<UInt8>
    let count: Int
    let offsets: OffsetUnit
    var at = 0
    /// The same in the unit of the offsets.
    var origin: Int32 = 0
    /// Where the space ahead of the next word is, of several the first; the word itself when it is
    /// the first.
    var space: Int32 = 0
    var isTextStart = true

    var isAtEnd: Bool { at == count }

    @inline(__always)
    mutating func skipSpaces() -> Int {
      let start = at
      while at < count, text[at] == 0x20 { at += 1 }
      let spaces = at - start
      space = isTextStart ? origin + Int32(truncatingIfNeeded: spaces) : origin
      origin += Int32(truncatingIfNeeded: spaces)
      return spaces
    }

    /// Bytes up to the next space or the end, eight at a time.
    @inline(__always)
    func wordLength() -> Int {
      var end = at
      while end + 8 <= count {
        let word = UnsafeRawPointer(text + end).loadUnaligned(as: UInt64.self)
        let others = word ^ 0x2020_2020_2020_2020
        let isSpace = (others &- 0x0101_0101_0101_0101) & ~others & 0x8080_8080_8080_8080
        if isSpace != 0 { return end - at + isSpace.trailingZeroBitCount >> 3 }
        end += 8
      }
      while end < count, text[end] != 0x20 { end += 1 }
      return end - at
    }

    @inline(__always)
    mutating func advance(_ bytes: Int, _ units: Int32) {
      at += bytes
      origin += units
      isTextStart = false
    }
  }

  @inline(__always)
  private func take(_ length: Int, _ words: inout Words, _ cache: WordCache) -> Bool {
    guard length <= WordCache.maximumKey else { return segment(length, &words) }
    let key = words.text + words.at
    let readable = words.count - words.at
    let hash = WordCache.hash(key, length, readable: readable)
    guard let entry = cache.find(hash, key, length, readable: readable) else {
      return segment(length, &words, keepAs: comesAgain(hash) ? hash : nil)
    }
    guard abs(score) < entry.load(fromByteOffset: 4, as: Float.self) else {
      return segment(length, &words)
    }
    take(entry, length, &words)
    return true
  }

  /// Whether a word has been seen lately; from now on it has.
  @inline(__always)
  private func comesAgain(_ hash: UInt64) -> Bool {
    let slot = Int(truncatingIfNeeded: hash >> 32) & (Self.seenCount - 1)
    let tag = UInt8(truncatingIfNeeded: hash >> 56) | 1
    if seen[slot] == tag { return true }
    seen[slot] = tag
    return false
  }

  /// Takes a word from the cache.
  @inline(__always)
  private func take(_ entry: UnsafeRawPointer, _ length: Int, _ words: inout Words) {
    let header = entry.load(as: UInt32.self)
    let found = Int(header >> 8 & 0xFF)
    let isBytes = words.offsets == .bytes
    let first = tokens.count
    tokens.reserve(found)
    if header >> 24 == 0 {
      let (scores, scheme) = (vocabulary.scores, ids.shift)
      let shift: UInt32 = isBytes ? 16 : 0
      var score = score
      var token = WordCache.tokens(entry, key: length)
      for _ in 0..<found {
        let id = token.load(as: Int32.self)
        let places = token.load(fromByteOffset: 4, as: UInt32.self) >> shift
        token += 8
        score += scores[Int(id)]
        tokens.append(
          id &+ scheme, words.origin &+ Int32(truncatingIfNeeded: places & 0xFF),
          words.origin &+ Int32(truncatingIfNeeded: places >> 8 & 0xFF))
      }
      self.score = score
    } else {
      takeUnknown(WordCache.tokens(entry, key: length), found, words)
    }
    tokens.starts[first] = words.space
    words.advance(
      length, isBytes ? Int32(truncatingIfNeeded: length) : Int32(header >> 16 & 0xFF))
  }

  /// As above, where characters are unknown; their texts are as they are written.
  @inline(never)
  private func takeUnknown(_ first: UnsafeRawPointer, _ found: Int, _ words: Words) {
    var token = first
    for _ in 0..<found {
      let id = token.load(as: Int32.self)
      let places = token.load(fromByteOffset: 4, as: UInt32.self)
      token += 8
      let bytes = Int(places >> 16 & 0xFF)..<Int(places >> 24)
      let scalars = Int32(places & 0xFF)..<Int32(places >> 8 & 0xFF)
      let (start, end) =
        words.offsets == .bytes
        ? (Int32(bytes.lowerBound), Int32(bytes.upperBound))
        : (scalars.lowerBound, scalars.upperBound)
      if id == vocabulary.unknownId {
        for _ in scalars { score += vocabulary.scores[Int(id)] }
        let text = words.text + words.at + bytes.lowerBound
        appendUnknown(
          UnsafeBufferPointer(start: text, count: bytes.count), words.origin + start,
          words.origin + end)
      } else {
        score += vocabulary.scores[Int(id)]
        tokens.append(id + ids.shift, words.origin + start, words.origin + end)
      }
    }
    lastIsUnknown = false
  }

  /// Normalizes and segments a word, and keeps it under `hash` if it can be kept.
  @inline(never)
  private func segment(_ length: Int, _ words: inout Words, keepAs hash: UInt64? = nil) -> Bool {
    let word = UnsafeBufferPointer(start: words.text + words.at, count: length)
    normalizer.normalize(word, words.offsets, into: normalized)
    let units =
      words.offsets == .bytes
      ? Int32(truncatingIfNeeded: length)
      : Int32(UTF8Scalar.count(words.text + words.at, 0..<length))
    guard isOneWord(units) else { return false }
    if !words.isTextStart {
      for at in 0..<SentencePieceModel.space.count {
        normalized.origins[at] = words.space - words.origin
      }
    }
    let base = words.origin
    let before = (tokens: tokens.count, unknowns: unknownCount)
    lastIsUnknown = false
    if vocabulary.algorithm == .bpe {
      segment(0..<normalized.count, base)
      if let hash { keep(hash, word, words, from: before, limit: .infinity) }
    } else if let hash {
      let chunk = UnsafeBufferPointer(start: normalized.bytes, count: normalized.count)
      let limit = unigram.segmentAlone(chunk)
      if abs(score) < limit {
        append(unigram.tokens, 0, base)
        // The bytes of an unknown character have scores of their own, which the path does not take.
        if vocabulary.bytePieces == nil || !unigram.tokens.contains(where: isUnknown) {
          keep(hash, word, words, from: before, limit: limit)
        }
      } else {
        segment(0..<normalized.count, base)
      }
    } else {
      segment(0..<normalized.count, base)
    }
    words.advance(length, units)
    return true
  }

  private func isUnknown(_ token: ChunkToken) -> Bool { token.id == vocabulary.unknownId }

  /// Whether what was normalized is the ▁ that was put ahead, and a word without another; `units`
  /// is the length of the word as it is written.
  private func isOneWord(_ units: Int32) -> Bool {
    let (bytes, count) = (normalized.bytes, normalized.count)
    guard count > 3, normalized.cuts.count == 1, normalized.origins[0] == 0,
      normalized.origins[count] == units
    else { return false }
    for at in 5..<max(5, count) where bytes[at] == 0x81 {
      if bytes[at - 1] == 0x96, bytes[at - 2] == 0xE2 { return false }
    }
    return true
  }

  /// Keeps the tokens from `from` on for a word, unless an unknown one is written otherwise than
  /// its normalized text.
  private func keep(
    _ hash: UInt64, _ word: UnsafeBufferPointer<UInt8>, _ words: Words,
    from: (tokens: Int, unknowns: Int), limit: Float
  ) {
    guard let cache, let text = word.baseAddress else { return }
    let scalars = UTF8Scalar.numbers(text, word.count)
    placed.removeAll(keepingCapacity: true)
    for at in from.tokens..<tokens.count {
      // The first one's start may be the space ahead.
      let start = max(0, tokens.starts[at] - words.origin)
      let end = max(0, tokens.ends[at] - words.origin)
      var token = PlacedToken(
        id: tokens.ids[at] - ids.shift, startScalar: start, endScalar: end, startByte: start,
        endByte: end)
      if words.offsets == .bytes {
        token.startScalar = scalars[Int(start)]
        token.endScalar = scalars[Int(end)]
      } else {
        token.startByte = Int32(scalars.firstIndex(of: start) ?? 0)
        token.endByte = Int32(scalars.firstIndex(of: end) ?? 0)
      }
      if unknownCount > from.unknowns, let surface = surfaces[at] {
        let range = Int(token.startByte)..<Int(token.endByte)
        if !surface.elementsEqual(word[range]) { return }
        token.id = vocabulary.unknownId
      }
      placed.append(token)
    }
    placed.withUnsafeBufferPointer {
      cache.insert(
        hash, text, word.count, scalars: Int(scalars[word.count]),
        unknowns: unknownCount - from.unknowns, note: limit.bitPattern, $0)
    }
  }
}
