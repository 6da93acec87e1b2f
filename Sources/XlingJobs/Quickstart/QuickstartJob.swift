import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRuns

/// The way from nothing to results: data, alignment by every method, evaluation in every language, report.
/// What is there already is not done again.
public struct QuickstartJob {
  public struct Options {
    public var plan: QuickstartPlan
    /// The folder of the runs.
    public var output: String
    /// The scenes dataset; built there when missing.
    public var data: String
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

  let options: Options

  public init(_ options: Options) { self.options = options }

  /// Throws what building the data, ``AlignJob`` and evaluating throw.
  public func run(
    in store: @autoclosure () throws -> ExperimentStore, _ observe: @escaping (Event) -> Void
  ) throws -> QuickstartReport {
    let began = ProgressBar.uptime()
    let towers = try TowerPair()
    let summary = try DatasetBuilder.scenes(into: options.data, counts: options.plan.scenes)
    let dataset = try Dataset.load(options.data)
    try AtomicFile.createFolder(options.output)
    let store = try store()
    let results = try QuickstartPlan.methods.map { method in
      QuickstartResult(
        method,
        of: try options.seeds.map { seed in
          let folder = try align(method, seed, towers, dataset, store, observe)
          return try evaluate(method, seed, folder, dataset, store, observe)
        })
    }
    return try QuickstartFigures(
      options, dataset, summary, results, curves: try results.map { try curve($0, store) }
    ).report(seconds: ProgressBar.uptime() - began)
  }

  /// The run's folder is named after everything that decides its bits: what is there and finished
  /// is taken, what is there and unfinished goes on.
  private func align(
    _ method: String, _ seed: UInt64, _ towers: TowerPair, _ dataset: Dataset,
    _ store: ExperimentStore, _ observe: @escaping (Event) -> Void
  ) throws -> String {
    let card = try MethodCards.named(method)
    var settings = card.training
    (settings.steps, settings.seed) = (options.plan.steps, seed)
    settings.checkpointEvery = max(25, options.plan.steps / 4)
    var align = AlignJob.Options(card.recipe, settings, data: options.data)
    (align.resumes, align.command) = (true, options.command)
    align.resumeCommand = options.command.map { ShellWords.command($0.words) }
    let identity = try AlignJob(align, towers: towers).identity(on: dataset)
    align.output = try folder(of: identity, method, dataset)
    return try AlignJob(align, towers: towers).run(
      on: dataset, storing: { _ in store },
      observe: { observe(.align(method: method, seed: shown(seed), $0)) }
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
    // One caption a picture, so that every language answers the same number of questions.
    let evaluator = try Evaluator(
      run.model, tokenizer: run.tokenizer, dataset: dataset,
      plan: EvaluationPlan(split: options.split, captionsPerPicture: 1))
    let stored = try store.evaluations(of: run.name, under: evaluator.measured())
    let languages = options.plan.languages
    func measure(_ language: String) throws -> LanguageResult {
      if let result = try evaluator.result(language, from: stored) { return result }
      let result = try evaluator.evaluate(language)
      try store.save(try evaluator.evaluations(of: result, run: run.name, at: Date()))
      return result
    }
    let results = try EachLanguage.map(
      languages, of: run.name,
      kept: { "evaluated \($0) of \(languages.count) languages of \(method)" },
      observe: { observe(.evaluate(method: method, seed: shown(seed), $0)) }, work: measure)
    return QuickstartResult.Seed(
      record: run.record, run: run.name, evaluator: evaluator, languages: results)
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
