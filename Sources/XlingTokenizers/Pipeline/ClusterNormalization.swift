import XlingUnicode

extension Charsmap {
  /// As tokenizers 0.23.3 reads a charsmap: a grapheme cluster of less than six bytes that begins
  /// with a rule's key becomes what the shortest such rule says, whatever else it holds; of other
  /// clusters each scalar is looked up by itself.
  func normalizeByClusters(_ text: inout AlignedText) {
    var changes: [AlignedText.Change] = []
    changes.reserveCapacity(text.count)
    var isChanged = false
    let reader = reader
    text.bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      var at = 0
      while at < bytes.count {
        let end = GraphemeClusters.end(base, at, bytes.count)
        if end - at < 6, let rule = reader.shortestRule(base, at, end) {
          isChanged = true
          Self.add(rule, replacing: UTF8Scalar.count(base, at..<end), reader, &changes)
          at = end
          continue
        }
        while at < end {
          let (scalar, length) = UTF8Scalar.decode(base, at, end)
          if reader.mayBegin(scalar), let rule = reader.shortestRule(base, at, at + length) {
            isChanged = true
            Self.add(rule, replacing: 1, reader, &changes)
          } else {
            changes.append(.init(scalar: scalar, places: 0))
          }
          at += length
        }
      }
    }
    if isChanged { text.transform(changes) }
  }

  /// Of more scalars than there were, the last are put in; of fewer, the last takes the place of what
  /// is left.
  private static func add(
    _ replacement: Int, replacing old: Int, _ reader: Reader, _ changes: inout [AlignedText.Change]
  ) {
    let text = reader.replacements + replacement
    var length = 0
    while text[length] != 0 { length += 1 }
    let before = changes.count
    var at = 0
    while at < length {
      let (scalar, count) = UTF8Scalar.decode(text, at, length)
      changes.append(.init(scalar: scalar, places: 0))
      at += count
    }
    let new = changes.count - before
    for index in changes.indices.suffix(max(0, new - old)) { changes[index].places = 1 }
    if new < old, !changes.isEmpty { changes[changes.count - 1].places -= old - new }
  }
}

extension Charsmap.Reader {
  /// Where the replacement of the shortest rule starts that begins the stretch.
  func shortestRule(_ text: UnsafePointer<UInt8>, _ at: Int, _ end: Int) -> Int? {
    var base = rootBase
    var index = at
    while index < end, text[index] != 0, let unit = step(&base, text[index]) {
      index += 1
      if unit & DoubleArray.hasValue != 0 { return value(base) }
    }
    return nil
  }
}

/// Extended grapheme clusters (UAX #29) as far as a charsmap can tell them apart: what follows its
/// base, what precedes it, and what stands alone. Hangul, flags and emoji sequences are longer than
/// the rules look.
enum GraphemeClusters {
  /// Where the cluster at `at` ends.
  static func end(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Int {
    if text[at] < 0x80, at + 1 == count || text[at + 1] < 0x80 {
      let isLineEnd = text[at] == 0x0D && at + 1 < count && text[at + 1] == 0x0A
      return isLineEnd ? at + 2 : at + 1
    }
    var (scalar, length) = UTF8Scalar.decode(text, at, count)
    var end = at + length
    while end < count {
      let (next, more) = UTF8Scalar.decode(text, end, count)
      if isControl(scalar) { return end }
      let joins =
        ScalarSet.extends.contains(next) || ScalarSet.prepends.contains(scalar) && !isControl(next)
      if !joins { return end }
      (scalar, length) = (next, more)
      end += length
    }
    return end
  }

  private static func isControl(_ scalar: UInt32) -> Bool {
    if scalar < 0x20 || (0x7F..<0xA0).contains(scalar) { return true }
    if scalar < 0xAD { return false }
    switch ScalarProperties.category(scalar) {
    case .control, .lineSeparator, .paragraphSeparator: return true
    case .format: return !ScalarSet.extends.contains(scalar) && !ScalarSet.prepends.contains(scalar)
    default: return false
    }
  }
}
