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

  /// The well-formed scalar at `at` and its length, or nil.
  @inline(__always)
  static func scalar(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int
  ) -> (value: UInt32, length: Int)? {
    let (value, length) = decode(text, at, count)
    return value == replacement && length == 1 ? nil : (value, length)
  }

  /// Length by the lead byte alone; continuation bytes count as one byte.
  @inline(__always)
  static func length(_ lead: UInt8) -> Int {
    lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }

  @inline(__always)
  private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  static func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.withMemoryRebound(to: UInt8.self) { text in
      guard let base = text.baseAddress else { return true }
      var at = 0
      while at < text.count {
        guard let scalar = scalar(base, at, text.count) else { return false }
        at += scalar.length
      }
      return true
    }
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

  /// A scalar's bytes from the highest of four on, zeros behind them.
  static func leftAligned(_ scalar: UInt32) -> UInt32 {
    let tails = (scalar & 0x3F) | (scalar & 0xFC0) << 2 | (scalar & 0x3F000) << 4
    switch scalar {
    case ..<0x80: return scalar << 24
    case ..<0x800: return (0xC0 | scalar >> 6) << 24 | (tails & 0x3F | 0x80) << 16
    case ..<0x10000: return (0xE0 | scalar >> 12) << 24 | (tails & 0x3F3F | 0x8080) << 8
    default: return (0xF0 | scalar >> 18) << 24 | tails | 0x80_8080
    }
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

  /// The same of well-formed text.
  @inline(__always)
  static func countWellFormed(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int32 {
    var count: Int32 = 0
    for at in range where text[at] & 0xC0 != 0x80 { count += 1 }
    return count
  }

  /// By byte, and for the end, how many scalars lie ahead; malformed bytes are one each.
  static func numbers(_ text: UnsafePointer<UInt8>, _ count: Int) -> [Int32] {
    var numbers: [Int32] = []
    numbers.reserveCapacity(count + 1)
    var scalars: Int32 = 0
    while numbers.count < count {
      let length = decode(text, numbers.count, count).1
      numbers.append(contentsOf: repeatElement(scalars, count: length))
      scalars += 1
    }
    numbers.append(scalars)
    return numbers
  }
}
