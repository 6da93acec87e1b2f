import Foundation

/// A key that stands twice in one object of JSON. RFC 8259 leaves open which of both counts, and
/// Foundation takes one of them in silence; in this project it is an error.
public struct RepeatedKey: Sendable, Equatable {
  public let key: String
  /// Where the second one begins, in bytes from 0.
  public let offset: Int
  /// The line of that byte, from 1.
  public let line: Int

  /// The first repeated key of `json`; nil where there is none. Equal is what is equal as a `String`:
  /// `"\u0061"` is `"a"`. One pass; whether the rest is JSON is the decoder's to say.
  public init?(in json: some ContiguousBytes) {
    let found = json.withUnsafeBytes { bytes in
      var scan = KeyScan(bytes)
      return scan.repeated().map { place in
        (place.key, place.offset, bytes[..<place.offset].count { $0 == 0x0A } + 1)
      }
    }
    guard let found else { return nil }
    (key, offset, line) = found
  }

  public init(key: String, offset: Int, line: Int) {
    self.key = key
    self.offset = offset
    self.line = line
  }

  /// What stands behind "found" in a message, or behind the file's name.
  public var words: String {
    let shown = TerminalText.visible(key.count > 60 ? key.prefix(60) + "…" : key)
    return "the key \"\(shown)\" twice in one object"
  }
}

private struct KeyScan {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  /// The keys met in each open object; nil for a list.
  private var open: [Set<String>?] = []
  private var expectsKey = false

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func repeated() -> (key: String, offset: Int)? {
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "{"): begin([])
      case UInt8(ascii: "["): begin(nil)
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        _ = open.popLast()
        expectsKey = false
      case UInt8(ascii: ","): expectsKey = open.last.flatMap { $0 } != nil
      case UInt8(ascii: "\""):
        let start = at
        guard let isEscaped = passString() else { return nil }
        guard expectsKey else { continue }
        expectsKey = false
        let key = key(start..<at - 1, isEscaped)
        if open[open.count - 1]?.insert(key).inserted == false { return (key, start - 1) }
      default: continue
      }
    }
    return nil
  }

  private mutating func begin(_ keys: Set<String>?) {
    open.append(keys)
    expectsKey = keys != nil
  }

  /// From behind the opening quote to behind the closing one: whether there is an escape between; nil
  /// where the string does not end.
  private mutating func passString() -> Bool? {
    var isEscaped = false
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") { return isEscaped }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        at = min(at + 1, bytes.count)
      }
    }
    return nil
  }

  private func key(_ range: Range<Int>, _ isEscaped: Bool) -> String {
    let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
    let plain = String(decoding: raw, as: UTF8.self)
    guard isEscaped else { return plain }
    let quoted = Data("\"".utf8) + raw + Data("\"".utf8)
    return (try? JSONDecoder().decode(String.self, from: quoted)) ?? plain
  }
}
