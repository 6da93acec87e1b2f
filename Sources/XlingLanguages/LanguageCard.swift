import Foundation
import XlingCore

/// Reads one card strictly: unknown, missing and mistyped keys are errors.
enum LanguageCard {
  private static let keys: Set<String> = [
    "code", "name", "native_name", "script", "direction", "aliases",
  ]

  /// Throws ``LanguageFailure/badCard(path:expected:found:)`` or `FileFailure`.
  static func read(_ path: String) throws -> Language {
    let bytes = try AtomicFile.read(path)
    let table: [String: TOMLValue]
    do {
      table = try TOMLDocument.table(bytes)
    } catch {
      throw LanguageFailure.badCard(path: path, expected: "TOML", found: "\(error)")
    }
    if let unknown = table.keys.filter({ !keys.contains($0) }).sorted().first {
      let known = keys.sorted().joined(separator: ", ")
      throw LanguageFailure.badCard(
        path: path, expected: "the keys \(known)", found: "\"\(unknown)\"")
    }
    let code = try string("code", table, path)
    let file = PathParts.name(of: path)
    guard file == code + ".toml" else {
      throw LanguageFailure.badCard(
        path: path, expected: "code = \"\(file.dropLast(5))\", as the file is named",
        found: "\"\(code)\"")
    }
    let word = try string("direction", table, path)
    guard let direction = Language.Direction(rawValue: word) else {
      throw LanguageFailure.badCard(
        path: path, expected: "direction = \"ltr\" or \"rtl\"", found: "\"\(word)\"")
    }
    return Language(
      code: code, name: try string("name", table, path),
      nativeName: try string("native_name", table, path), script: try script(table, path),
      direction: direction, aliases: try aliases(table, path))
  }

  private typealias Table = [String: TOMLValue]

  private static func string(_ key: String, _ table: Table, _ path: String) throws -> String {
    guard let text = table[key]?.text, !text.isEmpty else {
      throw LanguageFailure.badCard(
        path: path, expected: "\(key) = a text",
        found: table[key] == nil ? "no such key" : "no text")
    }
    return text
  }

  private static func script(_ table: Table, _ path: String) throws -> String {
    let script = try string("script", table, path)
    guard script.utf8.count == 4, script.unicodeScalars.allSatisfy(\.isASCII) else {
      throw LanguageFailure.badCard(
        path: path, expected: "script = four letters of ISO 15924", found: "\"\(script)\"")
    }
    return script
  }

  private static func aliases(_ table: Table, _ path: String) throws -> [String] {
    guard let value = table["aliases"] else { return [] }
    let aliases = value.list?.map(\.text)
    guard let aliases, aliases.allSatisfy({ $0 != nil }) else {
      throw LanguageFailure.badCard(
        path: path, expected: "aliases = a list of codes", found: "something else")
    }
    return aliases.compactMap { $0 }
  }
}
