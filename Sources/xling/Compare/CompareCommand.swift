import ArgumentParser
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingJobs
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

  @OptionGroup var split: SplitOption

  @Option(
    name: .customLong("protocol"),
    help: "The beginning of a protocol's hash, where runs were measured under several.")
  var protocolHash: String?

  @OptionGroup var store: StoreOption

  @Flag(help: "Take runs that differ by their seed only together.")
  var poolSeeds = false

  @OptionGroup var json: JSONOption

  func validate() throws {
    if runs.count < 2 { throw ValidationError("compare takes two or more runs") }
  }

  func run() throws {
    var options = CompareJob.Options(runs: runs, data: data)
    options.metric = try CompareJob.metric(named: metric)
    options.languages = lang
    options.split = split.split
    options.subset = subset
    options.protocolHash = protocolHash
    options.poolsSeeds = poolSeeds
    let place = try store.existing(for: runs)
    options.remedy = remedy(place)
    do {
      let result = try CompareJob(options).run(
        in: ExperimentStore(reading: place.path), { $0.tell() })
      try json.print(result.tests) { result.text }
    } catch CompareFailure.nothingToCompare {
      throw ValidationError(CompareFailure.nothingToCompare.description)
    }
  }

  /// The command that makes evaluations that are missing.
  private func remedy(
    _ place: StorePlace
  ) -> @Sendable (CompareSelection.Missing, String) -> String {
    let (data, split) = (data, split.split)
    return { missing, run in
      let languages = missing.languages.isEmpty ? ["all"] : missing.languages
      let words =
        ["xling", "eval", run, "--data", data]
        + (split == .test ? [] : ["--split", split.rawValue])
        + languages.flatMap { ["--lang", $0] } + (missing.measured.map(Self.options) ?? [])
        + place.words(for: run)
      return "Make it: " + ShellWords.command(words)
    }
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
}
