import XlingCore

/// Which languages are meant: every kind of filter that is given must hold.
public struct LanguageFilter: Sendable, Equatable {
  /// ISO 15924; one of them, the language's main script.
  public var scripts: [String]
  /// Families or branches; one of them.
  public var families: [String]
  /// Models and evaluation sets; all of them.
  public var memberships: [String]

  public init(scripts: [String] = [], families: [String] = [], memberships: [String] = []) {
    self.scripts = scripts
    self.families = families
    self.memberships = memberships
  }

  /// In their order. Case, "-" and "_" do not count. Throws
  /// ``LanguageFailure/unknownFilter(kind:given:nearest:known:)``, ``LanguageFailure/noLanguage(filters:)``.
  public func apply(to languages: [Language]) throws(LanguageFailure) -> [Language] {
    var conditions: [(words: String, holds: (Language) -> Bool)] = []
    if let scripts = try one(of: self.scripts, "script", languages, { [$0.script] }) {
      conditions.append(scripts)
    }
    let families = try one(of: self.families, "family or branch", languages) {
      [$0.family.name, $0.family.branch].compactMap { $0 }
    }
    if let families { conditions.append(families) }
    for membership in memberships {
      let one = try one(of: [membership], "model or evaluation set", languages, Self.memberships)
      if let one { conditions.append(one) }
    }
    let found = languages.filter { language in conditions.allSatisfy { $0.holds(language) } }
    guard found.isEmpty, !languages.isEmpty else { return found }
    throw .noLanguage(
      filters: conditions.map { "\($0.words) has \(languages.count(where: $0.holds))" })
  }

  /// Names of models and evaluation sets that have the language.
  public static func memberships(of language: Language) -> [String] {
    language.pretraining.models.map(\.rawValue) + language.evaluation.sets.map(\.rawValue)
  }

  private func one(
    of given: [String], _ kind: String, _ languages: [Language],
    _ values: @escaping (Language) -> [String]
  ) throws(LanguageFailure) -> (words: String, holds: (Language) -> Bool)? {
    guard !given.isEmpty else { return nil }
    let known = Set(languages.flatMap(values)).sorted()
    for text in given where !known.contains(where: { Self.key($0) == Self.key(text) }) {
      throw .unknownFilter(
        kind: kind, given: text, nearest: Spelling.nearest(to: text, among: known), known: known)
    }
    let keys = Set(given.map(Self.key))
    return (
      "\(kind) \(given.joined(separator: " or "))",
      { values($0).contains { keys.contains(Self.key($0)) } }
    )
  }

  private static func key(_ text: String) -> String {
    text.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
  }
}
