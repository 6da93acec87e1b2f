/// A text on its way through normalization, each byte knowing which bytes of the original text it
/// came from. Its steps give what tokenizers 0.23.3 gives, alignments included.
struct AlignedText: Sendable {
  /// Well-formed UTF-8.
  private(set) var bytes: [UInt8] = []
  /// For every byte, where in the original text what it came from starts and ends, in bytes.
  private(set) var starts: [Int32] = []
  private(set) var ends: [Int32] = []
  /// Where the stretch that this was cut from starts: for what is put in ahead of everything.
  private(set) var origin: Int32 = 0

  /// What becomes of a scalar of the text: one that takes its place and the place of so many behind
  /// it (0 or below), or one that is put in behind it (1).
  struct Change {
    var scalar: UInt32
    var places: Int
  }

  init() {}

  /// A stretch of a text. A byte that begins no well-formed scalar reads as U+FFFD.
  init(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) {
    origin = Int32(truncatingIfNeeded: range.lowerBound)
    reserve(range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      let (scalar, length) = UTF8Scalar.decode(text, at, range.upperBound)
      append(
        scalar, Int32(truncatingIfNeeded: at), Int32(truncatingIfNeeded: at + length))
      at += length
    }
  }

  /// A text by itself.
  init(_ text: [UInt8]) {
    self = text.withUnsafeBufferPointer { text in
      text.baseAddress.map { AlignedText($0, 0..<text.count) } ?? AlignedText()
    }
  }

  var count: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }

  mutating func reserve(_ count: Int) {
    bytes.reserveCapacity(count)
    starts.reserveCapacity(count)
    ends.reserveCapacity(count)
  }

  /// Takes a scalar at the end, with the bytes of the original text that it came from.
  mutating func append(_ scalar: UInt32, _ start: Int32, _ end: Int32) {
    let before = bytes.count
    if scalar < 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: scalar))
    } else {
      UTF8Scalar.append(scalar, to: &bytes)
    }
    for _ in before..<bytes.count {
      starts.append(start)
      ends.append(end)
    }
  }

  /// Takes some of another text at the end.
  mutating func append(_ other: AlignedText, _ range: Range<Int>) {
    bytes.append(contentsOf: other.bytes[range])
    starts.append(contentsOf: other.starts[range])
    ends.append(contentsOf: other.ends[range])
  }

  /// A part of it; not empty.
  func part(_ range: Range<Int>) -> AlignedText {
    var part = AlignedText()
    part.append(self, range)
    part.origin = part.starts.first ?? origin
    return part
  }

  /// Where the bytes of the original text begin and end that a part came from; not empty.
  @inline(__always)
  func source(_ range: Range<Int>) -> (start: Int32, end: Int32) {
    (starts[range.lowerBound], ends[range.upperBound - 1])
  }

  /// Calls `body` with each scalar and its place.
  func forEachScalar(_ body: (_ scalar: UInt32, _ range: Range<Int>) -> Void) {
    bytes.withUnsafeBufferPointer { buffer in
      guard let text = buffer.baseAddress else { return }
      var at = 0
      while at < buffer.count {
        let (scalar, length) = UTF8Scalar.decode(text, at, buffer.count)
        body(scalar, at..<at + length)
        at += length
      }
    }
  }

  /// Replaces all scalars from the one at `first` on by what becomes of them; those for which there
  /// is nothing are gone.
  mutating func transform(_ changes: [Change], from first: Int = 0) {
    var result = AlignedText()
    result.origin = origin
    result.reserve(bytes.count)
    var at = first
    for change in changes {
      if change.places > 0 {
        let source = at == 0 ? (origin, origin) : (starts[at - 1], ends[at - 1])
        result.append(change.scalar, source.0, source.1)
        continue
      }
      guard at < bytes.count else { break }
      result.append(change.scalar, starts[at], ends[at])
      for _ in 0...(-change.places) where at < bytes.count { at += UTF8Scalar.length(bytes[at]) }
    }
    self = result
  }

  /// Puts scalars ahead; they share the first one's source. Does nothing to an empty text.
  mutating func prepend(_ scalars: [UInt32]) {
    guard let start = starts.first, let end = ends.first else { return }
    var result = AlignedText()
    result.origin = origin
    result.reserve(bytes.count + 4 * scalars.count)
    for scalar in scalars { result.append(scalar, start, end) }
    result.append(self, 0..<count)
    self = result
  }

  /// Replaces ranges, ascending, by the same bytes, which share the source of the last byte of what
  /// they replace.
  mutating func replace(_ ranges: [Range<Int>], by content: [UInt8]) {
    if ranges.isEmpty { return }
    var result = AlignedText()
    result.origin = origin
    result.reserve(bytes.count + ranges.count * content.count)
    var done = 0
    for range in ranges {
      result.append(self, done..<range.lowerBound)
      done = range.upperBound
      result.bytes.append(contentsOf: content)
      for _ in content {
        result.starts.append(starts[done - 1])
        result.ends.append(ends[done - 1])
      }
    }
    result.append(self, done..<count)
    self = result
  }

  /// Replaces scalars one by one; those for which there is nothing go.
  mutating func keep(_ body: (UInt32) -> UInt32?) {
    var result = AlignedText()
    result.origin = origin
    result.reserve(count)
    forEachScalar { scalar, range in
      guard let kept = body(scalar) else { return }
      result.append(kept, starts[range.lowerBound], ends[range.lowerBound])
    }
    self = result
  }

  /// Takes white space off its ends.
  mutating func strip(left: Bool, right: Bool) {
    var (start, end) = (0, count)
    forEachScalar { scalar, range in
      if left, range.lowerBound == start, WhiteSpace.contains(scalar) { start = range.upperBound }
    }
    if right {
      var last = start
      forEachScalar { scalar, range in
        if range.lowerBound >= start, !WhiteSpace.contains(scalar) { last = range.upperBound }
      }
      end = last
    }
    if start == 0, end == count { return }
    var result = AlignedText()
    result.origin = origin
    result.append(self, start..<max(start, end))
    self = result
  }
}

/// White_Space, which has not changed since Unicode 6.3.
enum WhiteSpace {
  @inline(__always)
  static func contains(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }
}
