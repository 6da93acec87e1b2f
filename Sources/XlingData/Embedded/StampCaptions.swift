import Foundation
import XlingCore

/// The captions of one stamp: a text file whose first line is English and whose others are
/// `LOCALE.utf8=TEXT`, one a language.
enum StampCaptions {
  /// language (BCP 47) -> caption, "en" among them. Throws ``DataFailure/badLine(path:line:expected:found:)``,
  /// `FileFailure`.
  static func read(_ path: String) throws -> [String: String] {
    var captions: [String: String] = [:]
    var lines = DatasetReader.lines(try AtomicFile.read(path))
    while let last = lines.last, last.isEmpty { lines.removeLast() }
    guard !lines.isEmpty else {
      throw DataFailure.badLine(
        path: path, line: 1, expected: "the English caption", found: "an empty file")
    }
    for (index, line) in lines.enumerated() {
      func bad(_ expected: String) -> DataFailure {
        .badLine(
          path: path, line: index + 1, expected: expected,
          found: "\"\(String(decoding: line.prefix(60), as: UTF8.self))\"")
      }
      guard let text = String(validating: line, as: UTF8.self) else { throw bad("UTF-8") }
      if index == 0 {
        captions["en"] = text.trimmingCharacters(in: .whitespaces)
        if captions["en"] == "" { throw bad("the English caption") }
        continue
      }
      let parts = text.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[0].hasSuffix(".utf8") else {
        throw bad("LOCALE.utf8=caption")
      }
      let caption = parts[1].trimmingCharacters(in: .whitespaces)
      guard !caption.isEmpty else { throw bad("a caption after \"=\"") }
      let locale = String(parts[0].dropLast(5))
      guard !skipped.contains(locale) else { continue }
      guard captions.updateValue(caption, forKey: language(locale)) == nil else {
        throw bad("one line a language")
      }
    }
    return captions
  }

  /// English again, almost word for word: it would pass for a language that nothing was aligned on.
  private static let skipped: Set<String> = ["en_AU", "en_CA", "en_GB", "en_ZA"]

  /// Names of ours that POSIX locales have otherwise.
  private static let tags = [
    "nb": "no", "sr@latin": "sr-Latn", "zh_CN": "zh", "zh_TW": "zh-Hant",
  ]

  /// BCP 47 of a POSIX locale: "pt_BR" -> "pt-BR", "ca@valencia" -> "ca-valencia".
  static func language(_ locale: String) -> String {
    tags[locale] ?? String(locale.map { $0 == "_" || $0 == "@" ? "-" : $0 })
  }
}
