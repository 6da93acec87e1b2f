import Foundation
import XlingCore

/// Typed access to one table of a card.
struct CardTable {
  let path: String
  let table: [String: TOMLValue]

  init(path: String, table: [String: TOMLValue]) {
    self.path = path
    self.table = table
  }

  /// A whole file. Throws ``DataFailure/badCard(path:expected:found:)``, `FileFailure`.
  init(reading path: String) throws {
    let bytes = try AtomicFile.read(path)
    do {
      table = try TOMLDocument.table(bytes)
    } catch {
      throw DataFailure.badCard(path: path, expected: "TOML", found: "\(error)")
    }
    self.path = path
  }

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
    guard let text = table[key]?.text, !text.isEmpty else {
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
    let texts = table[key]?.list?.map(\.text)
    guard let texts, !texts.isEmpty, !texts.contains(nil) else {
      throw bad("\(key) = a list of texts", has(key) ? "something else" : "no such key")
    }
    return texts.compactMap { $0 }
  }

  func number(_ key: String) throws(DataFailure) -> Int {
    guard let number = table[key]?.whole, number > 0 else {
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
