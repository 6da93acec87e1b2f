extension PipelineSession {
  /// Encodes a stretch word by word, from the cache where it can; false where it has to be taken
  /// whole: then nothing of it was taken.
  func encodeWords(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
    guard let cut = pipeline.wordCut else { return false }
    let before = (tokens: tokens.count, unknowns: unknownCount)
    let isDone: Bool
    switch cut {
    case .pattern(let pattern, let cautions, let changesCase):
      isDone = encode(text, range, pattern, cautions, changesCase)
    case .spaces(let bansWhiteSpace): isDone = encodeSpaced(text, range, bansWhiteSpace)
    }
    if isDone { return true }
    tokens.count = before.tokens
    unknownCount = before.unknowns
    surfaces.remove(from: before.tokens)
    return false
  }

  private func encode(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ pattern: WordPattern,
    _ cautions: CautionTable?, _ changesCase: Bool
  ) -> Bool {
    if let cautions {
      guard cautions.allows(text, range) else { return false }
    } else {
      let bytes = UnsafeRawBufferPointer(start: text + range.lowerBound, count: range.count)
      guard UTF8Scalar.isWellFormed(bytes) else { return false }
    }
    if normalized.isEmpty {
      encodeMatches(text, range, pattern)
      return true
    }
    if changesCase {
      // Added tokens are looked for in lower case.
      for at in range {
        let byte = text[at]
        let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
        if normalized.mayBegin(lower) { return false }
      }
      encodeMatches(text, range, pattern)
      return true
    }
    normalized.cut(text, range) { section in
      encodeMatches(text, section, pattern)
    } token: { found, section in
      let extent = UnsafeBufferPointer(start: text + section.lowerBound, count: section.count)
      appendAdded(found, extent, (Int32(section.lowerBound), Int32(section.upperBound)))
    }
    return true
  }

  private func encodeMatches(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ pattern: WordPattern
  ) {
    let classes = classes
    var at = range.lowerBound
    while at < range.upperBound {
      guard let end = pattern.end(text, at, range.upperBound, classes) else {
        at += UTF8Scalar.length(text[at])
        continue
      }
      _ = take(text, at..<end, range.upperBound) { word in
        encodeWord(word)
        return true
      }
      at = end
    }
  }

  private func encodeSpaced(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ bansWhiteSpace: Bool
  ) -> Bool {
    var at = range.lowerBound
    while at < range.upperBound {
      var end = at
      while end < range.upperBound, text[end] == 0x20 { end += 1 }
      while end < range.upperBound, text[end] != 0x20 { end += 1 }
      // Where the text begins, ▁ may go ahead of this word and of no other.
      let isTaken = take(text, at..<end, range.upperBound, keeps: at > 0) { word in
        if bansWhiteSpace, Self.holdsWhiteSpace(word) { return false }
        if Self.joinsNext(word) { return false }
        encodeSection(word)
        return true
      }
      if !isTaken { return false }
      at = end
    }
    return true
  }

  /// Whether a normalized word holds white space behind its leading spaces.
  private static func holdsWhiteSpace(_ word: AlignedText) -> Bool {
    var isInside = false
    var holds = false
    word.forEachScalar { scalar, _ in
      let isSpace = WhiteSpace.contains(scalar)
      if isSpace, isInside || scalar != 0x20 { holds = true }
      if !isSpace { isInside = true }
    }
    return holds
  }

  /// Whether its last scalar makes a grapheme cluster with the space behind it.
  private static func joinsNext(_ word: AlignedText) -> Bool {
    guard let last = word.bytes.last, last >= 0x80 else { return false }
    var scalars: UInt32 = 0
    word.forEachScalar { scalar, _ in scalars = scalar }
    return ScalarSet.prepends.contains(scalars)
  }

  /// Takes a word's tokens from the cache, or has its normalized text encoded by `encode` and keeps
  /// what comes of it. False where that says so.
  @inline(__always)
  private func take(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ limit: Int, keeps: Bool = true,
    _ encode: (AlignedText) -> Bool
  ) -> Bool {
    let key = text + range.lowerBound
    let readable = limit - range.lowerBound
    guard let cache, range.count <= WordCache.maximumKey, keeps else {
      return encode(normalizedWord(text, range))
    }
    let hash = WordCache.hash(key, range.count, readable: readable)
    if let entry = cache.find(hash, key, range.count, readable: readable) {
      take(entry, Int32(truncatingIfNeeded: range.lowerBound))
      return true
    }
    let before = (tokens: tokens.count, unknowns: unknownCount, surfaces: surfaces.count)
    guard encode(normalizedWord(text, range)) else { return false }
    if surfaces.count == before.surfaces {
      keep(hash, key, range, from: before.tokens, unknowns: unknownCount - before.unknowns, cache)
    }
    return true
  }

  private func normalizedWord(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> AlignedText {
    var word = AlignedText(text, range)
    pipeline.normalize(&word)
    return word
  }

  @inline(__always)
  private func take(_ entry: UnsafeRawPointer, _ base: Int32) {
    let header = entry.load(as: UInt32.self)
    let found = Int(header >> 8 & 0xFF)
    tokens.reserve(found)
    var token = WordCache.tokens(entry, key: Int(header & 0xFF))
    for _ in 0..<found {
      let places = token.load(fromByteOffset: 4, as: UInt32.self)
      tokens.append(
        token.load(as: Int32.self), base + Int32(places >> 16 & 0xFF), base + Int32(places >> 24))
      token += 8
    }
    unknownCount += Int(header >> 24)
  }

  private func keep(
    _ hash: UInt64, _ key: UnsafePointer<UInt8>, _ range: Range<Int>, from first: Int,
    unknowns: Int, _ cache: WordCache
  ) {
    placed.removeAll(keepingCapacity: true)
    let base = Int32(truncatingIfNeeded: range.lowerBound)
    for at in first..<tokens.count {
      let (start, end) = (tokens.starts[at] - base, tokens.ends[at] - base)
      // A span that leaves the word is no word's own.
      guard start >= 0, end >= 0, start <= range.count, end <= range.count else { return }
      placed.append(
        PlacedToken(
          id: tokens.ids[at], startScalar: 0, endScalar: 0, startByte: start, endByte: end))
    }
    placed.withUnsafeBufferPointer {
      cache.insert(hash, key, range.count, scalars: 0, unknowns: unknowns, $0)
    }
  }
}
