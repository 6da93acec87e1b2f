/// How often each scalar occurs; memory grows with the blocks of 256 that a text uses.
final class ScalarCounts {
  private let pages: UnsafeMutablePointer<UnsafeMutablePointer<Int>?>
  private static let pageCount = 0x1100

  init() {
    pages = .allocate(capacity: Self.pageCount)
    pages.initialize(repeating: nil, count: Self.pageCount)
  }

  deinit {
    removeAll()
    pages.deallocate()
  }

  func removeAll() {
    for page in 0..<Self.pageCount {
      pages[page]?.deallocate()
      pages[page] = nil
    }
  }

  @inline(__always)
  func add(_ scalar: UInt32, times: Int = 1) {
    let page = pages[Int(scalar >> 8)] ?? page(Int(scalar >> 8))
    page[Int(scalar & 0xFF)] += times
  }

  @inline(never)
  private func page(_ number: Int) -> UnsafeMutablePointer<Int> {
    let page = UnsafeMutablePointer<Int>.allocate(capacity: 256)
    page.initialize(repeating: 0, count: 256)
    pages[number] = page
    return page
  }

  /// Calls `body` with the scalars that occur, ascending, and how often.
  func eachScalar(_ body: (UInt32, Int) -> Void) {
    for number in 0..<Self.pageCount {
      guard let page = pages[number] else { continue }
      for at in 0..<256 where page[at] > 0 { body(UInt32(number << 8 | at), page[at]) }
    }
  }

  func merge(_ other: ScalarCounts) { other.eachScalar { add($0, times: $1) } }
}

/// Unicode's White_Space, which separates words.
enum WhiteSpace {
  @inline(__always)
  static func contains(_ scalar: UInt32) -> Bool {
    if scalar < 0x80 { return scalar == 0x20 || (0x09...0x0D).contains(scalar) }
    switch scalar {
    case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: return true
    default: return false
    }
  }

  /// White space for every tokenizer; nothing composes with it, and none is taken away.
  @inline(__always)
  static func isPlain(_ space: UInt32) -> Bool {
    space == 0x20 || space == 0x09 || space == 0x0A || space == 0x0D
  }
}

/// Well-formed UTF-8, scalar by scalar.
enum WellFormed {
  /// The scalar at `at` and the place behind it.
  @inline(__always)
  static func next(_ text: UnsafePointer<UInt8>, _ at: Int) -> (scalar: UInt32, end: Int) {
    let lead = UInt32(text[at])
    if lead < 0x80 { return (lead, at + 1) }
    let one = UInt32(text[at + 1] & 0x3F)
    if lead < 0xE0 { return (lead << 6 & 0x7C0 | one, at + 2) }
    let two = UInt32(text[at + 2] & 0x3F)
    if lead < 0xF0 { return (lead << 12 & 0xF000 | one << 6 | two, at + 3) }
    return (
      lead << 18 & 0x1C_0000 | one << 12 | two << 6 | UInt32(text[at + 3] & 0x3F), at + 4
    )
  }

  static func count(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int {
    var count = 0
    for at in range where text[at] & 0xC0 != 0x80 { count += 1 }
    return count
  }
}
