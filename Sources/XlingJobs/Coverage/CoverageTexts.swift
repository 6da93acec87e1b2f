import Foundation
import XlingCore
import XlingCoverage
import XlingData
import XlingLanguages

/// What texts a coverage is taken of.
public enum CoverageSource: Sendable, Equatable {
  /// Files by language; `english`: one whose lines the lines of all others translate.
  case files([File], english: String?)
  /// A dataset's captions, the first of each picture; `isParallel`: captions of one picture are
  /// translations of one another.
  case data(DataSource, Split, isParallel: Bool)
  /// CLDR's names and stamps.
  case embedded

  public struct File: Sendable, Equatable {
    public var language: String
    public var path: String

    public init(language: String, path: String) {
      self.language = language
      self.path = path
    }
  }
}

/// One language's text, and the English that belongs to it line by line.
struct LanguageText {
  let language: String
  let text: CoverageText
  let english: CoverageText?
}

extension CoverageSource {
  /// Names of embedded datasets whose captions are made from one plan in all languages.
  private static let parallel = Set(EmbeddedDataset.allCases.map(\.rawValue))

  /// The texts of `given` languages, in their order. Throws ``CoverageJobFailure``, `LanguageFailure`,
  /// `DataFailure`, `FileFailure`.
  func texts(_ given: [String]) throws -> [LanguageText] {
    switch self {
    case .files(let files, let english): try Self.texts(files, english, given)
    case .data(let source, let split, let isParallel):
      try Self.texts(source, split, isParallel || Self.parallel.contains(source.name), given)
    case .embedded: try Self.embedded(given)
    }
  }

  private static func texts(
    _ files: [File], _ english: String?, _ given: [String]
  ) throws -> [LanguageText] {
    let wanted = try given.filter { $0 != "all" }.map { try LanguageLabel.code($0) }
    let labelled = try files.map { (language: try LanguageLabel.code($0.language), path: $0.path) }
    for language in wanted where !labelled.contains(where: { $0.language == language }) {
      throw CoverageJobFailure.noText(language: language)
    }
    // One text a path, since what comes through a pipe comes once.
    let texts = Dictionary(
      Set(labelled.map(\.path) + [english].compactMap { $0 }).map { ($0, CoverageText(file: $0)) }
    ) { one, _ in one }
    func text(_ path: String) -> CoverageText { texts[path] ?? CoverageText(file: path) }
    return labelled.filter {
      wanted.isEmpty || given.contains("all") || wanted.contains($0.language)
    }
    .map {
      LanguageText(language: $0.language, text: text($0.path), english: english.map(text))
    }
  }

  private static func texts(
    _ source: DataSource, _ split: Split, _ isParallel: Bool, _ given: [String]
  ) throws -> [LanguageText] {
    let (dataset, _) = try source.load()
    let languages =
      given.isEmpty
      ? dataset.languages(in: split)
      : try DatasetLanguages.resolve(given, in: dataset, split: split)
    return languages.map { language in
      var (lines, english): ([String], [String]) = ([], [])
      for item in dataset.items(in: split) {
        guard let text = item.captions[language]?.first else { continue }
        if isParallel {
          guard let other = item.captions["en"]?.first else { continue }
          english.append(other)
        }
        lines.append(text)
      }
      let name = "\(dataset.name) \(split.rawValue)"
      return LanguageText(
        language: language, text: CoverageText(lines: lines, name: name),
        english: isParallel ? CoverageText(lines: english, name: name + ", en") : nil)
    }
  }

  private static func embedded(_ given: [String]) throws -> [LanguageText] {
    let available = try EmbeddedTexts.available()
    let languages =
      given.contains("all")
      ? available
      : try given.map { word in
        let code = available.contains(word) ? word : try LanguageLabel.code(word)
        guard available.contains(code) else { throw CoverageJobFailure.noText(language: code) }
        return code
      }
    var seen: Set<String> = []
    let once = languages.filter { seen.insert($0).inserted }
    let texts = try EmbeddedTexts(once)
    return once.map { language in
      let (lines, english) = texts.parallel(language)
      return LanguageText(
        language: language, text: CoverageText(lines: lines, name: "CLDR and stamps"),
        english: CoverageText(lines: english, name: "CLDR and stamps, en"))
    }
  }
}

/// Errors of what a coverage is asked for.
public enum CoverageJobFailure: Failure, Equatable {
  case noText(language: String)
  case noParallel(language: String, metric: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .noText: .missingInput
    case .noParallel: .usage
    }
  }

  public var description: String {
    switch self {
    case .noText(let language):
      "there is no text in \(language). Name one, a sentence a line: --text \(language)=FILE."
    case .noParallel(let language, let metric):
      "\(metric) of \(language) needs English sentences that its own translate, line by line. Name them by "
        + "--parallel FILE; captions of one picture are translations where --parallel-captions says so."
    }
  }
}
