import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRuns
import XlingTokenizers

/// The way from nothing to results: data, alignment by every method, evaluation in every language.
struct Quickstart {
  /// One method, aligned and evaluated with every seed.
  struct MethodResult {
    let method: String
    let records: [RunRecord]
    /// The stored name, and the evaluator, of the first seed.
    let run: String
    let evaluator: Evaluator
    /// By language, one a seed.
    let languages: [String: [LanguageResult]]
  }

  let output: String
  let seeds: [UInt64]
  let steps: Int
  let split: Split
  let dataset: Dataset
  let summary: DatasetSummary
  private let text: TowerSource
  private let image: TowerSource
  private let tokenizer: any Tokenizer
  private let store: ExperimentStore

  init(
    output: String, store path: String, data: String, steps: Int, seeds: [UInt64], split: Split
  ) throws {
    self.output = output
    self.steps = steps
    self.seeds = seeds
    self.split = split
    text = try TowerSource(folder: try Assets.path("towers/mini-text"))
    image = try TowerSource(folder: try Assets.path("towers/mini-image"))
    tokenizer = try TokenizerSource.load(text.folder)
    summary = try DatasetBuilder.scenes(into: data)
    dataset = try Dataset.load(data)
    try AtomicFile.createFolder(output)
    store = try ExperimentStore(path: path)
  }

  func run() throws -> [MethodResult] {
    let training = try DatasetPairs(
      dataset, split: .train, captions: CaptionReading(), tokenizer: tokenizer)
    let validation = try DatasetPairs(
      dataset, split: .val, captions: CaptionReading(), tokenizer: tokenizer)
    return try QuickstartPlan.methods.map { method in
      var records: [RunRecord] = []
      var first: (run: String, evaluator: Evaluator)?
      var languages: [String: [LanguageResult]] = [:]
      for seed in seeds {
        let folder = try align(method, seed, training, validation)
        let (record, evaluator, results) = try evaluate(method, seed, folder)
        records.append(record)
        first = first ?? (LoadedRun.name(of: folder), evaluator)
        for result in results { languages[result.language, default: []].append(result) }
      }
      guard let first else { preconditionFailure("there is at least one seed") }
      return MethodResult(
        method: method, records: records, run: first.run, evaluator: first.evaluator,
        languages: languages)
    }
  }

  /// The run's folder is named after everything that decides its bits: what is there and finished
  /// is taken, what is there and unfinished goes on.
  private func align(
    _ method: String, _ seed: UInt64, _ training: DatasetPairs, _ validation: DatasetPairs
  ) throws -> String {
    let configuration = try QuickstartPlan.configuration(method, steps: steps, seed: seed)
    var identity = RunIdentity(
      text: text, image: image, tokenizerHash: tokenizer.contentHash,
      dataHash: dataset.contentHash, configuration: configuration)
    var run = RunFolder("\(output)/\(method)-\(try Self.key(identity))")
    // An earlier version named the data, and so the folder, by another hash: its runs are taken as they are.
    var former = identity
    former.dataHash = dataset.formerHash()
    let earlier = RunFolder("\(output)/\(method)-\(try Self.key(former))")
    if !run.exists, earlier.exists {
      run = earlier
      identity.takeName(of: try earlier.record().identity, on: dataset)
    }
    let lock = try FileLock(folder: run.path)
    defer { lock.release() }
    run.removePartials()
    if run.exists, try run.record().isFinished { return run.path }
    let model = try DualEncoder(text: text, image: image, configuration: configuration)
    let trainer = try RunTraining(
      model, identity: identity, training: training, validation: validation, run: run)
    var bar = ProgressBar("align \(method)\(suffix(seed))", total: steps)
    try trainer.train(resume: run.exists) { progress in
      bar.advance(to: progress.step, String(format: "loss %.3f", progress.loss))
    }
    bar.finish()
    return run.path
  }

  private func storeCurves(of run: String, _ folder: String) throws {
    let steps = try RunFolder(folder).loggedSteps()
    try store.append(steps.map { TrainStep($0) }, to: run)
    try store.append(steps.compactMap(\.validation).map { ValidationStep($0) }, to: run)
  }

  /// The stored curves of a method's first seed, for the report.
  func curve(_ result: MethodResult) throws -> QuickstartReport.Curve {
    let run = result.run
    return QuickstartReport.Curve(
      method: result.method, training: try store.trainSteps(of: run),
      validation: try store.validations(of: run))
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

  /// Which seed a progress line is about, where there are several.
  private func suffix(_ seed: UInt64) -> String { seeds.count > 1 ? ", seed \(seed)" : "" }

  private func evaluate(
    _ method: String, _ seed: UInt64, _ folder: String
  ) throws -> (RunRecord, Evaluator, [LanguageResult]) {
    let run = try LoadedRun(folder: folder)
    try RunLookup.register(run, in: store)
    try storeCurves(of: run.name, folder)
    let evaluator = try Evaluator(
      run.model, tokenizer: run.tokenizer, dataset: dataset,
      plan: QuickstartPlan.evaluation(split: split))
    // What was measured before stays; only what is missing is measured.
    let stored = try store.evaluations(of: run.name, under: evaluator.measured())
    var results: [LanguageResult] = []
    var bar = ProgressBar(
      "evaluate \(method)\(suffix(seed))", total: QuickstartPlan.languages.count,
      unit: "languages")
    for (index, language) in QuickstartPlan.languages.enumerated() {
      try Interruption.check(
        "evaluated \(index) of \(QuickstartPlan.languages.count) languages of \(method)")
      if let result = try evaluator.result(language, from: stored) {
        results.append(result)
      } else {
        let result = try evaluator.evaluate(language)
        try store.save(
          try evaluator.evaluations(of: result, run: run.name, at: Date()))
        results.append(result)
      }
      bar.advance(to: index + 1, language)
    }
    bar.finish()
    return (run.record, evaluator, results)
  }
}
