import XlingCore
import XlingLanguages

/// A language that exists, but in which no class has a name.
public enum ClassLanguageFailure: Failure, Equatable {
  case noNames(given: String, origin: String, has: [String])
  /// Names that stand for every language leave open which are meant by `all`.
  case allOfAny(origin: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .noNames: .missingInput
    case .allOfAny: .usage
    }
  }

  public var description: String {
    switch self {
    case .noNames(let given, let origin, let has):
      has.isEmpty
        ? "\(origin) names no class in any language. Add names to it."
        : "\(origin) names no class in \(given). It has, nearest first: \(MessageList.of(has))."
    case .allOfAny(let origin):
      "the names of \(origin) are for any language: name those that you mean in place of all."
    }
  }
}

/// From what a user calls a language to the code that class names have for it.
public enum ClassLanguages {
  /// `all`, those in which every class has a name (with `allowMissing`: any), or codes and names;
  /// each once, in the order given; `leftOut` languages name some class only. Throws
  /// `LanguageFailure.unknownLanguage`, ``ClassLanguageFailure``,
  /// `ClassificationFailure.missingNames`.
  public static func resolve(
    _ given: [String], in names: ClassNames, _ pictures: LabelledPictures, _ allowMissing: Bool
  ) throws -> (languages: [String], leftOut: Int) {
    let present = names.languages
    if given.contains("all") {
      guard !present.isEmpty else { throw ClassLanguageFailure.allOfAny(origin: names.origin) }
      let complete = present.filter { language in
        pictures.classes.allSatisfy { names.names(of: $0, in: language) != nil }
      }
      if allowMissing { return (present, 0) }
      guard complete.isEmpty, let first = present.first else {
        return (complete, present.count - complete.count)
      }
      throw ClassificationFailure.missingNames(
        language: first,
        classes: pictures.classes.filter { names.names(of: $0, in: first) == nil },
        of: pictures.classes.count)
    }
    var seen: Set<String> = []
    let resolved = try given.map { try resolve($0, names, present) }
    return (resolved.filter { seen.insert($0).inserted }, 0)
  }

  private static func resolve(
    _ given: String, _ names: ClassNames, _ present: [String]
  ) throws -> String {
    if present.contains(given) { return given }
    if let code = try LanguageSpellings.load().language(given), present.contains(code) {
      return code
    }
    let cards = try Languages.load()
    let language = try cards.find(given)
    if let code = ([language.code] + language.aliases).first(where: present.contains) {
      return code
    }
    if names.isForAnyLanguage { return language.code }
    throw ClassLanguageFailure.noNames(
      given: "\(language.code) (\(language.name))", origin: names.origin,
      has: DatasetLanguages.nearest(to: language, among: present, cards))
  }
}
