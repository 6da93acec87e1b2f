import Foundation
import XlingCore
import XlingTokenizers

/// Writes encodings to stdout, one line each, through one buffer. They are data for the next program,
/// so they stay as they are; on a terminal control characters are shown escaped.
struct TokenizedLines {
  private let tokenizer: any Tokenizer
  private let asJSON: Bool
  private let addsSpecialTokens: Bool
  private let maximumLength: Int?
  private var buffer: [UInt8] = []

  init(
    _ tokenizer: any Tokenizer, asJSON: Bool, addsSpecialTokens: Bool, maximumLength: Int?
  ) {
    self.tokenizer = tokenizer
    self.asJSON = asJSON
    self.addsSpecialTokens = addsSpecialTokens
    self.maximumLength = maximumLength
  }

  /// Cuts the encoding to the maximum length, which includes special tokens.
  mutating func append(_ encoding: inout Encoding) {
    let special = tokenizer.special
    let frame = addsSpecialTokens ? special.frameCount : 0
    if let maximumLength { encoding.truncate(to: max(0, maximumLength - frame)) }
    let start = addsSpecialTokens ? special.start : nil
    let end = addsSpecialTokens ? special.end : nil
    if asJSON {
      appendJSON(encoding, start, end)
    } else {
      appendTokens(encoding, start, end)
    }
    buffer.append(0x0A)
  }

  private mutating func appendTokens(_ encoding: Encoding, _ start: Int32?, _ end: Int32?) {
    var isFirst = true
    forEachToken(encoding, start, end) { output, token in
      if !isFirst { output.append(0x20) }
      isFirst = false
      output.append(contentsOf: token)
    }
  }

  private mutating func appendJSON(_ encoding: Encoding, _ start: Int32?, _ end: Int32?) {
    buffer.append(contentsOf: "{\"tokens\": [".utf8)
    var isFirst = true
    forEachToken(encoding, start, end) { output, token in
      output.append(contentsOf: isFirst ? "\"".utf8 : ", \"".utf8)
      isFirst = false
      Self.escape(token, into: &output)
      output.append(UInt8(ascii: "\""))
    }
    buffer.append(contentsOf: "], \"ids\": [".utf8)
    separated([start].compactMap { $0 } + encoding.ids + [end].compactMap { $0 }) {
      Self.append($1, into: &$0)
    }
    buffer.append(contentsOf: "], \"offsets\": [".utf8)
    // Framing tokens come from no text.
    let nowhere: [(Int32, Int32)] = [(0, 0)]
    separated(
      (start == nil ? [] : nowhere) + Array(zip(encoding.starts, encoding.ends))
        + (end == nil ? [] : nowhere)
    ) { output, span in
      output.append(UInt8(ascii: "["))
      Self.append(span.0, into: &output)
      output.append(contentsOf: ", ".utf8)
      Self.append(span.1, into: &output)
      output.append(UInt8(ascii: "]"))
    }
    buffer.append(contentsOf: "]}".utf8)
  }

  private mutating func forEachToken(
    _ encoding: Encoding, _ start: Int32?, _ end: Int32?, _ body: (inout [UInt8], [UInt8]) -> Void
  ) {
    if let start { body(&buffer, tokenizer.piece(start)) }
    let byPieces = addsSpecialTokens && tokenizer.spellsFramedByPieces
    for index in 0..<encoding.count {
      body(
        &buffer,
        byPieces
          ? tokenizer.piece(encoding.ids[index]) : tokenizer.token(index, of: encoding))
    }
    if let end { body(&buffer, tokenizer.piece(end)) }
  }

  private mutating func separated<Item>(_ items: [Item], _ body: (inout [UInt8], Item) -> Void) {
    for (index, item) in items.enumerated() {
      if index > 0 { buffer.append(contentsOf: ", ".utf8) }
      body(&buffer, item)
    }
  }

  private static func append(_ number: Int32, into buffer: inout [UInt8]) {
    buffer.append(contentsOf: String(number).utf8)
  }

  private static func escape(_ bytes: [UInt8], into buffer: inout [UInt8]) {
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        buffer.append(UInt8(ascii: "\\"))
        buffer.append(byte)
      case 0..<0x20:
        buffer.append(contentsOf: "\\u00".utf8)
        buffer.append(contentsOf: [byte < 16 ? 0x30 : 0x31])
        buffer.append(contentsOf: String(byte & 15, radix: 16).utf8)
      default: buffer.append(byte)
      }
    }
  }

  /// Writes what was appended. Throws ``OutputFailure``.
  mutating func flush() throws {
    if StandardOutput.isTerminal {
      let text = String(decoding: buffer, as: UTF8.self)
      StandardOutput.write(asJSON ? TerminalText.visible(json: text) : text)
    } else {
      StandardOutput.write(bytes: buffer)
    }
    buffer.removeAll(keepingCapacity: true)
    try StandardOutput.check()
  }
}
