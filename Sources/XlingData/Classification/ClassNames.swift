import Foundation
import XlingCore
import XlingLanguages

/// What classes are called, language by language.
public struct ClassNames: Sendable, Equatable {
  /// Stands for every language that has no names of its own: digits, say.
  public static let anyLanguage = "any"

  /// The file they are from, or what messages call them.
  public let origin: String
  /// Codes that the file has for languages, where they are not ours: "jp" -> "ja".
  public let spellings: [String: String]
  /// class -> language (BCP 47, or ``anyLanguage``) -> names, at least one each.
  private let names: [String: [String: [String]]]

  init(
    origin: String, names: [String: [String: [String]]], spellings: [String: String] = [:]
  ) {
    self.origin = origin
    self.spellings = spellings
    self.names = names
  }

  public var classes: Set<String> { Set(names.keys) }

  /// Every language in which a class has a name, sorted, without ``anyLanguage``.
  public var languages: [String] {
    Set(names.values.flatMap(\.keys)).subtracting([Self.anyLanguage]).sorted()
  }

  /// Whether some class has names for all languages.
  public var isForAnyLanguage: Bool { names.values.contains { $0[Self.anyLanguage] != nil } }

  /// Nil when the class has no name in the language.
  public func names(of name: String, in language: String) -> [String]? {
    names[name].flatMap { $0[language] ?? $0[Self.anyLanguage] }
  }

  /// One JSON object a line: `{"class": "dog", "names": {"en": ["dog"], "tr": ["köpek", "it"]}}`.
  /// Throws ``DataFailure/badLine(path:line:expected:found:)``, `FileFailure`.
  public static func read(_ path: String) throws -> ClassNames {
    var names: [String: [String: [String]]] = [:]
    var spellings: [String: String] = [:]
    let table = try LanguageSpellings.load()
    let text = try TextBytes.utf8(try AtomicFile.read(path), path: path)
    for (index, line) in DatasetReader.lines(text).enumerated() {
      func bad(_ expected: String, _ value: JSONValue?) -> DataFailure {
        .badLine(
          path: path, line: index + 1, expected: expected,
          found: value.map { String($0.shown.prefix(60)) } ?? "no such key")
      }
      guard let object = JSONValue(line)?.object else {
        throw DataFailure.badLine(
          path: path, line: index + 1, expected: "a JSON object",
          found: JSONValue.found(in: line))
      }
      if let unknown = object.keys.filter({ $0 != "class" && $0 != "names" }).sorted().first {
        throw bad("the keys class and names", .string(unknown))
      }
      guard let name = object["class"]?.string, !name.isEmpty else {
        throw bad("\"class\": a text", object["class"])
      }
      guard let languages = object["names"]?.object, !languages.isEmpty else {
        throw bad("\"names\": language -> list of texts", object["names"])
      }
      var own: [String: [String]] = [:]
      for (spelling, value) in languages.sorted(by: { $0.key < $1.key }) {
        guard let language = spelling == anyLanguage ? spelling : table.language(spelling) else {
          throw DataFailure.noLanguage(path: path, line: index + 1, found: spelling)
        }
        if language != spelling { spellings[spelling] = language }
        let texts = value.strings?.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        guard let texts, !texts.isEmpty, !texts.contains("") else {
          throw bad("a list of names in \"\(spelling)\"", value)
        }
        guard own.updateValue(texts, forKey: language) == nil else {
          let both = languages.keys.filter { table.language($0) == language }.sorted()
          throw DataFailure.twoSpellings(
            path: path, line: index + 1, language: language, spellings: both)
        }
      }
      guard names.updateValue(own, forKey: name) == nil else {
        throw bad("one line a class", .string(name))
      }
    }
    return ClassNames(origin: path, names: names, spellings: spellings)
  }
}
