import XlingCore
import XlingData
import XlingLanguages

/// A language that exists, but in which no class has a name.
enum ClassifyLanguageFailure: Failure, Equatable {
  case noNames(given: String, origin: String, has: [String])
  /// Names that stand for every language leave open which are meant by `all`.
  case allOfAny(origin: String)

  var exitStatus: ExitStatus {
    switch self {
    case .noNames: .missingInput
    case .allOfAny: .usage
    }
  }

  var description: String {
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
enum ClassifyLanguages {
  /// `all`, those in which every class has a name (with `allowMissing`: any), or codes and names; each
  /// once, in the order given. Throws `LanguageFailure.unknownLanguage`, ``ClassifyLanguageFailure``,
  /// `ClassificationFailure.missingNames`.
  static func resolve(
    _ given: [String], in names: ClassNames, _ pictures: LabelledPictures, _ allowMissing: Bool
  ) throws -> [String] {
    let present = names.languages
    if given.contains("all") {
      guard !present.isEmpty else { throw ClassifyLanguageFailure.allOfAny(origin: names.origin) }
      let complete = present.filter { language in
        pictures.classes.allSatisfy { names.names(of: $0, in: language) != nil }
      }
      if allowMissing { return present }
      guard complete.isEmpty, let first = present.first else {
        if complete.count < present.count {
          ProgressBar.toStandardError(
            "xling: \(present.count - complete.count) of \(present.count) languages lack names of some "
              + "classes and are left out; --allow-missing takes them\n")
        }
        return complete
      }
      throw ClassificationFailure.missingNames(
        language: first,
        classes: pictures.classes.filter { names.names(of: $0, in: first) == nil },
        of: pictures.classes.count)
    }
    var seen: Set<String> = []
    return try given.map { try resolve($0, names, present) }.filter { seen.insert($0).inserted }
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
    throw ClassifyLanguageFailure.noNames(
      given: "\(language.code) (\(language.name))", origin: names.origin,
      has: EvalLanguages.nearest(to: language, among: present, cards))
  }
}
