import Foundation
import XlingCore

/// A study's file with its lines: which key stands where, so that messages can say it.
struct StudySource {
  let path: String
  let table: [String: TOMLValue]
  /// Lines by "table.key"; the first where a table stands several times.
  private var lines: [String: Int] = [:]
  /// Keys of a table in the order of the file.
  private var order: [String: [String]] = [:]

  /// Throws ``StudyFailure/badFile(path:line:expected:found:)``, `FileFailure`.
  init(_ path: String) throws {
    let bytes = try AtomicFile.read(path, hint: "A study is a TOML file as in studies/.")
    try self.init(bytes, path: path)
  }

  init(_ bytes: Data, path: String) throws {
    self.path = path
    do {
      table = try TOMLDocument.table(bytes)
    } catch {
      throw StudyFailure.badFile(
        path: path, line: error.line, expected: "TOML", found: error.reason)
    }
    note(String(decoding: bytes, as: UTF8.self))
  }

  /// Keys stand at the beginning of a line, under their table's header: of what is one line's table, the line of
  /// the key before it.
  private mutating func note(_ text: String) {
    var within = ""
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let words = line.trimmingCharacters(in: .whitespaces)
      if words.hasPrefix("["), let close = words.lastIndex(of: "]"), !words.contains("=") {
        within = words[..<close].trimmingCharacters(in: CharacterSet(charactersIn: "[] \t\""))
        note(within, "", index + 1)
      } else if let equals = words.firstIndex(of: "=") {
        let key = words[..<equals].trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
        let isKey =
          !key.isEmpty
          && key.utf8.allSatisfy { byte in
            byte == 0x5F || byte == 0x2D || byte == 0x2E || (0x30...0x39).contains(byte)
              || (0x61...0x7A).contains(byte | 0x20)
          }
        if isKey { note(within, key, index + 1) }
      }
    }
  }

  private mutating func note(_ table: String, _ key: String, _ line: Int) {
    let name = key.isEmpty ? table : table.isEmpty ? key : "\(table).\(key)"
    guard lines[name] == nil else { return }
    lines[name] = line
    if !key.isEmpty { order[table, default: []].append(key) }
  }

  /// The line of a key, else of what holds it; 0 where nothing is there.
  func line(_ name: String) -> Int {
    var name = name[...]
    while !name.isEmpty {
      if let line = lines[String(name)] { return line }
      guard let dot = name.lastIndex(of: ".") else { return 0 }
      name = name[..<dot]
    }
    return 0
  }

  /// As the file has them; those of an inline table, whose order is lost, by their names.
  func keys(of table: [String: TOMLValue], named name: String) -> [String] {
    let known = (order[name] ?? []).filter { table[$0] != nil }
    return known + table.keys.filter { !known.contains($0) }.sorted()
  }

  func mistake(_ name: String, expected: String, found: String) -> StudyFailure {
    .badFile(path: path, line: line(name), expected: expected, found: found)
  }
}

/// One table of a study's file, whose unknown keys are errors.
struct StudyTable {
  let source: StudySource
  let name: String
  let values: [String: TOMLValue]

  /// `known` nil: the caller looks at each key itself. Throws ``StudyFailure``.
  init(
    _ values: [String: TOMLValue], named name: String, in source: StudySource, known: [String]?
  ) throws(StudyFailure) {
    (self.source, self.name, self.values) = (source, name, values)
    guard let known else { return }
    for key in source.keys(of: values, named: name) where !known.contains(key) {
      let near = Spelling.nearest(to: key, among: known)
      throw source.mistake(
        place(key),
        expected: "the keys \(known.joined(separator: ", "))\(name.isEmpty ? "" : " of [\(name)]")",
        found: "\"\(key)\"" + (near.map { " (did you mean \"\($0)\"?)" } ?? ""))
    }
  }

  var keys: [String] { source.keys(of: values, named: name) }

  func place(_ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }

  func mistake(_ key: String, _ expected: String, _ found: String) -> StudyFailure {
    source.mistake(place(key), expected: "\(place(key)), \(expected)", found: found)
  }

  /// A table inside; nil where there is none.
  func table(_ key: String, known: [String]?) throws(StudyFailure) -> StudyTable? {
    guard let value = values[key] else { return nil }
    guard let table = value.table else { throw mistake(key, "a table", Self.shown(value)) }
    return try StudyTable(table, named: place(key), in: source, known: known)
  }

  func text(_ key: String) throws(StudyFailure) -> String? {
    guard let value = values[key] else { return nil }
    guard let text = value.text, !text.isEmpty else {
      throw mistake(key, "a text", Self.shown(value))
    }
    return text
  }

  func required(_ key: String) throws(StudyFailure) -> String {
    guard let text = try text(key) else { throw mistake(key, "a text", "no such key") }
    return text
  }

  func whole(_ key: String, _ range: ClosedRange<Int>) throws(StudyFailure) -> Int? {
    guard let value = values[key] else { return nil }
    guard let whole = value.whole, range.contains(whole) else {
      throw mistake(
        key, "a whole number from \(range.lowerBound) to \(range.upperBound)", Self.shown(value))
    }
    return whole
  }

  /// A number above 0 that is there.
  func positive(_ key: String) throws(StudyFailure) -> Double {
    let text = values[key].flatMap(Self.scalar) ?? ""
    guard let number = Double(text), number > 0, number.isFinite else {
      throw mistake(key, "a number above 0", values[key].map(Self.shown) ?? "no such key")
    }
    return number
  }

  /// Scalars as texts: a list, or one alone. Throws for an empty list and for what stands twice.
  func scalars(_ key: String) throws(StudyFailure) -> [String]? {
    guard let value = values[key] else { return nil }
    let list = value.list ?? [value]
    var texts: [String] = []
    for item in list {
      guard let text = Self.scalar(item) else {
        throw mistake(key, "values: texts, numbers or truths", Self.shown(item))
      }
      guard !texts.contains(text) else { throw mistake(key, "each value once", "\(text) twice") }
      texts.append(text)
    }
    guard !texts.isEmpty else { throw mistake(key, "at least one value", "none") }
    return texts
  }

  static func scalar(_ value: TOMLValue) -> String? {
    switch value {
    case .text(let text): text
    case .whole(let whole): "\(whole)"
    case .real(let real): "\(real)"
    case .truth(let truth): "\(truth)"
    case .list, .table: nil
    }
  }

  static func shown(_ value: TOMLValue) -> String {
    switch value {
    case .text(let text): "\"\(text)\""
    case .list: "a list"
    case .table: "a table"
    default: scalar(value) ?? ""
    }
  }
}
