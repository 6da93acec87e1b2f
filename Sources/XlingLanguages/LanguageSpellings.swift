import Foundation
import XlingCore

/// From the code that somebody writes for a language to the one that we have for it: `zh_CN`,
/// `zho_Hans`, `cmn` and `zh-Hans` are `zh`, `jp` is `ja`, `iw` is `he`, `tur_Latn` is `tr`.
public struct LanguageSpellings: Sendable {
  private struct Row: Sendable {
    let code: String
    /// The script that a tag need not name, lower case.
    let script: String
  }

  /// Other code -> code; lower case, "-" for "_".
  private let codes: [String: String]
  /// Code, and every other code of one subtag -> its row.
  private let rows: [String: Row]

  /// The shipped table, `languages/spellings.tsv` (`Assets`), read once. Throws
  /// ``LanguageFailure/badCard(path:expected:found:)``, `FileFailure`.
  public static func load() throws -> LanguageSpellings { try shipped.get() }

  private static let shipped = Result {
    try LanguageSpellings(reading: try Assets.path("languages/spellings.tsv"))
  }

  /// A table with the columns code, script and other codes. Throws as ``load()``.
  public init(reading path: String) throws {
    var codes: [String: String] = [:]
    var rows: [String: Row] = [:]
    let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .filter { !$1.isEmpty && !$1.hasPrefix("#") }
    for (index, line) in lines.dropFirst() {
      func bad(_ expected: String, _ found: Substring) -> LanguageFailure {
        .badCard(path: "\(path):\(index + 1)", expected: expected, found: "\"\(found)\"")
      }
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 3 else { throw bad("code, script and other codes", line) }
      let row = Row(code: String(fields[0]), script: fields[1].lowercased())
      rows[row.code.lowercased()] = row
      for other in fields[2].split(separator: " ") {
        guard codes.updateValue(row.code, forKey: String(other)) == nil else {
          throw bad("codes of one language each", other)
        }
        if !other.contains("-") { rows[String(other)] = row }
      }
    }
    self.codes = codes
    self.rows = rows
  }

  /// Our code for what `text` writes, in the case that BCP 47 has; nil when it is no language tag.
  public func language(_ text: String) -> String? {
    let bytes = text.utf8
    if (2...8).contains(bytes.count), bytes.allSatisfy({ (0x61...0x7A).contains($0) }) {
      return codes[text] ?? text
    }
    guard bytes.count <= 1024, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
    let key = String(decoding: bytes.map { $0 == UInt8(ascii: "_") ? 0x2D : $0 }, as: UTF8.self)
      .lowercased()
    if let code = codes[key] { return code }
    guard LanguageTag.isWellFormed(key) else { return nil }
    let tag = withoutScript(key)
    return codes[tag.lowercased()] ?? LanguageTag.cased(tag)
  }

  /// Every other code of the table for a language, sorted; lower case, "-" for "_".
  public func others(of code: String) -> [String] {
    codes.filter { $0.value.lowercased() == code.lowercased() }.keys.sorted()
  }

  /// The words of `given` that are another spelling of a code, by themselves: "jp" is "ja", "zho_Hans" is
  /// "zh". Case and "_" make none, and names of languages are none.
  public func respelt(_ given: [String]) -> [String: String] {
    var found: [String: String] = [:]
    for word in given {
      let plain = String(word.lowercased().map { $0 == "_" ? "-" : $0 })
      if let code = language(word), code.lowercased() != plain { found[word] = code }
    }
    return found
  }

  /// Whether the table has a row of the language.
  public func knows(_ code: String) -> Bool { rows[code.lowercased()] != nil }

  /// The tag with our code for its first subtag, and without the script that this has anyway.
  private func withoutScript(_ key: String) -> String {
    var parts = key.split(separator: "-")
    guard let row = rows[String(parts[0])] else { return key }
    parts.removeFirst()
    if let script = parts.first, !row.script.isEmpty, script == row.script { parts.removeFirst() }
    var code = row.code.split(separator: "-")
    if parts.first?.utf8.count == 4, parts[0].first?.isLetter == true {
      code.insert(parts.removeFirst(), at: 1)
    }
    return (code + parts).joined(separator: "-")
  }
}
