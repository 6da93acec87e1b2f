/// BERT's normalization of a whole text, and what is cut from it: the slow way, for texts in which
/// added tokens are looked for once they are normalized.
extension WordSplitter {
  /// Throws nothing away but what normalization does; white space stays.
  func normalized(_ text: AlignedText) -> AlignedText {
    var text = text
    typealias Bits = ScalarClasses
    if cleans {
      text.keep { scalar in
        let bits = classes[scalar]
        if bits & Bits.removed != 0 { return nil }
        return bits & Bits.space != 0 ? 0x20 : scalar
      }
    }
    if spacesChinese { spaceChinese(&text) }
    if stripsAccents {
      CanonicalForm(classes).decompose(&text)
      text.keep { classes[$0] & Bits.stripped != 0 ? nil : $0 }
    }
    if lowercase { NormalizationStep.lowercase(classes).apply(&text) }
    return text
  }

  private func spaceChinese(_ text: inout AlignedText) {
    var changes: [AlignedText.Change] = []
    text.forEachScalar { scalar, _ in
      if classes[scalar] & ScalarClasses.cjk == 0 {
        changes.append(.init(scalar: scalar, places: 0))
      } else {
        changes.append(.init(scalar: 0x20, places: 0))
        changes.append(.init(scalar: scalar, places: 1))
        changes.append(.init(scalar: 0x20, places: 1))
      }
    }
    text.transform(changes)
  }

  /// Calls `body` with every word: what white space separates, punctuation by itself.
  func words(ofNormalized text: AlignedText, _ body: (Range<Int>) -> Void) {
    var start: Int?
    func flush(_ end: Int) {
      if let start { body(start..<end) }
      start = nil
    }
    text.forEachScalar { scalar, range in
      let bits = classes[scalar]
      if bits & ScalarClasses.whitespace != 0 {
        flush(range.lowerBound)
      } else if bits & ScalarClasses.punctuation != 0 {
        flush(range.lowerBound)
        body(range)
      } else if start == nil {
        start = range.lowerBound
      }
    }
    flush(text.count)
  }
}

extension BertTokenizer {
  public func normalized(_ utf8: UnsafeRawBufferPointer) -> [UInt8] {
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return [] }
    var scalars = SourcedScalars()
    let classes = splitter.classes
    switch splitter.normalization {
    case .none: return splitter.normalized(AlignedText(text, 0..<utf8.count)).bytes
    case .nfc, .nfkc:
      scalars.decode(utf8, classes: classes)
      scalars.normalize(splitter.normalization == .nfc ? .nfc : .nfkc, classes: classes)
    }
    var bytes: [UInt8] = []
    for value in scalars.values { UTF8Scalar.append(value, to: &bytes) }
    return splitter.normalized(AlignedText(bytes)).bytes
  }
}

extension BertTokenizer {
  public func changes(_ utf8: UnsafeRawBufferPointer) -> Bool? {
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return false }
    let codes = codes.reader
    var isChanged = false
    var at = 0
    while at < utf8.count {
      let (scalar, length) = UTF8Scalar.decode(text, at, utf8.count)
      // It may stand for a malformed byte.
      if scalar == 0xFFFD { return nil }
      let code = codes[scalar]
      // One scalar stands for this one.
      switch code & (WordCodes.expands | WordCodes.kindMask) {
      case WordCodes.letter, WordCodes.lone:
        if WordCodes.mapped(scalar, code) != scalar { isChanged = true }
      default: return nil
      }
      at += length
    }
    return isChanged
  }
}
