import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRetrieval
import XlingRuns
import XlingStudies

/// Does one cell: trains its run, or goes on with it, measures it, and tells what came of it.
struct StudyWorker {
  let setup: StudySetup
  let place: StudyPlace
  let results: ExperimentStore
  let trunks: StudyTrunks
  let command: RunCommand?
  let observe: (StudyJob.CellEvent) -> Void

  struct Outcome {
    var state: CellState
    var result: CellResult?
    var measured = CellMeasurements()
    var words: String?
  }

  /// `ground`: what a classifier is made of. Throws what training and measuring throw, but for divergence, which is a
  /// result.
  func work(_ cell: StudyCell, rate: String?, on ground: ClassifierGround?) throws -> Outcome {
    PeakMemory.reset()
    var outcome = try done(cell, rate, ground)
    outcome.result?.peakMB = PeakMemory.megabytes()
    return outcome
  }

  private func done(
    _ cell: StudyCell, _ rate: String?, _ ground: ClassifierGround?
  ) throws -> Outcome {
    if let tower = setup.plan.tower(cell), cell.kind == .tower {
      let making = TowerMaking(tower: tower, folder: place.tower(cell.hash))
      return Outcome(state: .done, result: try making.make())
    }
    if let classes = setup.classes, let ground,
      let classifier = try setup.plan.classifier(cell, rate: rate)
    {
      let worker = ClassifierWorker(
        setup: setup, classes: classes, place: place, command: command,
        observe: { observe(.finetune($0)) })
      return try worker.work(cell, classifier, rate: rate, on: ground)
    }
    return try run(cell, rate)
  }

  private func run(_ cell: StudyCell, _ rate: String?) throws -> Outcome {
    let folder = place.run(try setup.plan.run(cell, rate: rate))
    do {
      let aligned = try align(cell, rate, folder)
      var outcome = Outcome(
        state: .done, result: try result(aligned, folder, steps: aligned.steps, aligned.seconds))
      if cell.kind == .aligned { return outcome }
      let measured = try measure(cell, folder)
      if cell.kind == .cell {
        outcome.measured = measured
      } else {
        let scores = measured.scores
        outcome.result?.value = scores.reduce(0) { $0 + $1.value } / Double(max(1, scores.count))
      }
      return outcome
    } catch let failure as AlignmentFailure {
      guard case .diverged(let step, _, _, _, _) = failure else { throw failure }
      return Outcome(
        state: .diverged, result: try result(nil, folder, steps: step, 0), words: "\(failure)")
    }
  }

  private func align(
    _ cell: StudyCell, _ rate: String?, _ folder: String
  ) throws -> AlignResult {
    let training = try setup.plan.training(cell, rate: rate)
    var settings = training.settings
    settings.checkpointEvery =
      setup.design.checkpointEvery ?? settings.steps.map { max(25, $0 / 4) }
    var options = AlignJob.Options(training.recipe, settings, data: setup.data)
    options.textTower = setup.textTower(training.textTower, in: place)
    options.imageTower = training.imageTower
    (options.output, options.resumes, options.command) = (folder, true, command)
    options.trunks = TrunkWish(shared: trunks.shared(by: cell))
    options.resumeCommand = command.map { ShellWords.command($0.words) }
    return try AlignJob(options).run(
      on: setup.dataset, storing: { _ in results }, observe: { observe(.align($0)) })
  }

  private func result(
    _ aligned: AlignResult?, _ folder: String, steps: Int, _ seconds: Double
  ) throws -> CellResult {
    let record = try RunFolder(folder).record()
    let configuration = record.identity.configuration
    let shown = Set(configuration.fewShot.parts.map(\.language)).sorted()
    return CellResult(
      rate: configuration.peakRate, steps: steps,
      seconds: aligned == nil ? record.seconds : seconds,
      peakMB: nil, trained: record.trainedParameters, parameters: record.allParameters,
      pairs: record.trainingPairs, aligned: configuration.language,
      fewShot: shown.isEmpty ? nil : shown.joined(separator: " "),
      checkpoint: aligned?.checkpoint ?? "", blasCore: record.kernelsText,
      run: "runs/" + PathParts.name(of: folder))
  }

  /// A cell in its languages on its split; a try on val, by what its rate is chosen by.
  private func measure(_ cell: StudyCell, _ folder: String) throws -> CellMeasurements {
    let design = setup.design
    let isTry = cell.kind == .attempt
    let split = isTry ? Split.val : Split(rawValue: design.measure.split) ?? .test
    let languages = isTry ? setup.plan.inputs.choiceLanguages : setup.plan.inputs.languages
    var options = EvaluateJob.Options(
      EvaluationSubject(run: folder, data: setup.measured, languages: languages, split: split))
    let names = isTry ? Self.choiceMetrics(design) : design.measure.metrics
    options.metrics = names.compactMap(Metric.named)
    options.captionsPerPicture = design.measure.captions
    options.keepsEmbeddings = false
    if !isTry {
      options.translationsBeside = setup.translations.map { ($0.language, $0.path) }
    }
    let found = try EvaluateJob(options).run(on: setup.measuredDataset, in: results) { event in
      observe(.evaluate(event))
    }
    let stored = try results.evaluations(of: found.run)
    func scores(_ languages: [String], _ protocols: Set<String>) throws -> [CellScore] {
      let places = Dictionary(languages.enumerated().map { ($1, $0) }) { first, _ in first }
      return try stored.filter {
        protocols.contains($0.measured.hash) && languages.contains($0.language)
      }.sorted {
        (places[$0.language] ?? 0, $0.direction.rawValue) < (
          places[$1.language] ?? 0, $1.direction.rawValue
        )
      }.flatMap { evaluation in
        try options.metrics.map { try Self.score(evaluation, $0, pictures: found.pictures) }
      }
    }
    let whole = found.languages.filter { $0.subset == "all" }.map(\.protocol)
    return CellMeasurements(
      scores: try scores(languages, Set(whole)),
      translated: try found.translatedBeside.flatMap {
        try scores([$0.language], Set([$0.protocol].compactMap { $0 }))
      }, centroids: found.centroids)
  }

  private static func choiceMetrics(_ design: StudyDesign) -> [String] {
    let metric = design.rates?.metric ?? ""
    return metric == StudyDesign.RateChoice.meanRecall ? ["R@1", "R@5", "R@10"] : [metric]
  }

  private static func score(
    _ evaluation: Evaluation, _ metric: Metric, pictures: Int
  ) throws -> CellScore {
    let values = try metric.values(evaluation.ranking)
    var sums = [Double](repeating: 0, count: pictures)
    var counts = sums
    for (value, picture) in zip(values, evaluation.pictures)
    where sums.indices.contains(Int(picture)) {
      sums[Int(picture)] += value
      counts[Int(picture)] += 1
    }
    return CellScore(
      language: evaluation.language, direction: evaluation.direction.words, metric: metric.name,
      value: values.reduce(0, +) / Double(max(1, values.count)), n: values.count,
      chance: metric.chance(evaluation.ranking), sums: sums, counts: counts)
  }
}

/// The most memory that this process held since it was last asked to count anew (proc(5)).
enum PeakMemory {
  static func reset() {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
    try? file.write(contentsOf: Data("5".utf8))
    try? file.close()
  }

  static func megabytes() -> Double? {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
      return nil
    }
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let number = line?.split(separator: " ").compactMap { Double($0) }.first
    return number.map { ($0 / 1_024).rounded() }
  }
}
