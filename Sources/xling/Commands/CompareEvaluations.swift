import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingLanguages
import XlingReports
import XlingRetrieval

enum CompareFailure: Failure, Equatable {
  case missing(run: String, what: String, command: String)
  case otherQueries(language: String, direction: String, first: String, second: String)
  case severalProtocols(known: [String])
  case unknownMetric(given: String, nearest: String?, known: [String])

  var exitStatus: ExitStatus {
    switch self {
    case .missing: .missingInput
    case .otherQueries: .badData
    case .severalProtocols, .unknownMetric: .usage
    }
  }

  var description: String {
    switch self {
    case .missing(let run, let what, let command):
      "run '\(run)' has no evaluation for \(what). Make it: \(command)"
    case .otherQueries(let language, let direction, let first, let second):
      "\(language), \(direction): '\(first)' and '\(second)' were asked different queries, so "
        + "nothing pairs them. Evaluate both again on the same data."
    case .severalProtocols(let known):
      "these runs were evaluated under several protocols. Choose one by --protocol:\n  "
        + known.joined(separator: "\n  ")
    case .unknownMetric(let given, let nearest, let known):
      "there is no metric '\(given)' to compare." + (nearest.map { " Did you mean '\($0)'?" } ?? "")
        + " Metrics: \(known.joined(separator: ", "))."
    }
  }
}

/// What is compared: stored results of one protocol.
struct CompareSelection {
  var dataset: String
  var split: String
  var subset: String
  /// The beginning of a protocol's hash.
  var protocolHash: String?
  /// For messages: how the dataset is named on the command line.
  var data: String

  private func command(_ run: String, _ languages: [String]) -> String {
    "xling eval \(run) --data \(data)" + (split == "test" ? "" : " --split \(split)")
      + languages.map { " --lang \($0)" }.joined()
  }

  func missing(_ run: String, languages: [String]) -> CompareFailure {
    let what =
      "dataset '\(dataset)', \(split), subset '\(subset)'"
      + (languages.isEmpty ? "" : ", in " + languages.joined(separator: ", "))
    return .missing(
      run: run, what: what, command: command(run, languages.isEmpty ? ["all"] : languages))
  }

  /// By run, in the order given. Throws ``CompareFailure``,
  /// ``ExperimentFailure/mixedProtocols(field:first:second:)``.
  func evaluations(of runs: [String], in store: ExperimentStore) throws -> [[Evaluation]] {
    let all = try runs.map { run in
      let found = try store.evaluations(of: run).filter(matches)
      if found.isEmpty { throw missing(run, languages: []) }
      return found
    }
    var shared = Set(all[0].map(\.measured.hash))
    for part in all.dropFirst() { shared.formIntersection(part.map(\.measured.hash)) }
    guard let hash = shared.first else {
      // Names the field in which they differ.
      try EvaluationProtocol.requireOne(all.compactMap { $0.first?.measured })
      return []
    }
    if shared.count > 1 {
      var known: Set<String> = []
      for each in all[0].map(\.measured) where shared.contains(each.hash) {
        known.insert(
          "\(each.hash.prefix(12))  captions: \(each.captions); data \(each.datasetHash.prefix(12))"
        )
      }
      throw CompareFailure.severalProtocols(known: known.sorted())
    }
    return all.map { $0.filter { $0.measured.hash == hash } }
  }

  private func matches(_ evaluation: Evaluation) -> Bool {
    let measured = evaluation.measured
    return measured.dataset == dataset && measured.split == split && measured.subset == subset
      && measured.hash.hasPrefix(protocolHash ?? "")
  }
}

/// Several runs under one protocol, language by language.
struct CompareEvaluations {
  let runs: [String]
  let languages: [String]
  /// Languages that some run was aligned on: left out of averages.
  let aligned: Set<String>
  let measured: EvaluationProtocol
  private let found: [[String: Evaluation]]

  /// Throws ``CompareFailure`` when a wanted language is missing in a run, or queries differ.
  init(
    _ selection: CompareSelection, runs: [String], languages given: [String],
    in store: ExperimentStore
  ) throws {
    self.runs = runs
    let all = try selection.evaluations(of: runs, in: store)
    measured = all[0][0].measured
    found = all.map { part in
      Dictionary(part.map { (Self.key($0.language, $0.direction), $0) }) { $1 }
    }
    let byRun = all.map { Set($0.map(\.language)) }
    let union = byRun.reduce(Set()) { $0.union($1) }
    let wanted = try Self.codes(of: given, stored: union)
    let common = byRun.reduce(union) { $0.intersection($1) }
    for (run, has) in zip(runs, byRun) {
      let lacking = (wanted.isEmpty && common.isEmpty ? union.sorted() : wanted)
        .filter { !has.contains($0) }
      if !lacking.isEmpty { throw selection.missing(run, languages: lacking) }
    }
    languages = wanted.isEmpty ? common.sorted() : wanted
    if wanted.isEmpty, common != union {
      for (run, has) in zip(runs, byRun) where has != union {
        let failure = selection.missing(run, languages: union.subtracting(has).sorted())
        ProgressBar.toStandardError("xling: left out: \(failure)\n")
      }
    }
    aligned = try Set(
      runs.compactMap { run in
        let recipe = Data(try store.run(named: run).key.recipe.utf8)
        return try? JSONDecoder().decode(AlignmentConfiguration.self, from: recipe).language
      })
    try checkQueries()
  }

  subscript(run: Int, language: String, direction: Direction) -> Evaluation? {
    found[run][Self.key(language, direction)]
  }

  /// Pictures of the gallery: what intervals are clustered by.
  var pictures: Int {
    found[0].values.filter { $0.direction == .textToImage }.map(\.ranking.gallerySize).max() ?? 0
  }

  /// The store's code for a language; where it has none, the card's. Throws `LanguageFailure`.
  private static func codes(of given: [String], stored: Set<String>) throws -> [String] {
    var seen: Set<String> = []
    let cards = given.allSatisfy(stored.contains) ? nil : try Languages.load()
    return try given.map { text in
      guard let cards, !stored.contains(text) else { return text }
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
        guard let one = self[0, language, direction] else { continue }
        for run in runs.indices.dropFirst() {
          guard let other = self[run, language, direction] else { continue }
          guard one.queriesHash == other.queriesHash, one.pictures == other.pictures else {
            throw .otherQueries(
              language: language, direction: direction.words, first: runs[0], second: runs[run])
          }
        }
      }
    }
  }
}
