/// UTF-8, byte by byte.
enum UTF8Scalars {
  /// Length by the lead byte alone; continuation bytes count as one byte.
  @inline(__always)
  static func length(_ lead: UInt8) -> Int {
    lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }

  /// The well-formed scalar at `at` (Unicode 15, table 3-7), or nil.
  @inline(__always)
  static func scalar(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ end: Int
  ) -> (value: UInt32, length: Int)? {
    let lead = text[at]
    if lead < 0x80 { return (UInt32(lead), 1) }
    let length = length(lead)
    if length == 1 || at + length > end { return nil }
    var value = UInt32(lead) & (0x7F >> UInt32(length))
    for index in 1..<length {
      let byte = text[at + index]
      if byte & 0xC0 != 0x80 { return nil }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    let least: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
    if value < least || value > 0x10FFFF || value & 0xFFFF_F800 == 0xD800 { return nil }
    return (value, length)
  }

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

  /// How many scalars begin in a stretch of well-formed text.
  @inline(__always)
  static func count(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int32 {
    var count: Int32 = 0
    for at in range where text[at] & 0xC0 != 0x80 { count += 1 }
    return count
  }

  /// How many scalars bytes count for in offsets, malformed ones each for one.
  static func units(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    var (at, units): (Int, Int32) = (0, 0)
    while at < count {
      at += scalar(text, at, count)?.length ?? 1
      units += 1
    }
    return units
  }

  /// By byte, and for the end, how many scalars lie ahead; malformed bytes are one each.
  static func numbers(_ text: UnsafePointer<UInt8>, _ count: Int) -> [Int32] {
    var numbers: [Int32] = []
    numbers.reserveCapacity(count + 1)
    var scalars: Int32 = 0
    while numbers.count < count {
      let length = scalar(text, numbers.count, count)?.length ?? 1
      numbers.append(contentsOf: repeatElement(scalars, count: length))
      scalars += 1
    }
    numbers.append(scalars)
    return numbers
  }

  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    guard let scalar = Unicode.Scalar(scalar), let encoded = UTF8.encode(scalar) else { return }
    bytes.append(contentsOf: encoded)
  }
}
