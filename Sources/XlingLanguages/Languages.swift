import Foundation
import XlingCore

/// All language cards.
public struct Languages: Sendable {
  /// Sorted by code.
  public let all: [Language]
  private let byKey: [String: Language]

  /// Reads every card of `folder`, else of the shipped `languages/` (`Assets`), these once in a process.
  /// Throws ``LanguageFailure`` or `FileFailure`.
  public static func load(folder: String? = nil) throws -> Languages {
    guard let folder else { return try shipped.get() }
    return try Languages(reading: folder)
  }

  private static let shipped = Result { try Languages(reading: try Assets.path("languages")) }

  private init(reading folder: String) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw FileFailure.missing(path: folder, hint: "It holds one TOML card per language.")
    }
    let cards = names.filter { $0.hasSuffix(".toml") && !FolderNames.isLeftover($0) }.sorted()
    try self.init(concurrently(cards, grain: 16) { try LanguageCard.read(folder + "/" + $0) })
  }

  /// Throws ``LanguageFailure/badCard(path:expected:found:)`` when two cards claim one code.
  public init(_ languages: [Language]) throws(LanguageFailure) {
    all = languages.sorted { $0.code < $1.code }
    var byKey: [String: Language] = [:]
    for language in all {
      for code in [language.code] + language.aliases {
        if let other = byKey.updateValue(language, forKey: Self.key(code)) {
          throw .badCard(
            path: "\(language.code).toml", expected: "codes of its own",
            found: "\"\(code)\", which \(other.code).toml claims too")
        }
      }
    }
    // Names give way to codes and to the first card with the name.
    for language in all {
      for name in [language.name, language.nativeName].compactMap({ $0 })
      where byKey[Self.key(name)] == nil { byKey[Self.key(name)] = language }
    }
    self.byKey = byKey
  }

  /// By code ("tr", "zh_Hant"), by another code that ``LanguageSpellings`` knows ("jp", "zho_Hans"),
  /// by English name ("turkish") or native name, whatever the case.
  /// Throws ``LanguageFailure/unknownLanguage(given:suggestions:)`` with the nearest ones.
  public func find(_ text: String) throws(LanguageFailure) -> Language {
    if let language = byKey[Self.key(text)] { return language }
    if let code = (try? LanguageSpellings.load())?.language(text), let language = self[code: code] {
      return language
    }
    throw .unknownLanguage(given: text, suggestions: suggestions(for: text))
  }

  /// The card of a code; nil when there is none.
  public subscript(code code: String) -> Language? {
    byKey[Self.key(code)].flatMap { language in
      ([language.code] + language.aliases).contains { Self.key($0) == Self.key(code) }
        ? language : nil
    }
  }

  /// Up to three languages whose code or English name is nearest by edit distance; no farther than
  /// half the length of what was given.
  private func suggestions(for text: String) -> [String] {
    let given = Self.key(text)
    let ranked = all.map { language -> (distance: Int, language: Language) in
      let distances = [language.code, language.name].map {
        Spelling.distance(given, Self.key($0))
      }
      return (distances.min() ?? .max, language)
    }
    let nearest = ranked.map(\.distance).min() ?? .max
    guard nearest <= max(1, given.unicodeScalars.count / 2) else { return [] }
    return ranked.filter { $0.distance == nearest }.prefix(3)
      .map { "\($0.language.code) (\($0.language.name))" }
  }

  private static func key(_ text: String) -> String {
    String(text.lowercased().map { $0 == "_" ? "-" : $0 })
  }
}
