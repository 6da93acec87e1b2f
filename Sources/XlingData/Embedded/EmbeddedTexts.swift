import Foundation
import XlingCore

/// Texts in many languages that are installed anyway, each with its English: CLDR's names of emoji,
/// languages, territories and units, and the captions of stamps where these are there.
public struct EmbeddedTexts: Sendable {
  /// Languages (BCP 47) that CLDR annotates, sorted.
  public let languages: [String]
  private let texts: [String: [String: String]]
  private let order: [String]

  /// All languages that there are. Throws ``DataFailure/missingCLDR(path:)``.
  public static func available() throws -> [String] {
    try CLDR().baseLocales().map(CLDR.languageCode)
  }

  /// Reads the texts of `languages` and of English. Throws ``DataFailure``.
  public init(_ languages: [String]) throws {
    let cldr = try CLDR()
    let wanted = Set(languages + ["en"])
    let locales = cldr.baseLocales().filter { wanted.contains(CLDR.languageCode($0)) }
    var texts: [String: [String: String]] = [:]
    for names in try DisplayNames.load(locales, from: cldr) {
      for kind in [DisplayNames.Kind.language, .territory, .unit] {
        for (code, name) in names.names[kind] ?? [:] {
          texts[names.language, default: [:]]["\(kind.rawValue)/\(code)"] = name
        }
      }
    }
    for annotations in try Annotations.load(locales, from: cldr, withKeywords: false) {
      for (concept, annotation) in annotations.byConcept {
        if let name = annotation.name {
          texts[annotations.language, default: [:]]["name/\(concept)"] = name
        }
      }
    }
    try Self.addStamps(to: &texts, wanted)
    self.texts = texts
    order = (texts["en"] ?? [:]).keys.sorted()
    self.languages = locales.map(CLDR.languageCode)
  }

  /// Their captions are whole sentences, where they are installed.
  private static func addStamps(
    to texts: inout [String: [String: String]], _ wanted: Set<String>
  ) throws {
    guard let folder = try? StampFolder() else { return }
    for stamp in folder.stamps {
      let captions = try StampCaptions.read("\(folder.path)/\(stamp).txt")
      for (language, caption) in captions where wanted.contains(language) {
        texts[language, default: [:]]["stamp/\(stamp)"] = caption
      }
    }
  }

  /// What the language has in common with English, line by line, in a fixed order.
  public func parallel(_ language: String) -> (lines: [String], english: [String]) {
    let own = texts[language] ?? [:]
    let keys = order.filter { own[$0] != nil }
    return (keys.compactMap { own[$0] }, keys.compactMap { texts["en"]?[$0] })
  }
}
