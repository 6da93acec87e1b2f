import XlingUnicode

/// Scalars, each with the range of bytes of the original text that it came from.
struct SourcedScalars {
  var values: [UInt32] = []
  /// Where the source begins, and where it ends (exclusive).
  var starts: [Int32] = []
  var ends: [Int32] = []
  /// All class bits seen.
  var seen: UInt16 = 0

  mutating func removeAll() {
    values.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    seen = 0
  }

  mutating func append(_ value: UInt32, from start: Int32, to end: Int32, bits: UInt16) {
    values.append(value)
    starts.append(start)
    ends.append(end)
    seen |= bits
  }

  /// Decodes UTF-8. A malformed byte is U+FFFD by itself.
  mutating func decode(_ utf8: UnsafeRawBufferPointer, classes: ScalarClasses) {
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return }
    var at = 0
    while at < utf8.count {
      let (value, length) = UTF8Scalar.decode(text, at, utf8.count)
      append(value, from: Int32(at), to: Int32(at + length), bits: classes[value])
      at += length
    }
  }

  /// Brings the text into an ICU normalization form, stretch by stretch between boundaries; all
  /// that a changed stretch becomes has the whole stretch as its source.
  mutating func normalize(_ form: NormalizationForm, classes: ScalarClasses) {
    let doubt =
      form == .nfc ? ScalarClasses.leavesNFCInDoubt : ScalarClasses.leavesNFKCInDoubt
    guard seen & doubt != 0 else { return }
    var result = SourcedScalars()
    var at = 0
    while at < values.count {
      // Nothing composes with white space or is reordered across it: it is in no stretch.
      if [0x09, 0x0A, 0x0D, 0x20].contains(values[at]) {
        result.appendRange(self, at..<at + 1, classes)
        at += 1
        continue
      }
      var end = at + 1
      var doubtful = classes[values[at]] & doubt != 0
      while end < values.count, !form.boundary(before: values[end]) {
        doubtful = doubtful || classes[values[end]] & doubt != 0
        end += 1
      }
      if doubtful {
        result.appendNormalized(self, at..<end, form, classes)
      } else {
        result.appendRange(self, at..<end, classes)
      }
      at = end
    }
    self = result
  }

  private mutating func appendRange(
    _ source: SourcedScalars, _ range: Range<Int>, _ classes: ScalarClasses
  ) {
    for at in range {
      let value = source.values[at]
      append(
        value, from: source.starts[at], to: source.ends[at], bits: classes[value])
    }
  }

  private mutating func appendNormalized(
    _ source: SourcedScalars, _ range: Range<Int>, _ form: NormalizationForm,
    _ classes: ScalarClasses
  ) {
    let old = source.values[range]
    var units: [UInt16] = []
    for value in old {
      if let scalar = Unicode.Scalar(value), let encoded = UTF16.encode(scalar) {
        units.append(contentsOf: encoded)
      }
    }
    // ICU fails only without memory or data, and its data was read when the classes were built.
    guard let normal = try? form.normalize(utf16: units), normal != units else {
      return appendRange(source, range, classes)
    }
    for scalar in String(decoding: normal, as: UTF16.self).unicodeScalars {
      append(
        scalar.value, from: source.starts[range.lowerBound], to: source.ends[range.upperBound - 1],
        bits: classes[scalar.value])
    }
  }

  /// NFD as the reference has it, then without its accents; clean_text's removals first, since
  /// marks on both sides of a removed scalar are reordered together.
  mutating func stripAccents(classes: ScalarClasses, cleans: Bool) {
    guard seen & (ScalarClasses.decomposes | ScalarClasses.stripped) != 0 else { return }
    var result = SourcedScalars()
    var orders: [UInt8] = []
    for at in values.indices {
      let value = values[at]
      let bits = classes[value]
      if cleans, bits & ScalarClasses.removed != 0 { continue }
      for part in classes.decomposition(value) {
        result.insert(
          part, order: classes.combiningClass(part), &orders, starts[at], ends[at], classes)
      }
    }
    var kept = SourcedScalars()
    for at in result.values.indices {
      let bits = classes[result.values[at]]
      if bits & ScalarClasses.stripped == 0 {
        kept.append(result.values[at], from: result.starts[at], to: result.ends[at], bits: bits)
      }
    }
    self = kept
  }

  /// Canonical ordering: before the marks of a higher class, behind those of its own.
  private mutating func insert(
    _ value: UInt32, order: UInt8, _ orders: inout [UInt8], _ start: Int32, _ end: Int32,
    _ classes: ScalarClasses
  ) {
    var at = values.count
    if order != 0 {
      while at > 0, orders[at - 1] > order { at -= 1 }
    }
    values.insert(value, at: at)
    starts.insert(start, at: at)
    ends.insert(end, at: at)
    orders.insert(order, at: at)
    seen |= classes[value]
  }
}
