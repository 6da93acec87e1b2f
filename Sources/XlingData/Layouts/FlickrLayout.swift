import Foundation
import XlingCore

/// Flickr30k's `results.csv` (`image_name| comment_number| comment`) and Flickr8k's `captions.txt`
/// (`image,caption`), one caption a line below a line of headings. RFC 4180's quotes are read; the
/// pipes of the first have none.
struct FlickrLayout: DatasetLayout {
  let name = "flickr"
  let summary = "Flickr30k's results.csv or Flickr8k's captions.txt: a caption a line"

  func read(_ path: String) throws -> [ForeignItem] {
    let data = try AtomicFile.read(path)
    let heading = data.prefix { $0 != 0x0A }
    let separator: UInt8 = heading.contains(UInt8(ascii: "|")) ? 0x7C : 0x2C
    let rows = try Self.rows(data, separator: separator, quoted: separator == 0x2C, path)
    guard let first = rows.first, first.count >= 2, first[0].hasPrefix("image") else {
      throw DataFailure.badLine(
        path: path, line: 1, expected: "headings \"image,caption\" or \"image_name| …| comment\"",
        found: rows.first.map { "\"" + $0.joined(separator: ",") + "\"" } ?? "an empty file")
    }
    var captions = CaptionsByPicture()
    for (index, row) in rows.enumerated().dropFirst() {
      guard row.count == first.count, !row[0].isEmpty, !row[row.count - 1].isEmpty else {
        throw DataFailure.badLine(
          path: path, line: index + 1, expected: "\(first.count) fields, none empty",
          found: "\(row.count): \"\(row.joined(separator: " | ").prefix(60))\"")
      }
      captions.add(row[row.count - 1], to: row[0])
    }
    return captions.items()
  }

  /// Fields without the blanks around them; a row may span lines inside quotes, which the line
  /// numbers of messages then do not count.
  private static func rows(
    _ data: Data, separator: UInt8, quoted: Bool, _ path: String
  ) throws -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field: [UInt8] = []
    var inQuotes = false
    let bytes = [UInt8](data)
    func text() -> String {
      String(decoding: field, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if quoted, byte == UInt8(ascii: "\"") {
        if inQuotes, index < bytes.count, bytes[index] == byte {
          field.append(byte)
          index += 1
        } else {
          inQuotes.toggle()
        }
      } else if byte == separator, !inQuotes, quoted || row.count < 2 {
        row.append(text())
        field = []
      } else if byte == 0x0A, !inQuotes {
        row.append(text())
        if row != [""] { rows.append(row) }
        (row, field) = ([], [])
      } else {
        field.append(byte)
      }
    }
    if !field.isEmpty || !row.isEmpty { rows.append(row + [text()]) }
    guard !inQuotes else {
      throw DataFailure.badDataset(path: path, reason: "a quote opened there is never closed.")
    }
    return rows
  }
}
