import XlingUnicode

/// Scalars, each with the range of the original text that it came from, in scalars or in bytes.
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

  /// Decodes UTF-8 that begins at the offset `first` of the text. A malformed byte is U+FFFD by
  /// itself. Returns the offset behind the last scalar.
  mutating func decode(
    _ utf8: UnsafeRawBufferPointer, first: Int32, offsets: OffsetUnit = .scalars,
    classes: ScalarClasses
  ) -> Int32 {
    var offset = first
    var at = 0
    while at < utf8.count {
      let (value, length) = Self.scalar(utf8, at)
      at += length
      let next = offset + (offsets == .bytes ? Int32(length) : 1)
      append(value, from: offset, to: next, bits: classes.bits[Int(value)])
      offset = next
    }
    return offset
  }

  /// The scalar at a byte, and its length in bytes.
  static func scalar(_ utf8: UnsafeRawBufferPointer, _ at: Int) -> (UInt32, Int) {
    let lead = utf8[at]
    if lead < 0x80 { return (UInt32(lead), 1) }
    let length: Int
    var value: UInt32
    let least: UInt32
    switch lead {
    case 0xC2...0xDF: (length, value, least) = (2, UInt32(lead & 0x1F), 0x80)
    case 0xE0...0xEF: (length, value, least) = (3, UInt32(lead & 0x0F), 0x800)
    case 0xF0...0xF4: (length, value, least) = (4, UInt32(lead & 0x07), 0x10000)
    default: return (0xFFFD, 1)
    }
    guard at + length <= utf8.count else { return (0xFFFD, 1) }
    for offset in 1..<length {
      let byte = utf8[at + offset]
      guard byte & 0xC0 == 0x80 else { return (0xFFFD, 1) }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    guard value >= least, value < 0x110000, !(0xD800...0xDFFF).contains(value) else {
      return (0xFFFD, 1)
    }
    return (value, length)
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
      var end = at + 1
      var doubtful = classes.bits[Int(values[at])] & doubt != 0
      while end < values.count, !form.boundary(before: values[end]) {
        doubtful = doubtful || classes.bits[Int(values[end])] & doubt != 0
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
        value, from: source.starts[at], to: source.ends[at], bits: classes.bits[Int(value)])
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
        bits: classes.bits[Int(scalar.value)])
    }
  }

  /// NFD as the reference has it, then without its accents; clean_text's removals first, since
  /// marks on both sides of a removed scalar are reordered together.
  mutating func stripAccents(classes: ScalarClasses) {
    guard seen & (ScalarClasses.decomposes | ScalarClasses.stripped) != 0 else { return }
    var result = SourcedScalars()
    var orders: [UInt8] = []
    for at in values.indices {
      let value = values[at]
      let bits = classes.bits[Int(value)]
      if bits & ScalarClasses.removed != 0 { continue }
      let parts =
        bits & ScalarClasses.decomposes != 0 ? ScalarProperties.decomposition(value) : []
      for part in parts.isEmpty ? [value] : parts {
        result.insert(
          part, order: classes.combiningClass(part), &orders, starts[at], ends[at], classes)
      }
    }
    var kept = SourcedScalars()
    for at in result.values.indices {
      let bits = classes.bits[Int(result.values[at])]
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
    seen |= classes.bits[Int(value)]
  }
}
