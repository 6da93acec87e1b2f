import XlingCore

/// Which columns of a table hold the picture's name, the caption and the split: by their headings.
struct CaptionColumns {
  let picture: Int
  private let caption: Int
  private let split: Int?
  private let table: DelimitedTable
  private let path: String

  /// As headings are compared: small letters, parted by "_".
  private static let pictures: Set = [
    "image", "image_name", "imagename", "image_file", "image_path", "imagepath", "image_filename",
    "img", "img_name", "img_path", "img_file", "file", "file_name", "filename", "filepath",
    "file_path", "path", "picture",
  ]
  /// Names without their endings, where nothing better is there.
  private static let identifiers: Set = ["image_id", "img_id", "imageid"]
  private static let captions: Set = [
    "caption", "captions", "title", "comment", "text", "sentence", "description", "raw",
  ]

  /// Throws ``DataFailure/badLine(path:line:expected:found:)`` with the headings that were found.
  init(_ table: DelimitedTable, path: String) throws(DataFailure) {
    let names = table.headings.map(Self.plain)
    let found =
      table.headings.isEmpty
      ? "an empty file"
      : "headings parted by \(table.separator.word): "
        + table.headings.map { "\"\($0.prefix(40))\"" }.joined(separator: ", ")
    func one(_ known: Set<String>, _ what: String, _ examples: String) throws(DataFailure) -> Int {
      let places = names.indices.filter { known.contains(names[$0]) }
      guard places.count == 1 else {
        throw .badLine(
          path: path, line: 1,
          expected: "a line of headings, one of them for the \(what) (\(examples))",
          found: places.isEmpty
            ? found
            : "several: " + places.map { table.headings[$0] }.joined(separator: ", "))
      }
      return places[0]
    }
    let hasNames = names.contains { Self.pictures.contains($0) }
    picture = try one(
      hasNames ? Self.pictures : Self.identifiers, "picture",
      "image, image_name, filename, filepath, …")
    caption = try one(Self.captions, "caption", "caption, title, comment, text, …")
    split = names.firstIndex(of: "split")
    guard !table.rows.isEmpty else {
      throw .badLine(
        path: path, line: 2, expected: "rows below the headings", found: "no rows, one line alone")
    }
    (self.table, self.path) = (table, path)
  }

  private static func plain(_ heading: String) -> String {
    String(heading.lowercased().map { $0 == " " || $0 == "-" ? "_" : $0 })
  }

  /// A row with a field a heading, and a picture and a caption among them. Throws
  /// ``DataFailure/badLine(path:line:expected:found:)``.
  func completed(
    _ row: DelimitedTable.Row, _ note: (String) -> Void
  ) throws(DataFailure) -> DelimitedTable.Row {
    var row = row
    if let mended = withSecondBar(row) {
      note(
        "\(path), line \(row.line): the second bar is missing, as in every copy of that file; read as "
          + "number \(mended.fields[1]) and the rest as the comment")
      row = mended
    }
    let width = table.headings.count
    // A separator inside a last field without quotes is part of a caption, and of nothing else.
    let isCaption = caption == width - 1
    let isEndless =
      row.isJoined
      && (!isCaption || table.separator != .bar && row.fields.last?.utf8.last == separatorByte)
    guard row.fields.count == width, !isEndless, !row.fields[picture].isEmpty,
      !row.fields[caption].isEmpty
    else {
      throw .badLine(
        path: path, line: row.line,
        expected: "\(width) fields parted by \(table.separator.word), none empty "
          + "(\(table.headings.joined(separator: ", ")))",
        found: (isEndless ? "more: " : "\(row.fields.count): ")
          + "\"\(row.fields.joined(separator: " | ").prefix(60))\"")
    }
    return row
  }

  private var separatorByte: UInt8 { table.separator.rawValue }

  /// Kaggle's Flickr30k file has one row, its 20,000th, as `NAME| 4   CAPTION`. Only such a row is mended: a
  /// number, and blanks in place of the bar.
  private func withSecondBar(_ row: DelimitedTable.Row) -> DelimitedTable.Row? {
    guard table.separator == .bar, table.headings.count == 3, (picture, caption) == (0, 2),
      row.fields.count == 2
    else { return nil }
    let rest = row.fields[1]
    let number = rest.prefix { ("0"..."9").contains($0) }
    let text = rest.dropFirst(number.count)
    guard !number.isEmpty, text.first == " " || text.first == "\t" else { return nil }
    let comment = text.drop { $0 == " " || $0 == "\t" }
    return DelimitedTable.Row(
      line: row.line, fields: [row.fields[0], String(number), String(comment)])
  }

  /// One, or those of a JSON list of texts, as the table of Flickr30k's splits holds them (`raw`).
  func captions(_ row: DelimitedTable.Row) throws(DataFailure) -> [String] {
    let text = row.fields[caption]
    guard text.hasPrefix("["), Self.plain(table.headings[caption]) != "comment",
      let texts = JSONValue(.init(text.utf8))?.strings
    else { return [text] }
    guard !texts.isEmpty else {
      throw .badLine(path: path, line: row.line, expected: "a caption", found: "an empty list")
    }
    return texts
  }

  /// Nil where no column says it. Throws ``DataFailure/badLine(path:line:expected:found:)``.
  func split(_ row: DelimitedTable.Row) throws(DataFailure) -> Split? {
    guard let split else { return nil }
    switch row.fields[split].lowercased() {
    case "train", "training", "restval": return .train
    case "val", "valid", "validation", "dev": return .val
    case "test", "testing": return .test
    case let word:
      throw .badLine(
        path: path, line: row.line, expected: "a split: train, restval, val, dev or test",
        found: "\"\(word.prefix(40))\"")
    }
  }
}
