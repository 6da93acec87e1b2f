import Foundation
import XlingAlignment
import XlingExperiments
import XlingLanguages
import XlingRetrieval
import XlingRuns

/// Several runs under one protocol, language by language.
public struct CompareEvaluations: Sendable {
  public let entries: [CompareEntry]
  public let languages: [String]
  /// Languages that some run was aligned on, or saw pairs of: left out of averages.
  public let aligned: Set<String>
  public let measured: EvaluationProtocol
  /// Languages that some runs have and others lack, for which nothing was asked: run by run, what
  /// would bring them in.
  public let leftOut: [CompareFailure]
  /// By entry, then by seed.
  private let found: [[[String: Evaluation]]]

  public var labels: [String] { entries.map(\.label) }

  /// Throws ``CompareFailure`` when a wanted language is missing in a run, when queries differ, or
  /// when entries have different numbers of seeds.
  public init(
    _ selection: CompareSelection, entries: [CompareEntry], languages given: [String],
    in store: ExperimentStore
  ) throws {
    self.entries = entries
    for other in entries.dropFirst() where other.runs.count != entries[0].runs.count {
      throw CompareFailure.otherSeeds(
        first: entries[0].label, seeds: entries[0].runs.count, second: other.label,
        others: other.runs.count)
    }
    let runs = entries.flatMap(\.runs)
    let all = try selection.evaluations(of: runs, in: store)
    measured = all[0][0].measured
    // Earlier versions stored languages as their data spelled them: jp is ja.
    let table = try LanguageSpellings.load()
    func code(_ language: String) -> String { table.language(language) ?? language }
    let byRun = all.map { Set($0.map { code($0.language) }) }
    var rest = all.map { part in
      // Where a run has both spellings, ours counts.
      Dictionary(part.map { (Self.key(code($0.language), $0.direction), $0) }) {
        code($0.language) == $0.language ? $0 : $1
      }
    }[...]
    found = entries.map { entry in
      defer { rest = rest.dropFirst(entry.runs.count) }
      return Array(rest.prefix(entry.runs.count))
    }
    let union = byRun.reduce(Set()) { $0.union($1) }
    let wanted = try Self.codes(of: given, stored: union)
    let common = byRun.reduce(union) { $0.intersection($1) }
    for (run, has) in zip(runs, byRun) {
      let lacking = (wanted.isEmpty && common.isEmpty ? union.sorted() : wanted)
        .filter { !has.contains($0) }
      if !lacking.isEmpty { throw selection.missing(run, languages: lacking, like: measured) }
    }
    languages = wanted.isEmpty ? common.sorted() : wanted
    let measured = measured
    leftOut =
      wanted.isEmpty && common != union
      ? zip(runs, byRun).filter { $1 != union }.map { run, has in
        selection.missing(run, languages: union.subtracting(has).sorted(), like: measured)
      } : []
    aligned = try Set(
      runs.flatMap { name in
        let run = try store.run(named: name)
        let recipe = Data(run.key.recipe.utf8)
        let own = try? JSONDecoder().decode(AlignmentConfiguration.self, from: recipe).language
        return ((own.map { [$0] } ?? []) + run.fewShot.parts.map(\.language)).map(code)
      })
    try checkQueries()
  }

  /// Seed by seed; empty where a seed lacks it.
  public subscript(entry: Int, language: String, direction: Direction) -> [Evaluation] {
    let seeds = found[entry].compactMap { $0[Self.key(language, direction)] }
    return seeds.count == found[entry].count ? seeds : []
  }

  /// Pictures of the gallery: what intervals are clustered by.
  public var pictures: Int {
    found[0][0].values.filter { $0.direction == .textToImage }.map(\.ranking.gallerySize).max() ?? 0
  }

  /// The store's code for a language; where it has none, the card's. Throws `LanguageFailure`.
  private static func codes(of given: [String], stored: Set<String>) throws -> [String] {
    var seen: Set<String> = []
    let cards = given.allSatisfy(stored.contains) ? nil : try Languages.load()
    return try given.map { text in
      guard let cards, !stored.contains(text) else { return text }
      if let code = try LanguageSpellings.load().language(text), stored.contains(code) {
        return code
      }
      let card = try cards.find(text)
      return ([card.code] + card.aliases).first(where: stored.contains) ?? card.code
    }.filter { seen.insert($0).inserted }
  }

  private static func key(_ language: String, _ direction: Direction) -> String {
    direction.rawValue + " " + language
  }

  private func checkQueries() throws(CompareFailure) {
    for language in languages {
      for direction in Direction.allCases {
        guard let one = self[0, language, direction].first else { continue }
        for (entry, seeds) in zip(entries, found) {
          for (run, evaluations) in zip(entry.runs, seeds) {
            guard let other = evaluations[Self.key(language, direction)] else { continue }
            guard one.queriesHash == other.queriesHash, one.pictures == other.pictures else {
              throw .otherQueries(
                language: language, direction: direction.words, first: entries[0].runs[0],
                second: run)
            }
          }
        }
      }
    }
  }
}
