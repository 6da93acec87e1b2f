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
  /// Runs pooled by seed pair seed by seed.
  case otherSeeds(first: String, seeds: Int, second: String, others: Int)
  case unknownMetric(given: String, nearest: String?, known: [String])

  var exitStatus: ExitStatus {
    switch self {
    case .missing: .missingInput
    case .otherQueries: .badData
    case .severalProtocols, .otherSeeds, .unknownMetric: .usage
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
    case .otherSeeds(let first, let seeds, let second, let others):
      "'\(first)' has \(seeds) seeds and '\(second)' \(others); pooled runs are paired seed by seed. Name "
        + "as many runs of each."
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
  /// How each run is named there, by its stored name.
  var given: [String: String]
  var place: StorePlace

  private func command(
    _ run: String, _ languages: [String], like measured: EvaluationProtocol?
  ) -> String {
    let named = given[run] ?? run
    return ShellWords.command(
      ["xling", "eval", named, "--data", data] + (split == "test" ? [] : ["--split", split])
        + languages.flatMap { ["--lang", $0] } + (measured.map(Self.options) ?? [])
        + place.words(for: named))
  }

  /// What has to be said so that an evaluation has this protocol, as far as options decide it.
  private static func options(of measured: EvaluationProtocol) -> [String] {
    var options: [String] = []
    let usual = EvaluationProtocol(dataset: "", datasetHash: "")
    if measured.captions.hasPrefix("first ") {
      let count = measured.captions.dropFirst(6).prefix { $0.isNumber }
      options += ["--captions-per-picture", String(count)]
    }
    if measured.ties != usual.ties { options += ["--ties", measured.ties] }
    if measured.resamples != usual.resamples {
      options += ["--resamples", "\(measured.resamples)"]
    }
    if measured.seed != usual.seed { options += ["--seed", "\(measured.seed)"] }
    return options
  }

  func missing(
    _ run: String, languages: [String], like measured: EvaluationProtocol?
  ) -> CompareFailure {
    let what =
      "dataset '\(dataset)', \(split), subset '\(subset)'"
      + (languages.isEmpty ? "" : ", in " + languages.joined(separator: ", "))
    return .missing(
      run: run, what: what,
      command: command(run, languages.isEmpty ? ["all"] : languages, like: measured))
  }

  /// By run, in the order given. Throws ``CompareFailure``,
  /// ``ExperimentFailure/mixedProtocols(field:first:second:)``.
  func evaluations(of runs: [String], in store: ExperimentStore) throws -> [[Evaluation]] {
    let all = try runs.map { try store.evaluations(of: $0).filter(matches) }
    if let without = all.firstIndex(where: \.isEmpty) {
      throw missing(
        runs[without], languages: [], like: all.first { !$0.isEmpty }?.first?.measured)
    }
    var shared = Set(all[0].map(\.measured.hash))
    for part in all.dropFirst() { shared.formIntersection(part.map(\.measured.hash)) }
    // Measured again since an earlier version did: of the two, what names the data by their bytes.
    let common = all[0].map(\.measured).filter { shared.contains($0.hash) }
    for each in common where common.contains(where: each.isRenewed(in:)) {
      shared.remove(each.hash)
    }
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

/// One row of a comparison: a run, or runs that differ by nothing but their seed, whose figures are means.
struct CompareEntry {
  var label: String
  /// Seed by seed, in the order given.
  var runs: [String]

  /// A run each.
  static func single(_ runs: [String]) -> [CompareEntry] {
    runs.map { CompareEntry(label: $0, runs: [$0]) }
  }

  /// Runs of one configuration but for the seed together, where the first of them stands.
  static func pooled(_ runs: [String], in store: ExperimentStore) throws -> [CompareEntry] {
    var entries: [CompareEntry] = []
    var place: [Data: Int] = [:]
    for run in runs {
      var key = try store.run(named: run).key.canonical
      var configuration = try JSONDecoder().decode(
        AlignmentConfiguration.self, from: Data(key.recipe.utf8))
      configuration.seed = 0
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      key.recipe = String(decoding: try encoder.encode(configuration), as: UTF8.self)
      key.seed = 0
      let identity = try encoder.encode(key)
      if let at = place[identity] {
        entries[at].runs.append(run)
      } else {
        place[identity] = entries.count
        entries.append(CompareEntry(label: key.method, runs: [run]))
      }
    }
    let methods = Dictionary(grouping: entries, by: \.label).mapValues(\.count)
    for at in entries.indices {
      let isUnique = methods[entries[at].label] == 1 && entries[at].runs.count > 1
      if !isUnique { entries[at].label = entries[at].runs[0] }
      if entries[at].runs.count > 1 { entries[at].label += " (\(entries[at].runs.count) seeds)" }
    }
    return entries
  }
}

/// Several runs under one protocol, language by language.
struct CompareEvaluations {
  let entries: [CompareEntry]
  let languages: [String]
  /// Languages that some run was aligned on: left out of averages.
  let aligned: Set<String>
  let measured: EvaluationProtocol
  /// By entry, then by seed.
  private let found: [[[String: Evaluation]]]

  var labels: [String] { entries.map(\.label) }

  /// Throws ``CompareFailure`` when a wanted language is missing in a run, when queries differ, or when
  /// entries have different numbers of seeds.
  init(
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
    let byRun = all.map { Set($0.map(\.language)) }
    var rest = all.map { part in
      Dictionary(part.map { (Self.key($0.language, $0.direction), $0) }) { $1 }
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
    if wanted.isEmpty, common != union {
      for (run, has) in zip(runs, byRun) where has != union {
        let failure = selection.missing(
          run, languages: union.subtracting(has).sorted(), like: measured)
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

  /// Seed by seed; empty where a seed lacks it.
  subscript(entry: Int, language: String, direction: Direction) -> [Evaluation] {
    let seeds = found[entry].compactMap { $0[Self.key(language, direction)] }
    return seeds.count == found[entry].count ? seeds : []
  }

  /// Pictures of the gallery: what intervals are clustered by.
  var pictures: Int {
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
