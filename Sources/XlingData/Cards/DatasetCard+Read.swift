import Foundation
import TOMLKit
import XlingCore

extension DatasetCard {
  private static let keys: Set<String> = [
    "name", "title", "layout", "split", "licence", "obtain", "source", "folder", "pictures_listed",
    "pictures_used", "only_containing", "except", "pictures", "captions",
  ]

  /// Reads one card strictly. Throws ``DataFailure/badCard(path:expected:found:)``, `FileFailure`.
  public static func read(_ path: String) throws -> DatasetCard {
    let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch {
      throw DataFailure.badCard(path: path, expected: "TOML", found: "\(error)")
    }
    let card = CardTable(path: path, table: table)
    try card.check(keys: keys)
    let name = try card.text("name")
    let file = (path as NSString).lastPathComponent
    guard file == name + ".toml" else {
      throw card.bad("name = \"\(file.dropLast(5))\", as the file is named", "\"\(name)\"")
    }
    let pictures = try card.table("pictures")
    try pictures.check(keys: ["listing", "sha256", "folders"])
    let captions = try card.table("captions")
    var files: [String: File] = [:]
    for language in captions.names {
      let entry = try captions.table(language)
      try entry.check(keys: ["path", "sha256"])
      files[language] = try entry.file("path")
    }
    return DatasetCard(
      name: name, title: try card.text("title"), layout: try card.word("layout"),
      split: try card.word("split"), licence: try card.text("licence"),
      obtain: try card.text("obtain"), source: try card.text("source"),
      folder: try card.text("folder"), picturesListed: try card.number("pictures_listed"),
      picturesUsed: card.has("pictures_used") ? try card.number("pictures_used") : nil,
      selection: try selection(card), listing: try pictures.file("listing"),
      pictureFolders: try pictures.texts("folders"), captions: files)
  }

  private static func selection(_ card: CardTable) throws -> Selection {
    switch (card.has("only_containing"), card.has("except")) {
    case (false, false): .all
    case (true, false): .containing(try card.text("only_containing"))
    case (false, true): .except(try card.text("except"))
    case (true, true): throw card.bad("only_containing or except", "both")
    }
  }
}

/// Typed access to one table of a card.
private struct CardTable {
  let path: String
  let table: TOMLTable

  var names: [String] { table.keys.sorted() }

  func bad(_ expected: String, _ found: String) -> DataFailure {
    .badCard(path: path, expected: expected, found: found)
  }

  func check(keys: Set<String>) throws(DataFailure) {
    guard let unknown = names.first(where: { !keys.contains($0) }) else { return }
    throw bad("the keys \(keys.sorted().joined(separator: ", "))", "\"\(unknown)\"")
  }

  func has(_ key: String) -> Bool { table[key] != nil }

  func text(_ key: String) throws(DataFailure) -> String {
    guard let text = table[key]?.string, !text.isEmpty else {
      throw bad("\(key) = a text", has(key) ? "no text" : "no such key")
    }
    return text
  }

  func word<Word>(_ key: String) throws(DataFailure) -> Word
  where Word: RawRepresentable<String> & CaseIterable {
    let text = try text(key)
    guard let word = Word(rawValue: text) else {
      throw bad(
        "\(key) = \(Word.allCases.map(\.rawValue).joined(separator: ", "))", "\"\(text)\"")
    }
    return word
  }

  func file(_ key: String) throws(DataFailure) -> DatasetCard.File {
    DatasetCard.File(
      path: try text(key), sha256: has("sha256") ? try text("sha256") : nil)
  }

  func texts(_ key: String) throws(DataFailure) -> [String] {
    let texts = table[key]?.array?.map { $0.string }
    guard let texts, !texts.isEmpty, !texts.contains(nil) else {
      throw bad("\(key) = a list of texts", has(key) ? "something else" : "no such key")
    }
    return texts.compactMap { $0 }
  }

  func number(_ key: String) throws(DataFailure) -> Int {
    guard let number = table[key]?.int, number > 0 else {
      throw bad("\(key) = a number above 0", has(key) ? "something else" : "no such key")
    }
    return number
  }

  func table(_ key: String) throws(DataFailure) -> CardTable {
    guard let inner = table[key]?.table else {
      throw bad("[\(key)]", has(key) ? "no table" : "no such key")
    }
    return CardTable(path: path, table: inner)
  }
}
