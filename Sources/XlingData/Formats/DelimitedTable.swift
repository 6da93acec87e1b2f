import Foundation
import XlingCore

/// A table of text, a row a line below a line of headings: RFC 4180 with commas or semicolons, tabs as
/// pandas writes and open_clip reads them, or Flickr30k's bars, which have no quotes.
///
/// A quote opens a field at its start only; elsewhere it is a character (a 5" disk). Lines end in LF,
/// CR LF or CR. A last field without quotes may hold the separator: it reaches to the line's end.
struct DelimitedTable {
  enum Separator: UInt8 {
    case comma = 0x2C
    case semicolon = 0x3B
    case tab = 0x09
    case bar = 0x7C

    var word: String {
      switch self {
      case .comma: "commas"
      case .semicolon: "semicolons"
      case .tab: "tabs"
      case .bar: "bars"
      }
    }
  }

  struct Row: Equatable {
    /// Of the row's first byte, from 1: a row with quotes may span lines.
    let line: Int
    /// Without the blanks around them.
    var fields: [String]
    /// Bytes of the last field were put together at separators that are part of it.
    var isJoined = false
  }

  let separator: Separator
  let headings: [String]
  let rows: [Row]

  /// Throws ``DataFailure/badLine(path:line:expected:found:)`` for a quote that is never closed, or is
  /// followed by text; `TextFailure`; `ForeignFileFailure`.
  init(_ data: Data, path: String) throws {
    let text = try TextBytes.utf8(data, path: path, expected: "a table of captions in UTF-8")
    // A page is text too, and no table.
    if let found = ForeignFile(head: text.prefix(ForeignFile.headCount)) {
      throw ForeignFileFailure(path: path, expected: "a table of captions", found: found)
    }
    let bytes = [UInt8](text)
    separator = Self.separator(of: bytes.prefix { $0 != 0x0A && $0 != 0x0D })
    var scan = DelimitedScan(bytes: bytes, separator: separator, path: path)
    guard let first = try scan.row(columns: .max) else {
      (headings, rows) = ([], [])
      return
    }
    headings = first.fields
    var rows: [Row] = []
    while let row = try scan.row(columns: first.fields.count) { rows.append(row) }
    self.rows = rows
  }

  /// By the line of headings, in which no caption stands.
  private static func separator(of heading: some Sequence<UInt8>) -> Separator {
    let counted = [Separator.tab, .bar, .comma, .semicolon].map { mark in
      (mark, heading.reduce(0) { $0 + ($1 == mark.rawValue ? 1 : 0) })
    }
    return counted.first { $0.1 > 0 }?.0 ?? .comma
  }
}

/// Row after row of a table's bytes.
private struct DelimitedScan {
  let bytes: [UInt8]
  let separator: DelimitedTable.Separator
  let path: String
  private var at = 0
  private var line = 1

  init(bytes: [UInt8], separator: DelimitedTable.Separator, path: String) {
    (self.bytes, self.separator, self.path) = (bytes, separator, path)
  }

  /// Nil at the end; blank lines are none. A row has more than `columns` fields only where the last one
  /// is in quotes and more follows.
  mutating func row(columns: Int) throws -> DelimitedTable.Row? {
    while at < bytes.count {
      var row = DelimitedTable.Row(line: line, fields: [])
      var isLast = false
      while !isLast {
        row.fields.append(try field(isLastColumn: row.fields.count + 1 == columns, &row.isJoined))
        isLast = try endField(row)
      }
      if row.fields != [""] { return row }
    }
    return nil
  }

  /// Up to the separator, which is left, or the line's end.
  private mutating func field(isLastColumn: Bool, _ isJoined: inout Bool) throws -> String {
    if separator != .bar, at < bytes.count, bytes[at] == UInt8(ascii: "\""),
      let quoted = try quoted()
    {
      return trimmed(quoted)
    }
    let start = at
    while at < bytes.count, !isLineEnd(bytes[at]) {
      if bytes[at] == separator.rawValue {
        guard isLastColumn else { break }
        isJoined = true
      }
      at += 1
    }
    return trimmed(bytes[start..<at])
  }

  /// Behind the field: at the next one, or on the next line.
  private mutating func endField(_ row: DelimitedTable.Row) throws -> Bool {
    guard at < bytes.count else { return true }
    if bytes[at] == separator.rawValue {
      at += 1
      // A separator at the file's very end parts an empty field off.
      return false
    }
    passLineEnd()
    return true
  }

  /// The bytes between quotes, doubled ones once. Nil, and nothing is passed, where tabs part the fields
  /// and what begins with a quote has no end as a quoted field has: it is text then.
  private mutating func quoted() throws -> [UInt8]? {
    let (start, startLine) = (at, line)
    var field: [UInt8] = []
    at += 1
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        at += 1
        if at == bytes.count || bytes[at] == separator.rawValue || isLineEnd(bytes[at]) {
          return field
        }
        guard bytes[at] == byte else { break }
        field.append(byte)
        at += 1
      } else {
        if isLineEnd(byte), !(byte == 0x0D && at + 1 < bytes.count && bytes[at + 1] == 0x0A) {
          line += 1
        }
        field.append(byte)
        at += 1
      }
    }
    if separator == .tab {
      (at, line) = (start, startLine)
      return nil
    }
    let isOpen = at == bytes.count
    throw DataFailure.badLine(
      path: path, line: startLine,
      expected: "a field in quotes, with those inside doubled (\"a 5\"\" disk\")",
      found: isOpen ? "a quote that is never closed" : "text behind the closing quote")
  }

  private func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  private mutating func passLineEnd() {
    at += bytes[at] == 0x0D && at + 1 < bytes.count && bytes[at + 1] == 0x0A ? 2 : 1
    line += 1
  }

  /// Valid UTF-8, as the whole text was found to be.
  private func trimmed(_ field: some Sequence<UInt8>) -> String {
    String(decoding: Array(field), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
