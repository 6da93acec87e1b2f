/// UTF-8, scalar by scalar, malformed bytes included.
enum UTF8Scalar {
  static let replacement: UInt32 = 0xFFFD

  /// The scalar at `at` (below `count`) and its length in bytes. A byte that does not begin a
  /// well-formed scalar (Unicode 15, table 3-7) is U+FFFD of length 1.
  @inline(__always)
  static func decode(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> (UInt32, Int) {
    let lead = text[at]
    if lead < 0x80 { return (UInt32(lead), 1) }
    if lead < 0xE0 {
      guard lead >= 0xC2, at + 2 <= count, isContinuation(text[at + 1]) else {
        return (replacement, 1)
      }
      return (UInt32(lead & 0x1F) << 6 | UInt32(text[at + 1] & 0x3F), 2)
    }
    if lead < 0xF0 {
      guard at + 3 <= count, isContinuation(text[at + 1]), isContinuation(text[at + 2]) else {
        return (replacement, 1)
      }
      let value =
        UInt32(lead & 0x0F) << 12 | UInt32(text[at + 1] & 0x3F) << 6 | UInt32(text[at + 2] & 0x3F)
      return value < 0x800 || value & 0xF800 == 0xD800 ? (replacement, 1) : (value, 3)
    }
    guard lead < 0xF5, at + 4 <= count, isContinuation(text[at + 1]),
      isContinuation(text[at + 2]), isContinuation(text[at + 3])
    else { return (replacement, 1) }
    let value =
      UInt32(lead & 0x07) << 18 | UInt32(text[at + 1] & 0x3F) << 12
      | UInt32(text[at + 2] & 0x3F) << 6 | UInt32(text[at + 3] & 0x3F)
    return value < 0x10000 || value > 0x10FFFF ? (replacement, 1) : (value, 4)
  }

  @inline(__always)
  private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  static func isWellFormed(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let bytes = text.bindMemory(to: UInt8.self).baseAddress else { return true }
    var at = 0
    while at < text.count {
      let (scalar, length) = decode(bytes, at, text.count)
      if scalar == replacement && length == 1 { return false }
      at += length
    }
    return true
  }

  /// Writes a scalar value (at most four bytes) and tells its length.
  @inline(__always)
  static func encode(_ scalar: UInt32, _ bytes: UnsafeMutablePointer<UInt8>) -> Int32 {
    if scalar < 0x80 {
      bytes[0] = UInt8(truncatingIfNeeded: scalar)
      return 1
    }
    let last = 0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F)
    if scalar < 0x800 {
      bytes[0] = 0xC0 | UInt8(truncatingIfNeeded: scalar >> 6)
      bytes[1] = last
      return 2
    }
    let middle = 0x80 | UInt8(truncatingIfNeeded: scalar >> 6 & 0x3F)
    if scalar < 0x10000 {
      bytes[0] = 0xE0 | UInt8(truncatingIfNeeded: scalar >> 12)
      bytes[1] = middle
      bytes[2] = last
      return 3
    }
    bytes[0] = 0xF0 | UInt8(truncatingIfNeeded: scalar >> 18)
    bytes[1] = 0x80 | UInt8(truncatingIfNeeded: scalar >> 12 & 0x3F)
    bytes[2] = middle
    bytes[3] = last
    return 4
  }

  /// `scalar` is a scalar value.
  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    guard let scalar = Unicode.Scalar(scalar), let encoded = UTF8.encode(scalar) else { return }
    bytes.append(contentsOf: encoded)
  }

  /// How many scalars a text has, each malformed byte one.
  static func count(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int {
    var count = 0
    var at = range.lowerBound
    while at < range.upperBound {
      at += decode(text, at, range.upperBound).1
      count += 1
    }
    return count
  }
}
