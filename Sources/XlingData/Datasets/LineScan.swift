import Foundation

/// Walks over one line of captions.jsonl and checks all of it without making a text of anything: UTF-8,
/// escapes, no empty caption. Nil is "not sure": ``DatasetReader`` then reads the line in full and says
/// what is wrong, if anything is.
struct LineScan {
  /// A text between its quotes.
  struct Text {
    let start: Int
    let end: Int
    let isEscaped: Bool
  }

  private let bytes: UnsafeRawBufferPointer
  private(set) var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  mutating func skipSpace() {
    while at < bytes.count, bytes[at] <= 0x20,
      bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0A || bytes[at] == 0x0D
    { at += 1 }
  }

  /// Takes a mark, with the space before it.
  mutating func take(_ mark: UInt8) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == mark else { return false }
    at += 1
    return true
  }

  mutating func takeWord(_ word: StaticString) -> Bool {
    skipSpace()
    guard at + word.utf8CodeUnitCount <= bytes.count, let base = bytes.baseAddress,
      memcmp(base + at, word.utf8Start, word.utf8CodeUnitCount) == 0
    else { return false }
    at += word.utf8CodeUnitCount
    return true
  }

  /// A text with the quotes around it.
  mutating func text() -> Text? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = at
    var isEscaped = false
    let count = bytes.count
    while at < count {
      let byte = bytes[at]
      if byte >= 0x80 {
        guard passScalar() else { return nil }
        continue
      }
      if byte == UInt8(ascii: "\"") {
        at += 1
        return Text(start: start, end: at - 1, isEscaped: isEscaped)
      }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        guard passEscape() else { return nil }
        continue
      }
      guard byte >= 0x20 else { return nil }
      at += 1
      // Eight at a time, while none is a quote, a backslash, a control or beyond ASCII.
      while at + 8 <= count,
        Self.isPlain(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      { at += 8 }
    }
    return nil
  }

  private static func isPlain(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let quotes = word ^ (ones &* 0x22)
    let slashes = word ^ (ones &* 0x5C)
    let found =
      (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes
      | (word &- ones &* 0x20) & ~word | word
    return found & highs == 0
  }

  /// One scalar of two to four bytes, as table 3-7 of Unicode has them. Behind the last of a line come
  /// three marks at least, so four bytes are always there.
  private mutating func passScalar() -> Bool {
    guard at + 4 <= bytes.count else { return false }
    let (first, second) = (bytes[at], bytes[at + 1])
    func follows(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
    switch first {
    case 0xC2...0xDF:
      guard follows(second) else { return false }
      at += 2
    case 0xE0...0xEF:
      guard follows(second), follows(bytes[at + 2]), first != 0xE0 || second >= 0xA0,
        first != 0xED || second < 0xA0
      else { return false }
      at += 3
    case 0xF0...0xF4:
      guard follows(second), follows(bytes[at + 2]), follows(bytes[at + 3]),
        first != 0xF0 || second >= 0x90, first != 0xF4 || second < 0x90
      else { return false }
      at += 4
    default: return false
    }
    return true
  }

  private mutating func passEscape() -> Bool {
    guard at + 6 <= bytes.count else { return false }
    switch bytes[at + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      at += 2
      return true
    case UInt8(ascii: "u"):
      guard let unit = unit(at + 2) else { return false }
      at += 6
      guard (0xD800..<0xE000).contains(unit) else { return true }
      guard unit < 0xDC00, at + 6 <= bytes.count, bytes[at] == UInt8(ascii: "\\"),
        bytes[at + 1] == UInt8(ascii: "u"), let low = self.unit(at + 2),
        (0xDC00..<0xE000).contains(low)
      else { return false }
      at += 6
      return true
    default: return false
    }
  }

  private func unit(_ place: Int) -> UInt32? {
    var value: UInt32 = 0
    for byte in bytes[place..<place + 4] {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// A list of at least one text, none of them blank.
  mutating func passCaptions() -> Bool {
    guard take(UInt8(ascii: "[")) else { return false }
    while true {
      guard let text = text(), !isBlank(text) else { return false }
      if take(UInt8(ascii: "]")) { return true }
      guard take(UInt8(ascii: ",")) else { return false }
    }
  }

  private func isBlank(_ text: Text) -> Bool {
    guard text.start < text.end else { return true }
    let first = bytes[text.start]
    // What begins like white space beyond ASCII is looked at as a text; the rest is none.
    if first > 0x20, first < 0x80, first != UInt8(ascii: "\\") { return false }
    if first > 0xC2, !(0xE1...0xE3).contains(first) { return false }
    return decoded(text).unicodeScalars.allSatisfy(\.properties.isWhitespace)
  }

  /// Of what was passed before: the same characters as ``JSONValue`` has.
  func decoded(_ text: Text) -> String {
    let raw = UnsafeRawBufferPointer(rebasing: bytes[text.start..<text.end])
    guard text.isEscaped else { return String(decoding: raw, as: UTF8.self) }
    let quoted = UnsafeRawBufferPointer(rebasing: bytes[text.start - 1...text.end])
    return JSONValue(Data(quoted))?.string ?? ""
  }

  /// A list of texts, which may be empty.
  mutating func list() -> [String]? {
    guard take(UInt8(ascii: "[")) else { return nil }
    if take(UInt8(ascii: "]")) { return [] }
    var texts: [String] = []
    repeat {
      guard let text = text() else { return nil }
      texts.append(decoded(text))
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]")) ? texts : nil
  }

  func isText(_ text: Text, _ word: StaticString) -> Bool {
    guard !text.isEscaped, text.end - text.start == word.utf8CodeUnitCount,
      let base = bytes.baseAddress
    else { return false }
    return memcmp(base + text.start, word.utf8Start, word.utf8CodeUnitCount) == 0
  }

  func isText(_ text: Text, _ other: UnsafeRawBufferPointer) -> Bool {
    guard text.end - text.start == other.count, let base = bytes.baseAddress,
      let known = other.baseAddress
    else { return false }
    return memcmp(base + text.start, known, other.count) == 0
  }
}
