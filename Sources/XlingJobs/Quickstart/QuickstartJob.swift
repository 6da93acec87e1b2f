import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRetrieval
import XlingRuns
import XlingTensor

/// The way from nothing to results: data, alignment by every method, evaluation in every language, report.
/// What is there already is not done again.
public struct QuickstartJob {
  public struct Options {
    public var plan: QuickstartPlan
    /// The folder of the runs.
    public var output: String
    /// The dataset; built there when missing.
    public var data: String
    /// Folders; the shipped towers where none are given.
    public var textTower: String?
    public var imageTower: String?
    /// Of Tux Paint's stamps; nil looks where Debian has them.
    public var stamps: String?
    public var precision: Precision.Choice?
    public var seeds: [UInt64] = [1]
    public var split = Split.test
    /// How the runs were begun, for whoever goes on with them.
    public var command: RunCommand?

    public init(_ plan: QuickstartPlan) {
      self.plan = plan
      (output, data) = (plan.folder, plan.data)
    }
  }

  public enum Event {
    /// What a method's alignment says; the seed where there are several.
    case align(method: String, seed: UInt64?, AlignJob.Event)
    case evaluate(method: String, seed: UInt64?, LanguageStep)
  }

  private var options: Options

  public init(_ options: Options) { self.options = options }

  /// Throws what building the data, ``AlignJob`` and evaluating throw.
  public func run(
    in store: @autoclosure () throws -> ExperimentStore, _ observe: @escaping (Event) -> Void
  ) throws -> QuickstartReport {
    let began = ProgressBar.uptime()
    let towers = try TowerPair(text: options.textTower, image: options.imageTower)
    let summary = try build()
    let dataset = try Dataset.load(options.data)
    var job = self
    if options.plan.kind == .real {
      job.options.plan.short = QuickstartPlan.headline.filter(dataset.languages.contains)
      job.options.plan.further = further(in: dataset)
    }
    return try job.run(towers, dataset, summary, try store(), began, observe)
  }

  private func run(
    _ towers: TowerPair, _ dataset: Dataset, _ summary: DatasetSummary, _ store: ExperimentStore,
    _ began: Double, _ observe: @escaping (Event) -> Void
  ) throws -> QuickstartReport {
    try AtomicFile.createFolder(options.output)
    let results = try options.plan.methods.map { method in
      QuickstartResult(
        method.name,
        of: try options.seeds.map { seed in
          let folder = try align(method, seed, towers, dataset, store, observe)
          return try evaluate(method.name, seed, folder, dataset, store, observe)
        })
    }
    return try QuickstartFigures(
      options, dataset, summary, results, curves: try results.map { try curve($0, store) }
    ).report(seconds: ProgressBar.uptime() - began)
  }

  private func build() throws -> DatasetSummary {
    switch options.plan.kind {
    case .usual, .thorough, .small:
      try DatasetBuilder.scenes(into: options.data, counts: options.plan.scenes)
    case .real:
      try DatasetBuilder.stamps(
        into: options.data, source: try options.stamps.map { try StampFolder(path: $0) })
    }
  }

  /// Languages besides those of the short table that caption enough test pictures for an interval.
  private func further(in dataset: Dataset) -> [String] {
    dataset.languages.filter { code in
      !QuickstartPlan.headline.contains(code) && code != "en"
        && dataset.coverage(code, options.split).n >= Clusters.fewest
    }
  }

  /// The run's folder is named after everything that decides its bits: what is there and finished
  /// is taken, what is there and unfinished goes on.
  private func align(
    _ method: QuickstartPlan.Method, _ seed: UInt64, _ towers: TowerPair, _ dataset: Dataset,
    _ store: ExperimentStore, _ observe: @escaping (Event) -> Void
  ) throws -> String {
    var (recipe, settings) = try method.recipe(
      options.plan, pictures: dataset.coverage("en", .train).n)
    settings.seed = seed
    settings.precision = options.precision ?? settings.precision
    var align = AlignJob.Options(recipe, settings, data: options.data)
    (align.resumes, align.command) = (true, options.command)
    align.resumeCommand = options.command.map { ShellWords.command($0.words) }
    let identity = try AlignJob(align, towers: towers).identity(on: dataset)
    align.output = try folder(of: identity, method.name, dataset)
    return try AlignJob(align, towers: towers).run(
      on: dataset, storing: { _ in store },
      observe: { observe(.align(method: method.name, seed: shown(seed), $0)) }
    ).run
  }

  /// An earlier version named the data, and so the folder, by another hash: its runs are taken as they are.
  private func folder(
    of identity: RunIdentity, _ method: String, _ dataset: Dataset
  ) throws -> String {
    var former = identity
    former.dataHash = dataset.formerHash()
    let (today, earlier) = try (Self.key(identity), Self.key(former))
    let folders = [today, earlier].map { "\(options.output)/\(method)-\($0)" }
    return folders.first { RunFolder($0).exists } ?? folders[0]
  }

  private static func key(_ identity: RunIdentity) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let content = [
      identity.text.weightsHash, identity.image.weightsHash, identity.tokenizerHash,
      identity.dataHash,
      String(decoding: try encoder.encode(identity.configuration), as: UTF8.self),
    ]
    return String(Digest.of(content.joined(separator: "\n")).prefix(10))
  }

  /// Which seed an event is about, where there are several.
  private func shown(_ seed: UInt64) -> UInt64? { options.seeds.count > 1 ? seed : nil }

  /// What was measured before stays; only what is missing is measured.
  private func evaluate(
    _ method: String, _ seed: UInt64, _ folder: String, _ dataset: Dataset,
    _ store: ExperimentStore, _ observe: (Event) -> Void
  ) throws -> QuickstartResult.Seed {
    let run = try LoadedRun(folder: folder)
    // One caption a picture, so that every language answers the same number of questions. Ranks are stored:
    // captions are asked once, pictures by every further language.
    let evaluator = try Evaluator(
      run.model, tokenizer: run.tokenizer, dataset: dataset, plan: plan(of: run),
      cache: run.cache(beside: store.path), keepsCaptions: false,
      frozen: run.frozenFeatures(beside: store.path))
    let stored = try store.evaluations(of: run.name, under: evaluator.measured())
    let languages = options.plan.languages
    // What the evaluator keeps is touched by `ahead` alone, one language at a time.
    nonisolated(unsafe) let ranker = evaluator
    let results = try EachLanguage.map(
      languages, of: run.name,
      kept: { "evaluated \($0) of \(languages.count) languages of \(method)" },
      observe: { observe(.evaluate(method: method, seed: shown(seed), $0)) },
      ahead: { language in
        if let result = try ranker.result(language, from: stored) { return (result, true) }
        return (try ranker.evaluate(language), false)
      },
      work: { _, found in
        let (result, isStored) = found
        if !isStored {
          try store.save(try evaluator.evaluations(of: result, run: run.name, at: Date()))
        }
        return result
      })
    return QuickstartResult.Seed(
      record: run.record, run: run.name, evaluator: evaluator, languages: results)
  }

  private func plan(of run: LoadedRun) -> EvaluationPlan {
    guard options.plan.kind == .real else {
      return EvaluationPlan(split: options.split, captionsPerPicture: 1)
    }
    return EvaluationPlan(of: run, split: options.split, captionsPerPicture: 1)
  }

  /// The stored curves of a method's first seed.
  private func curve(
    _ result: QuickstartResult, _ store: ExperimentStore
  ) throws -> QuickstartReport.Curve {
    QuickstartReport.Curve(
      method: result.method, training: try store.trainSteps(of: result.run),
      validation: try store.validations(of: result.run))
  }
}
