import Foundation
import XlingCore

/// A table as RFC 4180 has it, with commas, by the names of its columns.
struct CSVTable {
  let columns: [String]
  var rows: [[String]]

  init(_ columns: [String], _ rows: [[String]] = []) { (self.columns, self.rows) = (columns, rows) }

  var text: String {
    ([columns] + rows).map { $0.map(Self.field).joined(separator: ",") + "\n" }.joined()
  }

  private static func field(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { ![0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    return isPlain ? text : "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// Throws ``StudyFailure/badTable(path:line:expected:found:)``, `FileFailure`.
  init(reading path: String, expected: [String]) throws {
    let bytes = [UInt8](try AtomicFile.read(path, hint: "It is one of a study's tables."))
    var rows: [[String]] = []
    var (at, line) = (0, 1)
    while at < bytes.count {
      let first = line
      let row = try Self.row(bytes, &at, &line, path)
      if let columns = rows.first, row.count != columns.count {
        throw StudyFailure.badTable(
          path: path, line: first, expected: "\(columns.count) fields", found: "\(row.count)")
      }
      rows.append(row)
    }
    columns = rows.first ?? []
    self.rows = Array(rows.dropFirst())
    if let missing = expected.first(where: { !columns.contains($0) }) {
      throw StudyFailure.badTable(
        path: path, line: 1, expected: "a column \(missing)", found: columns.joined(separator: ","))
    }
  }

  private static func row(
    _ bytes: [UInt8], _ at: inout Int, _ line: inout Int, _ path: String
  ) throws -> [String] {
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == 0x0A { line += 1 }
      if isQuoted {
        if byte != 0x22 {
          field.append(byte)
        } else if at < bytes.count, bytes[at] == 0x22 {
          field.append(byte)
          at += 1
        } else {
          isQuoted = false
        }
      } else if byte == 0x22 {
        isQuoted = true
      } else if byte == 0x2C {
        fields.append(String(decoding: field, as: UTF8.self))
        field = []
      } else if byte == 0x0A {
        break
      } else if byte != 0x0D {
        field.append(byte)
      }
    }
    guard !isQuoted else {
      throw StudyFailure.badTable(
        path: path, line: line, expected: "a closing quote", found: "the end")
    }
    return fields + [String(decoding: field, as: UTF8.self)]
  }

  /// Of a row, by the name of its column; the last of that name, since axes, which stand before, may be called as
  /// a result is.
  func value(_ name: String, _ row: [String]) -> String {
    columns.lastIndex(of: name).map { row[$0] } ?? ""
  }
}
