/// One thread's buffers for a ``BertTokenizer``, and what ``WordScan`` leaves to be done.
final class BertSession: TokenizerSession {
  private let tokenizer: BertTokenizer
  private let cache: WordCache?
  private var tokens = TokenBuffer()
  private var word = SpelledWord()
  private var placed: [PlacedToken] = []

  init(_ tokenizer: BertTokenizer, cached: Bool) {
    self.tokenizer = tokenizer
    cache = cached ? WordCache() : nil
  }

  deinit {
    cache?.deallocate()
    tokens.deallocate()
  }

  func encode(_ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit, into encoding: inout Encoding) {
    precondition(utf8.count <= Int32.max, "offsets are 32-bit")
    encoding.removeAll()
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return }
    tokens.count = 0
    var scan = WordScan(
      text: text, count: utf8.count, offsets: offsets, unknown: tokenizer.unknown,
      codes: tokenizer.codes, bytes: tokenizer.byteKinds, addedTokens: tokenizer.addedTokens,
      cache: cache, tokens: tokens)
    // Stretches between added tokens are independent texts.
    var partStart = 0
    while let stop = scan.run() {
      switch stop {
      case .unseen(let range, let hash): spell(range, hash, &scan)
      case .complex(let at): spellSurroundings(of: at, from: partStart, &scan)
      case .added(let token):
        take(token, &scan)
        partStart = scan.at
      }
    }
    tokens = scan.tokens
    tokens.copy(into: &encoding)
    encoding.unknownCount = scan.unknownCount
  }

  /// Spells letters scalar by scalar.
  private func spell(_ range: Range<Int>, _ hash: UInt64, _ scan: inout WordScan) {
    word.removeAll()
    placed.removeAll(keepingCapacity: true)
    var at = range.lowerBound
    var scalars: Int32 = 0
    while at < range.upperBound {
      let (value, length) = UTF8Scalar.decode(scan.text, at, scan.count)
      let source = Int32(at - range.lowerBound)..<Int32(at + length - range.lowerBound)
      append(value, scalars: scalars..<scalars + 1, bytes: source)
      at += length
      scalars += 1
    }
    let isKnown = spellWord()
    take(range.upperBound, hash, Int(scalars), unknown: isKnown ? 0 : 1, &scan)
  }

  private func append(_ value: UInt32, scalars: Range<Int32>, bytes: Range<Int32>) {
    let code = tokenizer.codes[value]
    if code & WordCodes.kindMask == WordCodes.empty { return }
    if code & WordCodes.expands == 0 {
      return word.append(WordCodes.mapped(value, code), scalars: scalars, bytes: bytes)
    }
    for part in tokenizer.codes.expansion(code) {
      word.append(part, scalars: scalars, bytes: bytes)
    }
  }

  private func spellWord() -> Bool {
    word.spell(
      tokenizer.pieces, tokenizer.index, maximumScalars: tokenizer.maximumScalarsPerWord,
      unknown: tokenizer.unknown, into: &placed)
  }

  /// Takes and keeps what was placed for scan.at..<end.
  private func take(
    _ end: Int, _ hash: UInt64, _ scalars: Int, unknown: Int, _ scan: inout WordScan
  ) {
    cache?.insert(
      hash, scan.text + scan.at, end - scan.at, scalars: scalars, unknown: unknown, placed)
    scan.take(placed, scalars: scalars, unknown: unknown, end: end)
  }

  /// What surrounds a scalar up to ASCII white space on both sides, which nothing composes with or
  /// is reordered across, goes through ``WordSplitter``.
  private func spellSurroundings(of complex: Int, from partStart: Int, _ scan: inout WordScan) {
    var start = complex
    while start > partStart, !Self.isSpace(scan.text[start - 1]) { start -= 1 }
    var end = complex
    let raw = UnsafeRawBufferPointer(start: scan.text, count: scan.count)
    while end < scan.count, !Self.isSpace(scan.text[end]),
      tokenizer.addedTokens.match(raw, at: end) == nil
    {
      end += 1
    }
    scan.rewind(to: start)
    guard let hash = scan.takeUnlessKnown(end) else { return }
    placed.removeAll(keepingCapacity: true)
    var unknown = 0
    // By byte of the stretch: the scalar it belongs to.
    var numbers: [Int32] = []
    var scalars: Int32 = 0
    while numbers.count < end - start {
      let length = UTF8Scalar.decode(scan.text, start + numbers.count, scan.count).1
      numbers.append(contentsOf: repeatElement(scalars, count: length))
      scalars += 1
    }
    numbers.append(scalars)
    tokenizer.splitter.words(of: UnsafeRawBufferPointer(rebasing: raw[start..<end])) { cut in
      word.removeAll()
      cut.forEachScalar { value, source in
        let first = numbers[Int(source.lowerBound)]
        word.append(
          value, scalars: first..<numbers[Int(source.upperBound) - 1] + 1, bytes: source)
      }
      if !spellWord() { unknown += 1 }
    }
    take(end, hash, Int(scalars), unknown: unknown, &scan)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  private func take(_ token: AddedToken, _ scan: inout WordScan) {
    let length = token.utf8.count
    let scalars = UTF8Scalar.count(scan.text, scan.at..<scan.at + length)
    let placed = PlacedToken(
      id: token.id, startScalar: 0, endScalar: Int32(scalars), startByte: 0, endByte: Int32(length))
    scan.take([placed], scalars: scalars, unknown: 0, end: scan.at + length)
  }
}
