import Foundation
import XlingCore

/// A JSON value of one line (RFC 8259). Captions in a hundred languages are tens of megabytes, and
/// Foundation's parser needs ten seconds for them; a repeated key is an error here.
package enum JSONValue: Equatable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Nil when `bytes` is not exactly one JSON value.
  package init?(_ bytes: Data) {
    var parser = JSONParser(bytes: [UInt8](bytes))
    guard let value = parser.document() else { return nil }
    self = value
  }

  /// Where bytes stop being one JSON value, counted from 1 (columns in bytes) and from 0.
  package struct Broken: Error, Equatable {
    package let line: Int
    package let column: Int
    package let offset: Int
    /// What stands there: "a raw control character (0x09) inside a text".
    package let found: String
  }

  /// As ``init(_:)``. Throws the place at which the bytes are no JSON any more.
  package static func parse(_ bytes: Data) throws(Broken) -> JSONValue {
    var parser = JSONParser(bytes: [UInt8](bytes))
    if let value = parser.document() { return value }
    throw parser.broken
  }

  /// What a message says was found where a line is no object: the repeated key, or how it begins.
  package static func found(in line: Data) -> String {
    if let twice = RepeatedKey(in: line) { return twice.words }
    let shown = String(decoding: line.prefix(60), as: UTF8.self)
    return shown.isEmpty ? "an empty line" : "\"\(shown)\""
  }

  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
  package var object: [String: JSONValue]? {
    if case .object(let keys) = self { keys } else { nil }
  }

  /// A whole number without fraction or exponent.
  package var integer: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }

  package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
  /// As its digits are written.
  var number: String? { if case .number(let digits) = self { digits } else { nil } }

  /// The texts of a list of texts.
  package var strings: [String]? {
    guard case .array(let values) = self else { return nil }
    let texts = values.compactMap(\.string)
    return texts.count == values.count ? texts : nil
  }

  /// How an error shows it.
  package var shown: String {
    switch self {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let digits): digits
    case .string(let text): "\"\(text)\""
    case .array(let values): "[" + values.map(\.shown).joined(separator: ", ") + "]"
    case .object(let keys): "{" + keys.keys.sorted().joined(separator: ", ") + "}"
    }
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  private var isTooDeep = false

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// Of the place at which reading ended, after ``document()`` gave nil.
  var broken: JSONValue.Broken {
    let before = bytes[..<min(position, bytes.count)]
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return JSONValue.Broken(
      line: before.count { $0 == 0x0A } + 1, column: position - start + 1, offset: position,
      found: found)
  }

  private var found: String {
    guard position < bytes.count else {
      return bytes.isEmpty ? "an empty file" : "the end of the file"
    }
    if isTooDeep { return "lists and objects nested more than \(Self.deepest) deep" }
    let byte = bytes[position]
    if byte < 0x20 {
      let digits = String(byte, radix: 16, uppercase: true)
      return "the control character 0x\(digits.count == 1 ? "0" : "")\(digits), not escaped"
    }
    // As much of the line as says where it is.
    let rest = bytes[position...].prefix(40).prefix { $0 >= 0x20 }
    return "\"" + String(decoding: rest, as: UTF8.self) + "\""
  }

  private static let deepest = 16

  mutating func document() -> JSONValue? {
    guard let value = value() else { return nil }
    skipSpace()
    return position == bytes.count ? value : nil
  }

  private mutating func value() -> JSONValue? {
    skipSpace()
    guard position < bytes.count else { return nil }
    guard depth < Self.deepest else {
      isTooDeep = true
      return nil
    }
    switch bytes[position] {
    case UInt8(ascii: "{"): return object()
    case UInt8(ascii: "["): return array()
    case UInt8(ascii: "\""): return string().map(JSONValue.string)
    case UInt8(ascii: "t"): return literal("true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return literal("false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return literal("null") ? .null : nil
    default: return number()
    }
  }

  private mutating func object() -> JSONValue? {
    var keys: [String: JSONValue] = [:]
    depth += 1
    defer { depth -= 1 }
    position += 1
    if take("}") { return .object(keys) }
    while true {
      skipSpace()
      guard let key = string(), take(":"), let value = value(),
        keys.updateValue(value, forKey: key) == nil
      else { return nil }
      if take("}") { return .object(keys) }
      guard take(",") else { return nil }
    }
  }

  private mutating func array() -> JSONValue? {
    var values: [JSONValue] = []
    depth += 1
    defer { depth -= 1 }
    position += 1
    if take("]") { return .array(values) }
    while true {
      guard let value = value() else { return nil }
      values.append(value)
      if take("]") { return .array(values) }
      guard take(",") else { return nil }
    }
  }

  private mutating func string() -> String? {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
    position += 1
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        defer { position += 1 }
        return String(validating: bytes[start..<position], as: UTF8.self)
      case UInt8(ascii: "\\"): return escapedString(from: start)
      case 0..<0x20: return nil
      default: position += 1
      }
    }
    return nil
  }

  /// The rest of a string that holds a backslash.
  private mutating func escapedString(from start: Int) -> String? {
    var text: [UInt8] = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return String(validating: text, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        if byte < 0x20 { return nil }
        text.append(byte)
        continue
      }
      guard let scalar = escape() else { return nil }
      text.append(contentsOf: String(scalar).utf8)
    }
    return nil
  }

  private mutating func escape() -> Unicode.Scalar? {
    guard position < bytes.count else { return nil }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      guard let unit = hexadecimal() else { return nil }
      guard (0xD800..<0xDC00).contains(unit) else { return Unicode.Scalar(unit) }
      guard take("\\", afterSpace: false), take("u", afterSpace: false),
        let low = hexadecimal(), (0xDC00..<0xE000).contains(low)
      else { return nil }
      return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    default: return nil
    }
  }

  private mutating func hexadecimal() -> UInt32? {
    guard position + 4 <= bytes.count else { return nil }
    defer { position += 4 }
    let digits = bytes[position..<position + 4]
    guard digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
      return nil
    }
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  private mutating func number() -> JSONValue? {
    let start = position
    while position < bytes.count, Array("+-.eE0123456789".utf8).contains(bytes[position]) {
      position += 1
    }
    let digits = String(decoding: bytes[start..<position], as: UTF8.self)
    return Double(digits) == nil ? nil : .number(digits)
  }

  private mutating func literal(_ word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func take(_ mark: Unicode.Scalar, afterSpace: Bool = true) -> Bool {
    if afterSpace { skipSpace() }
    guard position < bytes.count, UInt32(bytes[position]) == mark.value else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }
}
