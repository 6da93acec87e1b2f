/// One thread's buffers for a ``PipelineTokenizer``.
final class PipelineSession: TokenizerSession {
  /// Owns what the readers read.
  let tokenizer: PipelineTokenizer
  let pipeline: Pipeline
  private let raw: AddedTokens.Reader
  let normalized: AddedTokens.Reader
  private let spaces: ConstantBuffer<UInt16>?
  private let merges: MergeSegmenter?
  private let unigram: WordSegmenter?
  private let inner: (any TokenizerSession)?
  private var spelled: SpelledWord?
  @exclusivity(unchecked) var tokens = TokenBuffer()
  @exclusivity(unchecked) var surfaces = Surfaces()
  @exclusivity(unchecked) var unknownCount = 0
  @exclusivity(unchecked) private var part = Encoding()
  /// Nil when texts are taken whole.
  let cache: WordCache?
  let classes: PatternClass.Reader
  /// A word's tokens, while they are put together.
  @exclusivity(unchecked) var placed: [PlacedToken] = []
  private let padding = CacheLinePadding()

  init(_ tokenizer: PipelineTokenizer, spaces: ConstantBuffer<UInt16>?, cacheLimit: Int) {
    self.tokenizer = tokenizer
    self.spaces = spaces
    classes = PatternClass.table.reader
    let isCached = cacheLimit > 0 && tokenizer.pipeline.wordCut != nil
    cache = isCached ? WordCache(limit: cacheLimit) : nil
    pipeline = tokenizer.pipeline
    raw = pipeline.raw.reader
    normalized = pipeline.normalized.reader
    var (merges, unigram): (MergeSegmenter?, WordSegmenter?)
    var (inner, spelled): ((any TokenizerSession)?, SpelledWord?)
    switch pipeline.model {
    case .merges(let vocabulary): merges = MergeSegmenter(vocabulary)
    case .unigram(let pieces): unigram = WordSegmenter(pieces)
    case .wordPiece(let tokenizer):
      inner = tokenizer.session(cacheLimit: cacheLimit)
      spelled = SpelledWord(
        maximumScalars: tokenizer.maximumScalarsPerWord, unknown: tokenizer.unknown)
    case .sentencePiece(let tokenizer): inner = tokenizer.session(cacheLimit: cacheLimit)
    }
    (self.merges, self.unigram, self.inner, self.spelled) = (merges, unigram, inner, spelled)
  }

  deinit {
    tokens.deallocate()
    cache?.deallocate()
    spelled?.deallocate()
  }

  func encode(_ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit, into encoding: inout Encoding) {
    precondition(utf8.count < 1 << 29, "a text of half a gigabyte is no caption")
    encoding.removeAll()
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return }
    // Lent for the time being, so that their memory is reused.
    swap(&surfaces, &encoding.surfaces)
    surfaces.removeAll()
    tokens.count = 0
    unknownCount = 0
    raw.cut(text, 0..<utf8.count) { range in
      encodeStretch(text, range)
    } token: { found, range in
      let extent = UnsafeBufferPointer(start: text + range.lowerBound, count: range.count)
      appendAdded(found, extent, (Int32(range.lowerBound), Int32(range.upperBound)))
    }
    tokens.copy(into: &encoding)
    swap(&surfaces, &encoding.surfaces)
    encoding.unknownCount = unknownCount
    if offsets == .scalars { encoding.countScalars(text, utf8.count) }
    for hasSpaceAhead in pipeline.trims { trim(&encoding, hasSpaceAhead) }
  }

  func appendAdded(
    _ found: AddedTokens.Found, _ text: UnsafeBufferPointer<UInt8>, _ source: (Int32, Int32)
  ) {
    tokens.reserve(1)
    if tokenizer.spellsMatches, !tokenizer.pieces.buffer(Int(found.id)).elementsEqual(text) {
      surfaces.append(token: tokens.count, text)
    }
    tokens.append(found.id, source.0, source.1)
  }

  /// What lies between tokens that are found in raw text.
  private func encodeStretch(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) {
    switch pipeline.model {
    case .wordPiece(let tokenizer): encodePieces(text, range, tokenizer)
    case .sentencePiece: encodeInside(text, range)
    case .merges, .unigram: if !encodeWords(text, range) { encodeSlowly(text, range) }
    }
  }

  /// WordPiece has a session of its own, for stretches without normalized added tokens.
  private func encodePieces(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ tokenizer: BertTokenizer
  ) {
    if !normalized.isEmpty {
      var hasToken = false
      let stretch = tokenizer.splitter.normalized(AlignedText(text, range))
      stretch.bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return }
        normalized.cut(base, 0..<bytes.count) { _ in
        } token: { _, _ in
          hasToken = true
        }
      }
      if hasToken { return encodeSlowly(text, range) }
    }
    encodeInside(text, range)
  }

  /// By the session of a tokenizer within.
  private func encodeInside(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) {
    let stretch = UnsafeRawBufferPointer(start: text + range.lowerBound, count: range.count)
    inner?.encode(stretch, offsets: .bytes, into: &part)
    tokens.reserve(part.count)
    surfaces.append(part.surfaces, at: tokens.count)
    let base = Int32(range.lowerBound)
    for index in 0..<part.count {
      tokens.append(part.ids[index], base + part.starts[index], base + part.ends[index])
    }
    unknownCount += part.unknownCount
  }

  /// Step by step, each over the whole stretch.
  func encodeSlowly(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) {
    var stretch = AlignedText(text, range)
    pipeline.normalize(&stretch)
    stretch.bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      normalized.cut(base, 0..<bytes.count) { section in
        encodeSection(stretch.part(section))
      } token: { found, section in
        appendAdded(
          found, UnsafeBufferPointer(rebasing: bytes[section]), stretch.source(section))
      }
    }
  }

  func encodeSection(_ section: AlignedText) {
    if case .wordPiece(let tokenizer) = pipeline.model { return encodeWords(section, tokenizer) }
    var parts = [section]
    for cut in pipeline.cuts { cut.cut(&parts) }
    for part in parts { encodeWord(part) }
  }

  /// WordPiece, of normalized text.
  private func encodeWords(_ section: AlignedText, _ tokenizer: BertTokenizer) {
    guard var word = spelled else { return }
    tokenizer.splitter.words(ofNormalized: section) { range in
      word.removeAll()
      section.part(range).forEachScalar { scalar, place in
        let source = section.source(
          place.lowerBound + range.lowerBound..<place.upperBound + range.lowerBound)
        word.append(scalar, scalars: source.start..<source.end, bytes: source.start..<source.end)
      }
      word.spell(tokenizer.index.reader)
      tokens.reserve(word.tokenCount)
      for token in word.tokens[..<word.tokenCount] {
        tokens.append(token.id, token.startByte, token.endByte)
      }
      unknownCount += word.unknownCount
    }
    spelled = word
  }

  /// What the model sees as one word.
  func encodeWord(_ word: AlignedText) {
    word.bytes.withUnsafeBufferPointer { bytes in
      if bytes.isEmpty { return }
      if let merges {
        let unknown = merges.unknown
        merges.segment(bytes) { id, range in
          let source = word.source(range)
          tokens.reserve(1)
          tokens.append(id, source.start, source.end)
          if id == unknown { unknownCount += 1 }
        }
      } else if let unigram {
        unigram.segment(bytes) { id, range, isUnknown in
          let source = word.source(range)
          tokens.reserve(1)
          if isUnknown {
            unknownCount += 1
            surfaces.append(token: tokens.count, bytes[range])
          }
          tokens.append(id, source.start, source.end)
        }
      }
    }
  }

  /// Takes out of spans the white space that tokens show at their ends.
  private func trim(_ encoding: inout Encoding, _ hasSpaceAhead: Bool) {
    guard let spaces else { return }
    for index in 0..<encoding.count {
      var counts = spaces[Int(encoding.ids[index])]
      if encoding.surfaces.count > 0, let surface = encoding.surface(of: index) {
        counts = PieceSpaces.count(surface)
      }
      if counts == 0 { continue }
      var ahead = Int32(counts & 0xFF)
      let behind = Int32(counts >> 8)
      let isFirst = index == 0 || encoding.starts[index] == 0
      if ahead > 0, hasSpaceAhead, isFirst { ahead -= 1 }
      encoding.starts[index] = min(encoding.starts[index] + ahead, encoding.ends[index])
      if behind > 0, encoding.ends[index] >= behind {
        encoding.ends[index] = max(encoding.ends[index] - behind, encoding.starts[index])
      }
    }
  }
}

/// Counts the scalars ahead of places in a text, most of which lie close to the one before. A malformed
/// byte is one.
private struct ScalarCursor {
  let text: UnsafePointer<UInt8>
  let count: Int
  private var byte = 0
  private var scalar: Int32 = 0

  init(text: UnsafePointer<UInt8>, count: Int) {
    self.text = text
    self.count = count
  }

  var isASCII: Bool {
    for at in 0..<count where text[at] >= 0x80 { return false }
    return true
  }

  /// `place` lies between scalars.
  mutating func scalars(at place: Int) -> Int32 {
    if place < byte {
      // Scalars are told apart from their beginnings on only.
      (byte, scalar) = (0, 0)
    }
    while byte < place {
      byte += text[byte] < 0x80 ? 1 : UTF8Scalar.decode(text, byte, count).1
      scalar += 1
    }
    return scalar
  }
}

extension Encoding {
  /// Turns spans in bytes of a text into spans in scalars.
  mutating func countScalars(_ text: UnsafePointer<UInt8>, _ count: Int) {
    guard let last = ends.max(), last > 0 else { return }
    var cursor = ScalarCursor(text: text, count: count)
    if cursor.isASCII { return }
    for index in 0..<self.count {
      starts[index] = cursor.scalars(at: Int(starts[index]))
      ends[index] = cursor.scalars(at: Int(ends[index]))
    }
  }
}
