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
      xling compare                     all finished runs that share data and protocol, against full
      xling compare RUN RUN … --data DATA

      First a table of all runs by language, with the languages that each won, tied and lost against \
      the first; then the tests one by one. Reads the ranks that `xling eval` stored; nothing is embedded again. Differences are first \
      minus other, with paired bootstrap intervals over pictures and p values of a paired \
      randomization test, corrected by Holm over all languages and directions shown. With \
      --pool-seeds, runs that differ by nothing but their seed are one row: figures are means over the \
      seeds, with their standard deviation, and tests pair seed by seed.
      """)

  @Argument(
    help: """
      Two or more runs: folders, stored names, beginnings of either, latest (default: all finished runs \
      that were measured as the newest was).
      """)
  var runs: [String] = []

  @Option(
    help:
      "scenes, emoji, or the folder that was evaluated on (default: what the first was trained on)."
  )
  var data: String?

  @Option(
    name: .customLong("lang"), parsing: .singleValue,
    help:
      "A language's code or name, repeatable, or several with commas between (default: all that every run has)."
  )
  var lang: [String] = []

  @Option(help: "R@k or nDCG@k for any k, MRR, MAP, mean rank, …")
  var metric = "R@10"

  @Option(
    help: """
      all, 'with held-out words' or 'without held-out words'; behind it what eval says (all, translate-test).
      """)
  var subset = "all"

  @OptionGroup var split: SplitOption

  @Option(
    name: .customLong("protocol"),
    help: "The beginning of a protocol's hash, where runs were measured under several.")
  var protocolHash: String?

  @OptionGroup var store: StoreOption

  @OptionGroup var guess: GuessOption

  @Flag(help: "Take runs that differ by their seed only together.")
  var poolSeeds = false

  @OptionGroup var json: JSONOption

  func validate() throws {
    if runs.count == 1 {
      throw ValidationError("compare takes two or more runs, or none: then it finds them")
    }
    if runs.isEmpty, data != nil || protocolHash != nil || subset != "all" {
      throw ValidationError("--data, --protocol and --subset go with runs that are named")
    }
  }

  func run() throws {
    let metric = try CompareJob.metric(named: metric)
    let place = try place()
    let store = try ExperimentStore(reading: place.path)
    var options = try runs.isEmpty ? found(place, store) : named(store)
    guard !options.runs.isEmpty else { return }
    options.metric = metric
    options.languages = DatasetLanguages.words(lang)
    GivenLanguages.tell(options.languages)
    options.poolsSeeds = poolSeeds
    options.takesBeginnings = !guess.isStrict
    options.remedy = remedy(place, options.data)
    do {
      let result = try CompareJob(options).run(in: store, { $0.tell() })
      try json.print(result.tests) { result.text }
    } catch CompareFailure.nothingToCompare {
      throw ValidationError(CompareFailure.nothingToCompare.description)
    }
  }

  private func place() throws -> StorePlace {
    guard runs.isEmpty else { return try store.existing(for: runs) }
    try guess.allow("runs", example: "xling compare RUN RUN --data scenes")
    let place = try store.place()
    guard place.exists else { throw GuessFailure.noStore(path: place.path) }
    return place
  }

  private func named(_ store: ExperimentStore) throws -> CompareJob.Options {
    var options = CompareJob.Options(runs: runs, data: try data ?? ownData(store))
    options.split = split.split
    options.subset = subset
    options.protocolHash = protocolHash
    return options
  }

  /// What the first run was trained on.
  private func ownData(_ store: ExperimentStore) throws -> String {
    try guess.allow("the data", example: GivenCommand.adding(["--data", "scenes"]))
    let folder = try RunLookup.folder(runs[0], store: store.path)
    let name = try withDataChoices { try OwnData.source(ofRun: folder).name }
    ProgressBar.toStandardError("xling: measured on \(name), which \(runs[0]) was trained on\n")
    return name
  }

  /// All that can be compared; with a single run its table is printed, and how a second is made: then no
  /// runs are returned.
  private func found(_ place: StorePlace, _ store: ExperimentStore) throws -> CompareJob.Options {
    guard let found = try ComparableRuns(in: store) else {
      let isBegun = try store.runs().contains { $0.status == .finished }
      throw GuessFailure.nothingMeasured(
        store: place.path, choices: [isBegun ? "xling eval" : "xling align"])
    }
    let names = found.runs.map(\.name)
    var options = CompareJob.Options(runs: names, data: found.measured.dataset)
    options.split = Split(rawValue: found.measured.split) ?? .test
    options.protocolHash = found.measured.hash
    guard names.count == 1 else {
      ProgressBar.toStandardError(
        "xling: \(names.joined(separator: ", ")) on \(found.measured.dataset), "
          + "\(found.measured.split), protocol \(found.measured.hash.prefix(12))\n")
      return options
    }
    let result = try EvaluateJob.Result(stored: names[0], under: found.measured, in: store)
    try json.print(result.rows) {
      result.usualText()
        + "\n\none run; a second to compare it with: " + Self.second(found.runs[0])
    }
    options.runs = []
    return options
  }

  /// The commands that align and measure another method on the same data.
  private static func second(_ run: Run) -> String {
    let reference = QuickstartPlan.reference
    let method = run.key.method == reference ? "lwa" : reference
    let data = try? OwnData.source(ofRun: run.folder).name
    let words =
      ["xling", "align", method] + (data.map { $0 == "scenes" ? [] : ["--data", $0] } ?? [])
    return ShellWords.command(words) + " && xling eval"
  }

  /// The command that makes evaluations that are missing.
  private func remedy(
    _ place: StorePlace, _ data: String
  ) -> @Sendable (CompareSelection.Missing, String) -> String {
    let split = split.split
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
    if measured.subset.hasSuffix(TranslatedCaptions.label) {
      options += ["--translations", "FILE"]
    }
    options += measured.centred.flatMap { ["--centre", "\($0.language)=FILE"] }
    if measured.ties != usual.ties { options += ["--ties", measured.ties] }
    if measured.resamples != usual.resamples {
      options += ["--resamples", "\(measured.resamples)"]
    }
    if measured.seed != usual.seed { options += ["--seed", "\(measured.seed)"] }
    return options
  }
}
