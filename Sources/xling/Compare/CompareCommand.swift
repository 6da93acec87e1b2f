import ArgumentParser
import Foundation
import XlingCore
import XlingData
import XlingExperiments
import XlingReports
import XlingRetrieval
import XlingRuns

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Test the first run against each of the others on the same queries.",
    discussion: """
      First a table of all runs by language, with the languages that each won, tied and lost against \
      the first; then the tests one by one. Reads the ranks that `xling eval` stored; nothing is embedded again. Differences are first \
      minus other, with paired bootstrap intervals over pictures and p values of a paired \
      randomization test, corrected by Holm over all languages and directions shown. With \
      --pool-seeds, runs that differ by nothing but their seed are one row: figures are means over the \
      seeds, with their standard deviation, and tests pair seed by seed.
      """)

  @Argument(help: "Two or more runs: folders or stored names.")
  var runs: [String]

  @Option(help: "scenes, emoji, or the folder that was evaluated on.")
  var data: String

  @Option(help: "A language's code or name, repeatable (default: all that every run has).")
  var lang: [String] = []

  @Option(help: "R@k or nDCG@k for any k, MRR, MAP, mean rank, …")
  var metric = "R@10"

  @Option(help: "all, 'with held-out words' or 'without held-out words'.")
  var subset = "all"

  @Option(help: "train, val or test.")
  var split: Split = .test

  @Option(
    name: .customLong("protocol"),
    help: "The beginning of a protocol's hash, where runs were measured under several.")
  var protocolHash: String?

  @OptionGroup var store: StoreOption

  @Flag(help: "Take runs that differ by their seed only together.")
  var poolSeeds = false

  @Flag(help: "Print the tests as JSON.")
  var json = false

  func validate() throws {
    if runs.count < 2 { throw ValidationError("compare takes two or more runs") }
  }

  func run() throws {
    let metric = try chosenMetric()
    let place = try store.existing(for: runs)
    let store = try RunLookup.existingStore(place.path)
    let names = try runs.map { try RunLookup.storedName($0, in: store) }
    let selection = CompareSelection(
      dataset: URL(fileURLWithPath: data).standardizedFileURL.lastPathComponent,
      split: split.rawValue, subset: subset, protocolHash: protocolHash, data: data,
      given: Dictionary(zip(names, runs)) { one, _ in one }, place: place)
    let evaluations = try CompareEvaluations(
      selection,
      entries: poolSeeds
        ? try CompareEntry.pooled(names, in: store) : CompareEntry.single(names),
      languages: lang.contains("all") ? [] : lang, in: store)
    guard evaluations.entries.count > 1 else {
      throw ValidationError("these runs differ by their seed only: there is nothing to compare")
    }
    let tests = CompareTests(evaluations, metric)
    let rows = try tests.rows()
    print(json ? try JSONText.encode(rows) : try text(rows, tests))
  }

  private func chosenMetric() throws(CompareFailure) -> Metric {
    // A median of differences is no difference of medians.
    if let found = Metric.named(metric), found.aggregation == .mean { return found }
    let names = Metric.standard.filter { $0.aggregation == .mean }.map(\.name)
    throw .unknownMetric(
      given: metric, nearest: Spelling.nearest(to: metric, among: names), known: names)
  }

  private func text(_ rows: [CompareRow], _ tests: CompareTests) throws -> String {
    let (evaluations, metric) = (tests.evaluations, tests.metric)
    let measured = evaluations.measured
    let places = metric.isRate ? 1 : 2
    func figure(_ value: Double) -> String { String(format: "%.\(places)f", value) }
    func signed(_ value: Double) -> String { String(format: "%+.\(places)f", value) }
    var blocks = [
      "\(metric.name) on \(measured.dataset), \(measured.split), \(measured.subset); protocol "
        + measured.hash.prefix(12)
    ]
    blocks.append(try CompareSummary(tests, rows).text)
    for second in evaluations.labels.dropFirst() {
      var table = [
        ["language", "direction", "n", "first", "second", "chance"]
          + ["difference", "p", "p Holm"]
      ]
      for row in rows where row.second == second {
        let p = row.pHolm ?? row.p
        table.append([
          row.language, row.direction, "\(row.n)",
          figure(row.firstValue) + (row.firstCoversChance == true ? ChanceText.mark : "")
            + (row.firstSpread.map { " sd " + figure($0) } ?? ""),
          figure(row.secondValue) + (row.secondCoversChance == true ? ChanceText.mark : "")
            + (row.secondSpread.map { " sd " + figure($0) } ?? ""),
          ChanceText.figure(row.chance),
          "\(signed(row.difference)) [\(signed(row.low)), \(signed(row.high))]",
          String(format: "%.4f", row.p), String(format: "%.4f", p) + (p < 0.05 ? " *" : "  "),
        ])
      }
      blocks.append(
        "first: \(evaluations.labels[0])\nsecond: \(second)\n" + TextTable(table, leading: 2).text)
    }
    blocks.append(
      (metric.isRate ? "Percent" : "Places")
        + " [95 % interval of the difference]; * p < 0.05 after Holm's correction."
        + (evaluations.entries[0].runs.count > 1
          ? "\nMeans over seeds, n queries each; sd: standard deviation over seeds." : ""))
    if let languages = rows.first(where: { $0.language == CompareRow.mean })?.languages {
      blocks[blocks.count - 1] +=
        "\nmean: over \(languages.joined(separator: " ")), which no run was aligned on."
    }
    return blocks.joined(separator: "\n\n")
  }
}
