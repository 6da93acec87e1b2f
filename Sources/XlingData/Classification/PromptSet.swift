import Foundation
import XlingCore
import XlingLanguages

/// Sentences around a class's name, language by language: one, or an ensemble (Radford et al. 2021,
/// section 3.1.4).
public struct PromptSet: Sendable, Equatable {
  /// The file's name without its extension.
  public let name: String
  public let title: String
  /// language (BCP 47, or ``ClassNames/anyLanguage``) -> templates that hold `{}` once.
  private let templates: [String: [String]]

  /// A set of the shipped `prompts/` by its name, or a file. Throws ``ClassificationFailure``,
  /// ``DataFailure/badCard(path:expected:found:)``, `FileFailure`.
  public static func load(_ given: String) throws -> PromptSet {
    if given.contains("/") || given.hasSuffix(".toml") { return try read(given) }
    let folder = try Assets.path("prompts")
    let known = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(".toml") && !FolderNames.isLeftover($0) }.map {
        String($0.dropLast(5))
      }.sorted()
    guard known.contains(given) else {
      throw ClassificationFailure.unknownPrompts(
        given: given, nearest: Spelling.nearest(to: given, among: known), known: known)
    }
    return try read("\(folder)/\(given).toml")
  }

  /// Reads one file strictly: `title`, perhaps `source` and `licence`, and `[templates]`, a list a
  /// language.
  static func read(_ path: String) throws -> PromptSet {
    let card = try CardTable(reading: path)
    try card.check(keys: ["title", "source", "licence", "templates"])
    for key in ["source", "licence"] where card.has(key) { _ = try card.text(key) }
    let table = try card.table("templates")
    guard !table.names.isEmpty else { throw card.bad("[templates] with a language", "none") }
    var templates: [String: [String]] = [:]
    let spellings = try LanguageSpellings.load()
    for spelling in table.names {
      guard
        let language = spelling == ClassNames.anyLanguage ? spelling : spellings.language(spelling)
      else { throw card.bad("languages in [templates] (BCP 47), or any", "\"\(spelling)\"") }
      guard templates.updateValue(try table.texts(spelling), forKey: language) == nil else {
        throw card.bad("one list of templates a language", "\"\(spelling)\", which is \(language)")
      }
      for template in templates[language] ?? []
      where template.components(separatedBy: "{}").count != 2 {
        throw ClassificationFailure.badTemplate(path: path, template: template)
      }
    }
    let name = PathParts.stem(of: path)
    return PromptSet(name: name, title: try card.text("title"), templates: templates)
  }

  /// Throws ``ClassificationFailure/noTemplate(prompts:language:has:)``.
  public func templates(in language: String) throws(ClassificationFailure) -> [String] {
    if let own = templates[language] ?? templates[ClassNames.anyLanguage] { return own }
    throw .noTemplate(prompts: name, language: language, has: templates.keys.sorted())
  }
}
