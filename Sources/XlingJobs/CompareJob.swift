import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRetrieval
import XlingRuns

/// Paired tests of the first run against each of the others, from the ranks that the store has;
/// nothing is embedded.
public struct CompareJob: Sendable {
  public struct Options: Sendable {
    /// Two or more: folders or stored names.
    public var runs: [String]
    /// What was evaluated on: a name or a folder.
    public var data: String
    /// Codes or names; empty, or with `all` among them: those that every run has.
    public var languages: [String] = []
    /// A mean over queries (``metric(named:)``).
    public var metric = Metric.recall(at: 10)
    public var split = Split.test
    public var subset = "all"
    /// The beginning of a protocol's hash, where runs were measured under several.
    public var protocolHash: String?
    /// A run may be named by the beginning of its name or folder.
    public var takesBeginnings = true
    /// Runs that differ by their seed only are taken together.
    public var poolsSeeds = false
    /// A sentence on how missing evaluations of a run, as it was named here, are made.
    public var remedy: @Sendable (CompareSelection.Missing, _ run: String) -> String = { _, _ in
      ""
    }

    public init(runs: [String], data: String) {
      self.runs = runs
      self.data = data
    }
  }

  public struct Result: Codable, Sendable, Equatable {
    public let metric: String
    public let isRate: Bool
    /// The protocol under which all were measured.
    public let measured: EvaluationProtocol
    /// Of the runs, or of the pools of seeds.
    public let labels: [String]
    /// Runs of each label.
    public let seeds: Int
    public let table: CompareTable
    public let tests: [CompareRow]
    /// Of each label but the first: the settings in which it was trained otherwise than the first, as
    /// `run.json` calls them.
    public let differing: [String: [String]]
    /// Of each label whose runs were trained on captions of other languages, too: `few-shot tr=10`.
    public let fewShot: [String: String]
  }

  public let options: Options

  public init(_ options: Options) { self.options = options }

  /// A metric whose differences mean something: a median of differences is no difference of
  /// medians. Throws ``CompareFailure/unknownMetric(given:nearest:known:)``, which lists them.
  public static func metric(named name: String) throws(CompareFailure) -> Metric {
    if let found = Metric.named(name), found.aggregation == .mean { return found }
    let names = Metric.standard.filter { $0.aggregation == .mean }.map(\.name)
    throw .unknownMetric(
      given: name, nearest: Spelling.nearest(to: name, among: names), known: names)
  }

  /// Reads the store only. Throws ``CompareFailure``, `RunFailure`, `LanguageFailure`,
  /// `ExperimentFailure`, `RetrievalFailure`, and what `observe` throws.
  public func run(
    in store: @autoclosure () throws -> ExperimentStore,
    _ observe: (Warning) throws -> Void = { _ in }
  ) throws -> Result {
    let store = try store()
    let names = try options.runs.map {
      try RunLookup.storedName($0, in: store, strictly: !options.takesBeginnings)
    }
    let evaluations = try CompareEvaluations(
      selection(names),
      entries: options.poolsSeeds
        ? try CompareEntry.pooled(names, in: store) : CompareEntry.single(names),
      languages: options.languages.contains("all") ? [] : options.languages, in: store)
    try evaluations.leftOut.map { .incomplete($0) }.forEach(observe)
    guard evaluations.entries.count > 1 else { throw CompareFailure.nothingToCompare }
    let tests = CompareTests(evaluations, options.metric)
    let fewShot = try fewShot(evaluations.entries, store)
    let rows = try tests.rows().map { row in
      var row = row
      row.firstFewShot = fewShot[row.first]
      row.secondFewShot = fewShot[row.second]
      return row
    }
    if let bare = Warning.withoutIntervals(rows.filter { $0.p == nil }.map(\.language)) {
      try observe(bare)
    }
    return Result(
      metric: options.metric.name, isRate: options.metric.isRate,
      measured: evaluations.measured, labels: evaluations.labels,
      seeds: evaluations.entries[0].runs.count,
      table: try CompareTable(tests, rows), tests: rows,
      differing: try differing(evaluations.entries, store), fewShot: fewShot)
  }

  private func fewShot(
    _ entries: [CompareEntry], _ store: ExperimentStore
  ) throws -> [String: String] {
    var words: [String: String] = [:]
    for entry in entries {
      words[entry.label] = try store.run(named: entry.runs[0]).fewShot.words
    }
    return words
  }

  private func differing(
    _ entries: [CompareEntry], _ store: ExperimentStore
  ) throws -> [String: [String]] {
    func settings(_ entry: CompareEntry) throws -> AlignmentConfiguration? {
      let recipe = Data(try store.run(named: entry.runs[0]).key.recipe.utf8)
      return try? JSONDecoder().decode(AlignmentConfiguration.self, from: recipe).decisive
    }
    guard let first = try settings(entries[0]) else { return [:] }
    var differing: [String: [String]] = [:]
    for entry in entries.dropFirst() {
      differing[entry.label] = try settings(entry)?.differences(from: first)
    }
    return differing
  }

  private func selection(_ names: [String]) -> CompareSelection {
    let given = Dictionary(zip(names, options.runs)) { one, _ in one }
    let remedy = options.remedy
    return CompareSelection(
      dataset: URL(fileURLWithPath: options.data).standardizedFileURL.lastPathComponent,
      split: options.split.rawValue, subset: options.subset, protocolHash: options.protocolHash
    ) { remedy($0, given[$0.run] ?? $0.run) }
  }
}
