/// One word in UTF-8, each byte knowing the bytes of the original text it came from.
struct Word {
  var bytes: [UInt8] = []
  /// For every byte, the source range of its scalar.
  var starts: [Int32] = []
  var ends: [Int32] = []

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  /// Calls `body` with each scalar and the bytes of the text that it came from.
  func forEachScalar(_ body: (UInt32, Range<Int32>) -> Void) {
    bytes.withUnsafeBufferPointer { buffer in
      guard let text = buffer.baseAddress else { return }
      var at = 0
      while at < buffer.count {
        let (value, length) = UTF8Scalar.decode(text, at, buffer.count)
        body(value, starts[at]..<ends[at])
        at += length
      }
    }
  }

  @inline(__always)
  mutating func append(_ scalar: UInt32, from start: Int32, to end: Int32) {
    let before = bytes.count
    UTF8Scalar.append(scalar, to: &bytes)
    for _ in before..<bytes.count {
      starts.append(start)
      ends.append(end)
    }
  }
}

/// BERT's basic tokenization: normalization, clean_text, CJK spacing, accents, lower case, white
/// space, punctuation (Devlin et al. 2019; the behaviour is that of tokenizers 0.23.3). The trainer
/// cuts words with this code; the encoder has a faster way for scalars that need no context (see
/// ``WordCodes``) and comes here with the others.
struct WordSplitter: Sendable {
  let normalization: BertConfiguration.Normalization
  let lowercase: Bool
  let stripsAccents: Bool
  let spacesChinese: Bool
  /// Whether control characters go.
  let cleans: Bool
  let classes: ScalarClasses

  /// Throws ``TokenizerFailure/unicode(reason:)`` when ICU lacks its data.
  init(_ configuration: BertConfiguration) throws(TokenizerFailure) {
    normalization = configuration.normalization
    lowercase = configuration.lowercase
    stripsAccents = configuration.stripsAccents
    spacesChinese = configuration.tokenizeChineseCharacters
    cleans = configuration.cleansText
    classes = try ScalarClasses.shared(configuration.unicode)
  }

  /// Calls `body` for every word of a text without added tokens, from left to right. `body` may
  /// read the word until it returns.
  func words(of utf8: UnsafeRawBufferPointer, _ body: (Word) -> Void) {
    var scalars = SourcedScalars()
    scalars.decode(utf8, classes: classes)
    switch normalization {
    case .none: break
    case .nfc: scalars.normalize(.nfc, classes: classes)
    case .nfkc: scalars.normalize(.nfkc, classes: classes)
    }
    if stripsAccents { scalars.stripAccents(classes: classes, cleans: cleans) }
    var word = Word()
    for at in scalars.values.indices {
      add(scalars.values[at], scalars.starts[at], scalars.ends[at], to: &word, body)
    }
    flush(&word, body)
  }

  @inline(__always)
  private func flush(_ word: inout Word, _ body: (Word) -> Void) {
    if word.bytes.isEmpty { return }
    body(word)
    word.removeAll()
  }

  /// Spaces end the word before them; punctuation and CJK are words of their own.
  @inline(__always)
  private func add(
    _ scalar: UInt32, _ start: Int32, _ end: Int32, to word: inout Word, _ body: (Word) -> Void
  ) {
    typealias Bits = ScalarClasses
    let bits = classes[scalar]
    if cleans, bits & Bits.removed != 0 { return }
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
