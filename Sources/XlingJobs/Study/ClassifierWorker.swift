import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRuns
import XlingStudies

/// What a classifier is made of, in the study's folder.
struct ClassifierGround {
  /// The aligned run's folder.
  let run: String
  /// Of the classifier that it starts from; nil: of none.
  let start: String?
}

/// Does one cell of a study of classifiers: trains it, or goes on with it, and measures it.
struct ClassifierWorker {
  let setup: StudySetup
  let classes: ClassifierSetup
  let place: StudyPlace
  let command: RunCommand?
  let observe: (FinetuneJob.Event) -> Void

  /// Throws what training and measuring throw, but for divergence, which is a result.
  func work(
    _ cell: StudyCell, _ classifier: CellClassifier, rate: String?, on ground: ClassifierGround
  ) throws -> StudyWorker.Outcome {
    let folder = FinetuneFolder(place.run(try setup.plan.run(cell, rate: rate)))
    let work = try self.work(classifier, seed: cell.seed, ground, folder.path)
    guard classifier.method != nil else {
      let measuring = try FinetuneMeasuring(work, nil)
      return StudyWorker.Outcome(
        state: .done, result: zeroShot(work, ground),
        measured: CellMeasurements(accuracies: try scores(measuring)))
    }
    let lock = try FileLock(folder: folder.path)
    defer { lock.release() }
    RunFolder(folder.path).removePartials()
    do {
      let (record, trained) = try work.train(in: folder)
      observe(.trained)
      var outcome = StudyWorker.Outcome(
        state: .done, result: try result(record, work, folder))
      if cell.kind == .attempt {
        outcome.result?.value = try onVal(work, trained)
      } else {
        let measuring = try FinetuneMeasuring(work, trained, zeroShot: false)
        outcome.measured.accuracies = try scores(measuring)
      }
      if let damaged = work.damage.warning { observe(.warning(damaged)) }
      return outcome
    } catch let failure as AlignmentFailure {
      guard case .diverged(let step, _, _, _, _) = failure else { throw failure }
      var result = try result(try folder.record(), work, folder)
      result.steps = step
      return StudyWorker.Outcome(state: .diverged, result: result, words: "\(failure)")
    }
  }

  private func work(
    _ classifier: CellClassifier, seed: UInt64, _ ground: ClassifierGround, _ folder: String
  ) throws -> FinetuneWork {
    var settings = classifier.settings
    settings.checkpointEvery =
      setup.design.checkpointEvery ?? settings.steps.map { max(25, $0 / 4) }
    // What trains nothing is measured alone, whatever method stands there.
    let card = try classifier.method ?? MethodCards.named("linear-probe")
    var options = classes.options(run: ground.run, card, settings)
    (options.with, options.startFrom) = (classifier.with, ground.start)
    (options.shots, options.shotsSeed) = (classifier.shots, seed)
    options.output = folder
    options.featuresBeside = place.results
    options.resumeCommand = command.map { ShellWords.command($0.words) }
    let runHash = try FinetunedModel.hash(ofRun: ground.run)
    return try FinetuneWork(
      options: options,
      method: try FinetuneMethod(card, with: options.with, head: options.head),
      data: try FinetuneData(options, read: classes.training),
      run: try LoadedRun(folder: ground.run), runHash: runHash,
      start: try options.startFrom.map { try FinetuneStart($0, run: ground.run, runHash: runHash) },
      observe: observe)
  }

  private func result(
    _ record: FinetuneRecord, _ work: FinetuneWork, _ folder: FinetuneFolder
  ) throws -> CellResult {
    CellResult(
      rate: record.identity.configuration.training.peakRate, steps: record.steps,
      seconds: record.seconds, peakMB: nil, trained: record.trainedParameters,
      parameters: record.allParameters, pairs: record.pictures, aligned: work.language,
      checkpoint: record.isFinished ? Digest.of(try AtomicFile.read(folder.weights)) : "",
      blasCore: record.kernelsText, run: "runs/" + PathParts.name(of: folder.path))
  }

  /// Nothing is trained: the aligned run is what was measured.
  private func zeroShot(_ work: FinetuneWork, _ ground: ClassifierGround) -> CellResult {
    let parameters = work.plain(work.run).parameters.reduce(0) { $0 + $1.parameter.count }
    return CellResult(
      rate: 0, steps: 0, seconds: 0, peakMB: nil, trained: 0, parameters: parameters, pairs: 0,
      aligned: work.language, checkpoint: work.runHash,
      blasCore: work.run.model.precision.kernels, run: "runs/" + PathParts.name(of: ground.run))
  }

  // MARK: - Measuring

  private func scores(_ measuring: FinetuneMeasuring) throws -> [ClassScore] {
    try zip(classes.tests, classes.pictures).flatMap { test, pictures in
      try measuring.measurements(pictures).flatMap { measured in
        setup.design.measure.metrics.map { metric in
          ClassScore(
            test: test, metric: metric, classes: measured.classes,
            hits: measured.hits(metric))
        }
      }
    }
  }

  /// By what a rate is chosen.
  private func onVal(_ work: FinetuneWork, _ trained: PictureClassifier) throws -> Double {
    guard let val = classes.val else { return 0 }
    let measured = try ClassMeasurement(
      trained, on: val, rows: Array(work.data.all.classes.indices), part: .seen, phase: .after,
      leftOut: [], input: work.input, damage: work.damage)
    let hits = measured.hits(setup.design.rates?.metric ?? "")
    return hits.reduce(0, +) / Double(max(1, hits.count))
  }
}

extension FinetuneWork {
  /// That the run was aligned on.
  fileprivate var language: String { run.record.identity.configuration.language }
}

extension ClassMeasurement {
  /// Of each picture, 1 where its class is among the first of `top-1` or `top-5`; ties count against.
  fileprivate func hits(_ metric: String) -> [Double] {
    let first = metric.split(separator: "-").last.flatMap { Int32($0) } ?? 1
    return zip(above, tied).map { $0 + $1 < first ? 1 : 0 }
  }
}
