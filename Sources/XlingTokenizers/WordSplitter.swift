/// One word in UTF-8, each byte knowing the range of the original text it came from.
struct Word {
  var bytes: [UInt8] = []
  /// For every byte, the source range of its scalar.
  var starts: [Int32] = []
  var ends: [Int32] = []
  var scalarCount = 0

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    scalarCount = 0
  }

  @inline(__always)
  mutating func append(_ scalar: UInt32, from start: Int32, to end: Int32) {
    let before = bytes.count
    if scalar < 0x80 {
      bytes.append(UInt8(scalar))
    } else if scalar < 0x800 {
      bytes.append(UInt8(0xC0 | scalar >> 6))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    } else {
      if scalar < 0x10000 {
        bytes.append(UInt8(0xE0 | scalar >> 12))
      } else {
        bytes.append(UInt8(0xF0 | scalar >> 18))
        bytes.append(UInt8(0x80 | scalar >> 12 & 0x3F))
      }
      bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    }
    for _ in before..<bytes.count {
      starts.append(start)
      ends.append(end)
    }
    scalarCount += 1
  }
}

/// A stretch of text between added tokens, or one such token.
enum TextPart {
  case word(Word)
  case addedToken(index: Int, span: Range<Int32>)
}

/// BERT's basic tokenization: added tokens, normalization, clean_text, CJK spacing, accents, lower
/// case, whitespace, punctuation (Devlin et al. 2019; the behaviour is that of tokenizers 0.23.3).
/// The trainer counts words and the encoder cuts them with this same code.
struct WordSplitter: Sendable {
  let normalization: BertConfiguration.Normalization
  let lowercase: Bool
  let stripsAccents: Bool
  let spacesChinese: Bool
  let classes: ScalarClasses
  /// UTF-8 of the tokens that are matched in raw text, longest first.
  let addedTokens: [(bytes: [UInt8], index: Int)]
  private let addedFirstBytes: [Bool]

  /// Throws ``TokenizerFailure/unicode(reason:)`` when ICU lacks its data.
  init(_ configuration: BertConfiguration) throws(TokenizerFailure) {
    normalization = configuration.normalization
    lowercase = configuration.lowercase
    stripsAccents = configuration.stripAccents ?? configuration.lowercase
    spacesChinese = configuration.tokenizeChineseCharacters
    classes = try ScalarClasses.shared()
    addedTokens = configuration.specialTokens.enumerated()
      .map { (bytes: Array($0.element.utf8), index: $0.offset) }
      .sorted { $0.bytes.count > $1.bytes.count }
    var first = [Bool](repeating: false, count: 256)
    for token in addedTokens { first[Int(token.bytes[0])] = true }
    addedFirstBytes = first
  }

  /// Calls `body` for every word and added token, from left to right.
  func split(
    _ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit = .scalars, _ body: (TextPart) -> Void
  ) {
    var scalars = SourcedScalars()
    var word = Word()
    var offset: Int32 = 0
    var partStart = 0
    var at = 0
    while at < utf8.count {
      guard addedFirstBytes[Int(utf8[at])], let token = addedToken(utf8, at) else {
        at += 1
        continue
      }
      offset = splitPart(
        UnsafeRawBufferPointer(rebasing: utf8[partStart..<at]), offset, offsets, &scalars, &word,
        body)
      let length =
        offsets == .bytes ? token.bytes.count : token.bytes.count { $0 & 0xC0 != 0x80 }
      body(.addedToken(index: token.index, span: offset..<offset + Int32(length)))
      offset += Int32(length)
      at += token.bytes.count
      partStart = at
    }
    _ = splitPart(
      UnsafeRawBufferPointer(rebasing: utf8[partStart...]), offset, offsets, &scalars, &word, body)
  }

  private func addedToken(
    _ utf8: UnsafeRawBufferPointer, _ at: Int
  ) -> (bytes: [UInt8], index: Int)? {
    addedTokens.first { token in
      at + token.bytes.count <= utf8.count
        && utf8[at..<at + token.bytes.count].elementsEqual(token.bytes)
    }
  }

  /// Returns the offset behind the part.
  private func splitPart(
    _ utf8: UnsafeRawBufferPointer, _ first: Int32, _ offsets: OffsetUnit,
    _ scalars: inout SourcedScalars, _ word: inout Word, _ body: (TextPart) -> Void
  ) -> Int32 {
    scalars.removeAll()
    let end = scalars.decode(utf8, first: first, offsets: offsets, classes: classes)
    switch normalization {
    case .none: break
    case .nfc: scalars.normalize(.nfc, classes: classes)
    case .nfkc: scalars.normalize(.nfkc, classes: classes)
    }
    if stripsAccents { scalars.stripAccents(classes: classes) }
    for at in scalars.values.indices {
      add(scalars.values[at], scalars.starts[at], scalars.ends[at], to: &word, body)
    }
    flush(&word, body)
    return end
  }

  @inline(__always)
  private func flush(_ word: inout Word, _ body: (TextPart) -> Void) {
    if word.bytes.isEmpty { return }
    body(.word(word))
    word.removeAll()
  }

  /// Spaces end the word before them; punctuation and CJK are words of their own.
  @inline(__always)
  private func add(
    _ scalar: UInt32, _ start: Int32, _ end: Int32, to word: inout Word, _ body: (TextPart) -> Void
  ) {
    typealias Bits = ScalarClasses
    let bits = classes.bits[Int(scalar)]
    if bits & Bits.removed != 0 { return }
    if bits & (Bits.space | Bits.whitespace) != 0 { return flush(&word, body) }
    let alone =
      bits & Bits.punctuation != 0 || (spacesChinese && bits & Bits.cjk != 0)
    if alone { flush(&word, body) }
    if lowercase && bits & Bits.lowercases != 0 {
      let (first, second) = classes.lowercased(scalar)
      word.append(first, from: start, to: end)
      if let second { word.append(second, from: start, to: end) }
    } else {
      word.append(scalar, from: start, to: end)
    }
    if alone { flush(&word, body) }
  }
}
