import Foundation

/// A strict scanner of the XML that CLDR is written in (elements, attributes, text, comments,
/// entities; no CDATA, no internal DTD). Foundation's XMLParser needs about a minute for what this
/// reads in a second; 292 annotation files are 90 MB.
struct XMLScanner {
  enum Event {
    /// `name` of an element; its attributes are in ``XMLScanner/attributes``.
    case open(String)
    case close(String)
    case end
  }

  private let bytes: [UInt8]
  private let path: String
  private(set) var position = 0
  /// The names and values of the element opened last.
  private(set) var attributes: [(name: String, value: String)] = []
  /// `<a/>` opens and closes.
  private var pendingClose: String?

  init(_ data: Data, path: String) {
    bytes = [UInt8](data)
    self.path = path
  }

  func attribute(_ name: String) -> String? { attributes.first { $0.name == name }?.value }

  /// The next tag. Text between tags is passed over; ``text()`` reads it where it matters.
  mutating func next() throws(DataFailure) -> Event {
    if let name = pendingClose {
      pendingClose = nil
      return .close(name)
    }
    while position < bytes.count {
      guard let open = find(UInt8(ascii: "<"), from: position) else { break }
      position = open + 1
      guard position < bytes.count else { throw broken("the file ends inside a tag") }
      switch bytes[position] {
      case UInt8(ascii: "?"): try skip(past: "?>")
      case UInt8(ascii: "!"): try skip(past: starts("!--") ? "-->" : ">")
      case UInt8(ascii: "/"):
        position += 1
        let name = try word()
        try skip(past: ">")
        return .close(name)
      default: return try openTag()
      }
    }
    position = bytes.count
    return .end
  }

  /// The text up to the next tag, entities resolved; call right after `.open`.
  mutating func text() throws(DataFailure) -> String {
    guard pendingClose == nil else { return "" }
    guard let end = find(UInt8(ascii: "<"), from: position) else {
      throw broken("the file ends inside an element")
    }
    defer { position = end }
    return try decode(position..<end)
  }

  /// Passes over everything up to and including the close tag of `name`, unread.
  mutating func skipElement(_ name: String) throws(DataFailure) {
    guard pendingClose == nil else {
      pendingClose = nil
      return
    }
    try skip(past: "</\(name)>")
  }

  /// Passes over everything before the first `tag` (such as "<units>"); false when there is none.
  mutating func seek(_ tag: String) -> Bool {
    guard let found = find(Array(tag.utf8), from: position) else { return false }
    position = found
    return true
  }

  private mutating func openTag() throws(DataFailure) -> Event {
    let name = try word()
    attributes.removeAll(keepingCapacity: true)
    while true {
      skipSpace()
      guard position < bytes.count else { throw broken("the file ends inside a tag") }
      if bytes[position] == UInt8(ascii: ">") {
        position += 1
        return .open(name)
      }
      if bytes[position] == UInt8(ascii: "/") {
        try skip(past: ">")
        pendingClose = name
        return .open(name)
      }
      let key = try word()
      guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "=") else {
        throw broken("expected = after the attribute \(key)")
      }
      let quote = bytes[position + 1]
      guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
        let end = find(quote, from: position + 2)
      else { throw broken("expected a quoted value of the attribute \(key)") }
      attributes.append((key, try decode(position + 2..<end)))
      position = end + 1
    }
  }

  private mutating func word() throws(DataFailure) -> String {
    let start = position
    while position < bytes.count, Self.isName(bytes[position]) { position += 1 }
    guard position > start else { throw broken("expected a name") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
  }

  private mutating func skip(past mark: String) throws(DataFailure) {
    let pattern = Array(mark.utf8)
    guard let found = find(pattern, from: position) else {
      throw broken("the file ends before \(mark)")
    }
    position = found + pattern.count
  }

  private func starts(_ mark: String) -> Bool { bytes[position...].starts(with: mark.utf8) }

  private func find(_ byte: UInt8, from start: Int) -> Int? {
    bytes.withUnsafeBytes { all in
      guard start < all.count, let base = all.baseAddress,
        let hit = memchr(base + start, Int32(byte), all.count - start)
      else { return nil }
      return UnsafeRawPointer(hit) - base
    }
  }

  private func find(_ pattern: [UInt8], from start: Int) -> Int? {
    var from = start
    while let candidate = find(pattern[0], from: from) {
      if bytes[candidate...].starts(with: pattern) { return candidate }
      from = candidate + 1
    }
    return nil
  }

  private func decode(_ range: Range<Int>) throws(DataFailure) -> String {
    let raw = String(decoding: bytes[range], as: UTF8.self)
    guard bytes[range].contains(UInt8(ascii: "&")) else { return raw }
    var result = ""
    for (index, piece) in raw.split(separator: "&", omittingEmptySubsequences: false).enumerated() {
      guard index > 0 else {
        result += piece
        continue
      }
      guard let end = piece.firstIndex(of: ";"), let scalar = Self.entity(piece[..<end]) else {
        throw broken("unknown entity &\(piece.prefix(8))")
      }
      result.unicodeScalars.append(scalar)
      result += piece[piece.index(after: end)...]
    }
    return result
  }

  private static func entity(_ name: Substring) -> Unicode.Scalar? {
    switch name {
    case "amp": "&"
    case "lt": "<"
    case "gt": ">"
    case "quot": "\""
    case "apos": "'"
    default:
      if name.hasPrefix("#x") {
        UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
      } else if name.hasPrefix("#") {
        UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
      } else {
        nil
      }
    }
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: ":"), UInt8(ascii: "."):
      true
    default: byte >= 0x80
    }
  }

  private func broken(_ reason: String) -> DataFailure {
    .brokenXML(path: path, offset: position, reason: reason)
  }
}
