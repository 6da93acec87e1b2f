import Foundation
import XlingCore

/// Reads one JSON value from bytes. Bytes of strings that are not UTF-8 are kept as they are.
struct JSONReader {
  struct Malformed: Error, Equatable {
    /// In bytes from the beginning.
    let offset: Int
    let expected: String
    var found: String?
  }

  /// Deeper nesting is refused: the reader calls itself for each level.
  private static let maximumDepth = 64

  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The whole of `bytes` is one value and white space.
  static func read(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> JSONNode {
    var reader = JSONReader(bytes)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    if reader.at < bytes.count { throw reader.malformed("nothing more") }
    return value
  }

  /// A file's value. Throws ``FileFailure`` or ``TokenizerFailure/badModel(file:offset:expected:found:)``.
  static func document(_ file: String) throws -> JSONNode {
    try document(try AtomicFile.read(file), file: file)
  }

  /// The same of bytes; `file` names them in errors.
  static func document(_ bytes: some ContiguousBytes, file: String) throws -> JSONNode {
    do {
      return try bytes.withUnsafeBytes { try read($0) }
    } catch let error as Malformed {
      let count = bytes.withUnsafeBytes(\.count)
      let found = error.found ?? (error.offset < count ? "something else" : "the end of the file")
      throw TokenizerFailure.badModel(
        file: file, offset: error.offset, expected: error.expected, found: found)
    }
  }

  private func malformed(_ expected: String) -> Malformed {
    Malformed(offset: at, expected: expected)
  }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func value(depth: Int) throws(Malformed) -> JSONNode {
    skipSpace()
    if depth > Self.maximumDepth { throw malformed("at most \(Self.maximumDepth) levels") }
    guard let next else { throw malformed("a JSON value") }
    switch next {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw malformed("a JSON value")
    }
  }

  private mutating func word(_ text: String, _ value: JSONNode) throws(Malformed) -> JSONNode {
    for byte in text.utf8 {
      guard next == byte else { throw malformed("a JSON value") }
      at += 1
    }
    return value
  }

  private mutating func object(_ depth: Int) throws(Malformed) -> JSONNode {
    var members: [JSONNode.Member] = []
    var keys = KeyHashes()
    at += 1
    skipSpace()
    if next == UInt8(ascii: "}") {
      at += 1
      return .object(members)
    }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw malformed("a key in quotes") }
      let start = at
      let key = try string()
      guard keys.isNew(key, among: members) else {
        let shown = TerminalText.visible(String(decoding: key.prefix(60), as: UTF8.self))
        throw Malformed(
          offset: start, expected: "every key once",
          found: "the key \"\(shown)\" twice in one object")
      }
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw malformed("a colon") }
      at += 1
      members.append(.init(key: key, value: try value(depth: depth + 1)))
      if try ends(with: UInt8(ascii: "}")) { return .object(members) }
    }
  }

  /// Keys of one object by their hashes: a vocabulary has a quarter of a million.
  private struct KeyHashes {
    private var hashes: Set<Int> = []

    mutating func isNew(_ key: [UInt8], among members: [JSONNode.Member]) -> Bool {
      if members.count < 8 { return !members.contains { $0.key == key } }
      if members.count == 8 { hashes = Set(members.map(\.key.hashValue)) }
      return hashes.insert(key.hashValue).inserted || !members.contains { $0.key == key }
    }
  }

  /// Shorter lists of pairs are lists as others are.
  private static let longList = 64

  private mutating func array(_ depth: Int) throws(Malformed) -> JSONNode {
    if depth + 2 <= Self.maximumDepth, let pairs = scoredPieces() { return .scored(pairs) }
    var values: [JSONNode] = []
    at += 1
    skipSpace()
    if next == UInt8(ascii: "]") {
      at += 1
      return .array(values)
    }
    while true {
      values.append(try value(depth: depth + 1))
      if try ends(with: UInt8(ascii: "]")) { return .array(values) }
    }
  }

  /// A long list of pairs of a string and a number, all of which are well-formed; else nil, and nothing is read.
  private mutating func scoredPieces() -> ScoredPieces? {
    let start = at
    var pairs = ScoredPieces()
    var piece: [UInt8] = []
    do throws(Malformed) {
      at += 1
      repeat {
        skipSpace()
        guard take(UInt8(ascii: "[")), next == UInt8(ascii: "\"") else { throw malformed("a pair") }
        try string(into: &piece)
        skipSpace()
        guard take(UInt8(ascii: ",")) else { throw malformed("a pair") }
        skipSpace()
        let score = try double()
        guard try ends(with: UInt8(ascii: "]")) else { throw malformed("a pair") }
        guard pairs.hasRoom(for: piece) else { throw malformed("shorter pieces") }
        pairs.append(piece, score)
      } while try !ends(with: UInt8(ascii: "]"))
      if pairs.count >= Self.longList { return pairs }
    } catch {}
    at = start
    return nil
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    at += 1
    skipSpace()
    return true
  }

  /// Behind a member: a comma, or the end.
  private mutating func ends(with end: UInt8) throws(Malformed) -> Bool {
    skipSpace()
    guard let byte = next, byte == end || byte == UInt8(ascii: ",") else {
      throw malformed("a comma or the end")
    }
    at += 1
    return byte == end
  }

  private mutating func number() throws(Malformed) -> JSONNode { .number(try double()) }

  private mutating func double() throws(Malformed) -> Double {
    let start = at
    while let byte = next,
      byte == 0x2B || byte == 0x2D || byte == 0x2E || byte | 0x20 == 0x65
        || (0x30...0x39).contains(byte)
    {
      at += 1
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      at = start
      throw malformed("a number")
    }
    return value
  }

  private mutating func string() throws(Malformed) -> [UInt8] {
    var result: [UInt8] = []
    try string(into: &result)
    return result
  }

  private mutating func string(into result: inout [UInt8]) throws(Malformed) {
    at += 1
    result.removeAll(keepingCapacity: true)
    var plain = at
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        result.append(contentsOf: bytes[plain..<at])
        at += 1
        return
      case UInt8(ascii: "\\"):
        result.append(contentsOf: bytes[plain..<at])
        try escape(into: &result)
        plain = at
      case 0..<0x20: throw malformed("an escaped control character")
      default: at += 1
      }
    }
    throw malformed("a closing quote")
  }

  private mutating func escape(into result: inout [UInt8]) throws(Malformed) {
    at += 1
    guard let byte = next else { throw malformed("an escape") }
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "u"):
      var value = try codeUnit()
      if (0xD800..<0xDC00).contains(value) {
        guard next == UInt8(ascii: "\\") else { throw malformed("the other half of a surrogate") }
        at += 1
        guard next == UInt8(ascii: "u") else { throw malformed("the other half of a surrogate") }
        at += 1
        let low = try codeUnit()
        guard (0xDC00..<0xE000).contains(low) else {
          throw malformed("the other half of a surrogate")
        }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      if (0xDC00..<0xE000).contains(value) { throw malformed("a surrogate's first half before it") }
      UTF8Scalar.append(value, to: &result)
    default:
      at -= 1
      throw malformed("an escape of JSON")
    }
  }

  /// Four hexadecimal digits.
  private mutating func codeUnit() throws(Malformed) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80
      else { throw malformed("four hexadecimal digits") }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }
}
