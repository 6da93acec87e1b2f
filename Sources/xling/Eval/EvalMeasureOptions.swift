import ArgumentParser
import XlingCore
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRetrieval

extension ResultFormat: ExpressibleByArgument {}

extension TieBreaking: ExpressibleByArgument {
  /// For the note under a table.
  var words: String {
    switch self {
    case .pessimistic: "ties are counted against the system"
    case .optimistic: "ties are counted for the system"
    case .expected: "tied items are averaged over all their orders"
    }
  }
}

/// Which numbers, of runs and of embeddings alike.
struct EvalMeasureOptions: ParsableArguments {
  @Option(
    name: .customLong("metric"),
    help: "R@k, nDCG@k, MRR, MAP, median rank, …, repeatable (default: the usual ones).")
  var names: [String] = []

  @Option(
    name: .customLong("ties"),
    help:
      "Ties count against the system (pessimistic, the default), for it (optimistic), or on average."
  )
  var givenTies: TieBreaking?

  @Option(
    name: .customLong("resamples"), help: "Bootstrap resamples of the intervals (default: 1000).",
    transform: NumberRange.whole(100...1_000_000))
  var givenResamples: Int?

  @Option(
    name: .customLong("seed"), help: "Seed of the resamples (default: 0).",
    transform: NumberRange.seed)
  var givenSeed: UInt64?

  @Flag(help: "Print the results as JSON, one object a number.")
  var json = false

  @Option(help: "csv, markdown, latex, clip-benchmark or mteb in place of the table.")
  var format: ResultFormat?

  var ties: TieBreaking { givenTies ?? .pessimistic }
  var resamples: Int { givenResamples ?? 1_000 }
  var seed: UInt64 { givenSeed ?? 0 }

  /// Names of the options that were given.
  var given: [String] {
    GivenOptions.names([
      ("--metric", !names.isEmpty), ("--ties", givenTies != nil),
      ("--resamples", givenResamples != nil), ("--seed", givenSeed != nil), ("--json", json),
      ("--format", format != nil),
    ])
  }

  func validate() throws {
    if json, format != nil { throw ValidationError("--json and --format exclude one another") }
  }

  /// Throws `MetricFailure`.
  func metrics() throws(MetricFailure) -> [Metric] {
    guard !names.isEmpty else { return Metric.standard }
    return try names.map { name throws(MetricFailure) in try Metric.find(name) }
  }

  /// The same for given embeddings. Throws `MetricFailure`.
  func plan() throws(MetricFailure) -> EmbeddingPlan {
    EmbeddingPlan(metrics: try metrics(), ties: ties, resamples: resamples, seed: seed)
  }

  /// Prints the rows in the form asked for, else `table`.
  func print(_ rows: [ResultRow], table: () -> String) throws {
    if json {
      xling.print(try JSONText.encode(rows))
    } else if let format {
      xling.print(try format.text(rows))
    } else {
      xling.print(table())
    }
  }

  /// The columns of a run's table: three recalls where nothing else is wished.
  var tabled: [Metric] {
    names.isEmpty ? Self.usuallyTabled : names.compactMap(Metric.named)
  }

  static let usuallyTabled = [1, 5, 10].map { Metric.recall(at: $0) }
}
