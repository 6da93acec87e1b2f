/// One thread's buffers for a ``BertTokenizer``, and what ``WordScan`` leaves to be done.
final class BertSession: TokenizerSession {
  /// Owns what the readers read.
  private let tokenizer: BertTokenizer
  private let index: PieceIndex.Reader
  private let codes: WordCodes.Reader
  private let byteKinds: ByteKinds.Reader
  private let addedTokens: AddedTokens.Reader
  private let unknown: Int32
  private let cache: WordCache?
  /// Nil where chunks are not looked up.
  private let ahead: UnsafeMutablePointer<ChunkAhead>?
  @exclusivity(unchecked) private var tokens = TokenBuffer()
  @exclusivity(unchecked) private var word: SpelledWord
  private let padding = CacheLinePadding()

  init(_ tokenizer: BertTokenizer, cacheLimit: Int) {
    self.tokenizer = tokenizer
    index = tokenizer.index.reader
    codes = tokenizer.codes.reader
    byteKinds = tokenizer.byteKinds.reader
    addedTokens = tokenizer.addedTokens.reader
    unknown = tokenizer.unknown
    cache = cacheLimit > 0 ? WordCache(limit: cacheLimit) : nil
    let looksUpChunks = cacheLimit > 0 && tokenizer.chunksStandAlone
    ahead = looksUpChunks ? .allocateApart(capacity: ChunkAhead.most) : nil
    word = SpelledWord(
      maximumScalars: tokenizer.maximumScalarsPerWord, unknown: tokenizer.unknown)
  }

  deinit {
    cache?.deallocate()
    ahead?.deallocate()
    tokens.deallocate()
    word.deallocate()
  }

  func encode(_ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit, into encoding: inout Encoding) {
    precondition(utf8.count <= Int32.max, "offsets are 32-bit")
    encoding.removeAll()
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return }
    tokens.count = 0
    var scan = WordScan(
      text: text, count: utf8.count, offsets: offsets, unknown: unknown, codes: codes,
      bytes: byteKinds, addedTokens: addedTokens, cache: cache,
      ahead: ahead, tokens: tokens)
    var word = word
    // Stretches between added tokens are independent texts.
    var partStart = 0
    while let stop = scan.run() {
      switch stop {
      case .unseen(let range, let hash): spell(range, hash, &word, &scan)
      case .complex(let at): spellSurroundings(of: at, from: partStart, &word, &scan)
      case .added(let token):
        scan.take(token, from: partStart)
        partStart = scan.at
      }
    }
    scan.keepChunk()
    tokens = scan.tokens
    self.word = word
    tokens.copy(into: &encoding)
    encoding.surfaces = scan.surfaces
    encoding.unknownCount = scan.unknownCount
  }

  /// Spells letters, or one lone character, scalar by scalar.
  private func spell(
    _ range: Range<Int>, _ hash: UInt64, _ word: inout SpelledWord, _ scan: inout WordScan
  ) {
    word.removeAll()
    let codes = codes
    var at = range.lowerBound
    var scalars: Int32 = 0
    while at < range.upperBound {
      let (value, length) = UTF8Scalar.decode(scan.text, at, scan.count)
      let from = Int32(truncatingIfNeeded: at - range.lowerBound)
      let source = from..<from + Int32(truncatingIfNeeded: length)
      let code = codes[value]
      if code & (WordCodes.expands | WordCodes.kindMask) == WordCodes.letter
        || code & WordCodes.kindMask == WordCodes.lone
      {
        word.append(
          WordCodes.mapped(value, code), scalars: scalars..<scalars + 1, bytes: source)
      } else if code & WordCodes.kindMask == WordCodes.letter {
        codes.expand(value, code) { part in
          word.append(part, scalars: scalars..<scalars + 1, bytes: source)
        }
      }
      at += length
      scalars += 1
    }
    word.spell(index)
    take(range.upperBound, hash, scalars, word, &scan)
  }

  /// Takes and keeps what was spelt for scan.at..<end.
  private func take(
    _ end: Int, _ hash: UInt64, _ scalars: Int32, _ word: SpelledWord, _ scan: inout WordScan
  ) {
    scan.chunk.passes(scan.at..<end)
    cache?.insert(
      hash, scan.text + scan.at, end - scan.at, scalars: Int(scalars), unknowns: word.unknownCount,
      UnsafeBufferPointer(rebasing: word.tokens[..<word.tokenCount]))
    scan.take(word, scalars: scalars, end: end)
  }

  /// What surrounds a scalar up to ASCII white space on both sides, which nothing composes with or
  /// is reordered across, goes through ``WordSplitter``.
  private func spellSurroundings(
    of complex: Int, from partStart: Int, _ word: inout SpelledWord, _ scan: inout WordScan
  ) {
    var start = complex
    while start > partStart, !Self.isSpace(scan.text[start - 1]) { start -= 1 }
    var end = complex
    let raw = UnsafeRawBufferPointer(start: scan.text, count: scan.count)
    while end < scan.count, !Self.isSpace(scan.text[end]),
      addedTokens.match(raw, at: end) == nil
    {
      end += 1
    }
    scan.rewind(to: start)
    guard let hash = scan.takeUnlessKnown(end) else { return }
    word.removeAll()
    let stretch = UnsafeRawBufferPointer(rebasing: raw[start..<end])
    guard let bytes = stretch.bindMemory(to: UInt8.self).baseAddress else { return }
    let numbers = UTF8Scalar.numbers(bytes, stretch.count)
    var spelled = word
    tokenizer.splitter.words(of: stretch) { cut in
      cut.forEachScalar { value, source in
        let first = numbers[Int(source.lowerBound)]
        spelled.append(
          value, scalars: first..<numbers[Int(source.upperBound)], bytes: source)
      }
      spelled.spell(index)
    }
    word = spelled
    take(end, hash, numbers[stretch.count], word, &scan)
  }

  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
