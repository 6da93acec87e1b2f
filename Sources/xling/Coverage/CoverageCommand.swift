import ArgumentParser
import Foundation
import XlingCore
import XlingCoverage
import XlingData
import XlingExperiments
import XlingJobs
import XlingReports
import XlingRuns
import XlingTokenizers

struct CoverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coverage",
    abstract: "What a tokenizer does to a language, from sentences alone.",
    discussion: """
      Measures tokenizers on texts, without any model. With --lang alone: the shipped tokenizers on \
      CLDR's names and the captions of stamps, and a sentence of judgement. --explain METRIC tells a \
      figure's formula and source. --forecast RUN tells what recall to expect of a language.
      """)

  @Option(
    name: .customLong("tokenizer"),
    help: ArgumentHelp(
      """
      A folder as Hugging Face lays it out, a vocab.txt, .model or tokenizer.json, or a run, whose \
      tokenizer is taken; repeatable (default: the shipped ones).
      """, valueName: "tokenizer"))
  var tokenizers: [String] = []

  @Option(
    name: .customLong("lang"), parsing: .singleValue,
    help: ArgumentHelp(
      "A language's code or name, repeatable, or several with commas between; or all.",
      valueName: "language"))
  var languages: [String] = []

  @OptionGroup var source: CoverageSourceOptions

  @Option(
    name: .customLong("metric"),
    help: "Show this metric, repeatable, or all (default: a few; --json has all).")
  var metrics: [String] = []

  @Option(
    help: ArgumentHelp("Tell a metric's formula and source, or all of them.", valueName: "metric"))
  var explain: String?

  @Option(
    help: "Tokens that stand around a text, for truncation (default: the tokenizer's).",
    transform: NumberRange.whole(0...16))
  var frame: Int?

  @Option(help: "csv, markdown or latex in place of a table for reading.")
  var format: CoverageFormat?

  @OptionGroup var more: CoverageMoreOptions

  @OptionGroup var arguments: TokenizerArguments

  @OptionGroup(title: "Forecast")
  var forecast: ForecastOptions

  @OptionGroup var store: StoreOption

  @OptionGroup var guess: GuessOption

  @OptionGroup var threads: ThreadsOption

  @OptionGroup var json: JSONOption

  func validate() throws {
    if json.isAsked, format != nil {
      throw ValidationError("--json and --format both say how to print: give one of them")
    }
    if forecast.forecast == nil, let name = forecast.given.first {
      throw ValidationError("\(name) belongs to --forecast, which is not given")
    }
    if forecast.forecast != nil {
      let others = GivenOptions.names([
        ("--tokenizer", !tokenizers.isEmpty), ("--metric", !metrics.isEmpty),
        ("--frame", frame != nil), ("--format", format != nil), ("--explain", explain != nil),
        ("--no-icu-words", more.leavesICUWords),
      ])
      if let name = others.first {
        throw ValidationError("\(name) has no use with --forecast: leave it out")
      }
    }
    if more.leavesICUWords, let name = metrics.first(where: { $0.contains("_icu") }) {
      throw ValidationError("--metric \(name) is of ICU's words, which --no-icu-words leaves out")
    }
    let words = DatasetLanguages.words(languages)
    if explain == nil, words.isEmpty, source.data == nil, source.texts.isEmpty {
      throw ValidationError("of what language? Name one, as in: xling coverage --lang tr")
    }
  }

  func run() throws {
    if let explain { return try tell(explain) }
    threads.apply()
    Interruption.watch()
    let words = DatasetLanguages.words(languages)
    if forecast.forecast != nil { return try tellForecast(words) }
    let shown = try shownMetrics()
    var options = CoverageJob.Options(
      try loaded(), source: try source.source(words), languages: words)
    options.frame = frame
    options.hasICUWords = !more.leavesICUWords
    options.asked = metrics.contains("all") || metrics.isEmpty ? [] : shown.map(\.name)
    options.perturbations = try more.perturbations()
    options.perturbationSeed = more.perturbSeed ?? 0
    let progress = LanguageProgress("coverage")
    let result = try CoverageJob(options).run { event in
      if case .step(let step) = event {
        progress.tell(.step(step))
      } else {
        for line in CoverageWords.warning(event) {
          ProgressBar.toStandardError("xling: \(TerminalText.visible(line))\n")
        }
      }
    }
    let table = CoverageTable(result, shown)
    if let format {
      print(format.text(table))
    } else {
      try json.print(result) { table.text(isJudged: metrics.isEmpty) }
    }
    if let page = more.report { try write(result, to: page) }
  }

  /// With the store that there is; none is made.
  private func write(_ result: CoverageResult, to page: String) throws {
    let place = try store.place()
    let columns = metrics.isEmpty ? CoverageReportJob.usual : try shownMetrics().map(\.name)
    let job = CoverageReportJob(
      result, metrics: try columns.map { try CoverageMetric.named($0) },
      store: place.exists ? try ExperimentStore(reading: place.path) : nil,
      data: source.data.map { source.files.source($0) })
    try AtomicFile.write(try job.report().html(), to: page)
    ProgressBar.toStandardError("xling: the page is \(TerminalText.visible(page))\n")
  }

  private func tellForecast(_ words: [String]) throws {
    let progress = LanguageProgress("forecast", texts: "sentences")
    let result = try forecast.run(
      try source.source(words), words, store, isStrict: guess.isStrict
    ) { event in
      if case .step(let step) = event { progress.tell(.step(step)) }
      if let line = event.words {
        ProgressBar.toStandardError("xling: \(TerminalText.visible(line))\n")
      }
    }
    try json.print(result) { ForecastText(result: result).text }
  }

  private func tell(_ name: String) throws {
    let found = name == "all" ? CoverageMetric.all : [try CoverageMetric.named(name)]
    print(found.map(\.text).joined(separator: "\n\n"))
  }

  private func shownMetrics() throws -> [CoverageMetric] {
    if metrics.contains("all") { return CoverageMetric.all }
    let names = metrics.isEmpty ? CoverageTable.usual : metrics
    return try names.map { try CoverageMetric.named($0) }
  }

  /// Paths, runs, or the shipped ones.
  private func loaded() throws -> [CoverageJob.NamedTokenizer] {
    if tokenizers.isEmpty {
      let folder = try Assets.path("tokenizers")
      // Beside them lies a file that tells of them.
      let names = try FolderNames.read(folder).filter {
        FileManager.default.fileExists(atPath: folder + "/" + $0 + "/definition.toml")
      }
      return try names.sorted().map {
        CoverageJob.NamedTokenizer($0, try arguments.load(folder + "/" + $0))
      }
    }
    return try tokenizers.map { name -> CoverageJob.NamedTokenizer in
      let isRun = RunFolder(name).exists || !FileManager.default.fileExists(atPath: name)
      guard isRun else { return CoverageJob.NamedTokenizer(name, try arguments.load(name)) }
      if let shipped = try? Assets.path("tokenizers/" + name), !RunFolder(name).exists {
        return CoverageJob.NamedTokenizer(name, try arguments.load(shipped))
      }
      let place = try store.place(for: [name])
      guard RunFolder(name).exists || place.exists else {
        // Neither a path nor a store to look in: the loader says what a tokenizer is.
        return CoverageJob.NamedTokenizer(name, try arguments.load(name))
      }
      let folder = try RunLookup.folder(name, store: place.path, strictly: guess.isStrict)
      return try CoverageJob.NamedTokenizer(ofRun: folder)
    }
  }
}

enum CoverageFormat: String, ExpressibleByArgument, CaseIterable {
  case csv, markdown, latex

  func text(_ table: CoverageTable) -> String {
    switch self {
    case .csv: table.csv
    case .markdown: table.table.markdown()
    case .latex: table.table.latex
    }
  }
}
