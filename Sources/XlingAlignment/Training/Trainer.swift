import Foundation
import XlingCore
import XlingTensor
import XlingTowers

/// What an observer hears after every update.
public struct TrainingProgress: Sendable {
  /// Updates made, of `steps`.
  public let step: Int
  public let steps: Int
  public let loss: Float
  public let rate: Double
  public let temperature: Float
  /// Of training, earlier sessions included.
  public let seconds: Double
  /// When this step was validated.
  public let validation: ValidationPoint?
}

/// Aligns two towers on pairs, with checkpoints from which a run goes on to the same bits.
public final class Trainer {
  public let model: DualEncoder
  public let configuration: AlignmentConfiguration
  /// Off, frozen towers run for every batch: same bits, slower; for tests.
  public var cachesFrozenFeatures = true
  /// Asked before every step: true writes a checkpoint and stops.
  public var shouldStop: () -> Bool = { Interruption.requested }
  /// Hears how many of so many pairs are validated.
  public var validating: (_ done: Int, _ of: Int) -> Void = { _, _ in }
  /// The command that goes on after an interruption, for its message.
  public var resumeCommand = "the same command with --resume"

  let run: RunFolder
  let identity: RunIdentity
  let optimizer: any Optimizer
  private let training: any PairSource
  private let validation: Validation?
  private let workspace = Workspace()
  private(set) var seconds = 0.0
  /// Of the last update.
  private(set) var loss: Float?
  private(set) var lastValidation: ValidationPoint?
  private(set) var stopping = EarlyStopping()
  /// Whether the last update is still to be validated: the validation was interrupted.
  private(set) var isValidationDue = false
  /// Of the first update: what a later loss is called exploded against.
  private(set) var firstLoss: Float?
  private let schedule: RunSchedule
  /// Which side's rate each of the optimizer's parameters has.
  private let sides: [KeyPath<RunSchedule.Rates, Double>]

  /// `model` as built from `identity`'s towers by the configuration's recipe and seed. Throws
  /// ``AlignmentFailure/configuration(reason:)``.
  public init(
    _ model: DualEncoder, identity: RunIdentity, training: any PairSource,
    validation: (any PairSource)?, run: RunFolder
  ) throws {
    self.model = model
    self.identity = identity
    configuration = identity.configuration
    self.training = training
    self.run = run
    try configuration.check(pairs: training.count)
    self.validation = Validation(validation, model, configuration)
    optimizer = configuration.optimizer.make(model.trainedParameters.map(\.parameter))
    schedule = configuration.schedule(pairs: training.count)
    sides = model.trainedParameters.map { _, parameter in
      switch parameter.role.side {
      case .text: \.text
      case .image: \.image
      case nil: \.shared
      }
    }
    for tower in [model.text as any Tower, model.image] {
      tower.encoder.recomputesActivations = configuration.recomputesActivations
    }
  }

  /// The record of a finished run of the same identity, its weights checked; nil where there is something
  /// to train. Throws ``AlignmentFailure`` where what is there is another run, `FileFailure`.
  public func finishedRecord() throws -> RunRecord? {
    guard run.exists else { return nil }
    let record = try run.record()
    try check(record)
    guard record.isFinished else { return nil }
    _ = try run.modelFile(record, allowUnfinished: false)
    return record
  }

  /// Trains to the last step, or goes on from the last checkpoint; a finished run is left as it is. `began`
  /// is called once the run's folder is made, or found to be the one to go on with, before anything is
  /// trained. Throws ``AlignmentFailure``, `InterruptionFailure` after writing a checkpoint, and what files
  /// throw.
  @discardableResult
  public func train(
    resume: Bool = false, observer: (TrainingProgress) throws -> Void = { _ in },
    began: () throws -> Void = {}
  ) throws -> RunRecord {
    if resume, let finished = try finishedRecord() { return finished }
    var record = try begin(resume: resume)
    try began()
    // The line of a step whose validation is due was not written, or is written again.
    let logged = isValidationDue ? optimizer.steps - 1 : optimizer.steps
    let log = try TrainingLog(run.log, keepingUpTo: logged)
    var batches = TrainingBatches(
      model, training, configuration, cachesFrozenFeatures: cachesFrozenFeatures)
    let firstStep = optimizer.steps
    let (before, start) = (seconds, ProgressBar.uptime())
    func complete(_ done: Int) throws {
      guard log.isInPlace else { throw AlignmentFailure.folderGone(path: run.path) }
      isValidationDue = true
      let point = try validate(after: done)
      isValidationDue = false
      seconds = before + ProgressBar.uptime() - start
      let progress = TrainingProgress(
        step: done, steps: configuration.steps, loss: loss ?? .nan,
        rate: schedule.rates(done - 1).shared, temperature: model.temperature.value.pointee,
        seconds: seconds, validation: point)
      try log.append(progress)
      if done % configuration.checkpointEvery == 0 { log.sync() }
      try checkpoint(after: done)
      try observer(progress)
    }
    if isValidationDue { try complete(firstStep) }
    for step in firstStep..<max(firstStep, configuration.steps) {
      if stopping.isOver(patience: configuration.patience) { break }
      seconds = before + ProgressBar.uptime() - start
      try stopIfAsked(at: step)
      loss = try update(step, schedule.rates(step), &batches)
      try complete(step + 1)
    }
    guard log.isInPlace else { throw AlignmentFailure.folderGone(path: run.path) }
    record.note(self)
    record.finish(stepsHere: optimizer.steps - firstStep, secondsHere: seconds - before)
    try run.finish(record, model)
    return record
  }

  private func checkpoint(after done: Int) throws {
    let isOver = done == configuration.steps || stopping.isOver(patience: configuration.patience)
    if done % configuration.checkpointEvery == 0 || isOver { try saveCheckpoint() }
  }

  private func begin(resume: Bool) throws -> RunRecord {
    guard resume else {
      let record = RunRecord(identity, model, training: training)
      try run.create(record, configuration.recipe)
      return record
    }
    var record = try run.record()
    try check(record)
    if let contentHash = identity.contentHash {
      try run.renew(contentHash)
      record.identity.contentHash = contentHash
    }
    if let state = try run.restore(self) {
      (seconds, loss, lastValidation) = (state.seconds, state.loss, state.validation)
      (stopping, firstLoss) = (state.stopping, state.firstLoss)
      isValidationDue = state.isValidationDue ?? false
    }
    return record
  }

  /// Throws ``AlignmentFailure/notTheSameRun(path:fields:)``.
  private func check(_ record: RunRecord) throws {
    try record.identity.check(equals: identity, at: run.path)
    guard record.trainingPairs == training.count else {
      throw AlignmentFailure.notTheSameRun(path: run.path, fields: ["training pairs"])
    }
  }

  /// One update; returns the loss before it.
  private func update(
    _ step: Int, _ rates: RunSchedule.Rates, _ batches: inout TrainingBatches
  ) throws -> Float {
    workspace.reset()
    model.zeroGradients()
    model.dropout = configuration.dropout.map {
      TrainingDropout(policy: $0, seed: configuration.seed, step: step)
    }
    let size = batches.batchSize
    let loss = try model.forwardBackward(
      count: size, chunk: configuration.chunkSize ?? size, in: workspace
    ) { try batches.draw(step: step, rows: $0, in: workspace) }
    let norm = GradientNorm.of(optimizer.parameters)
    let first = firstLoss ?? loss
    // A loss ten times that of the first step, or of guessing, will not come back.
    let limit = 10 * max(first, log(Float(size)))
    guard loss.isFinite, norm.isFinite, loss <= limit else {
      throw AlignmentFailure.diverged(
        step: step + 1, loss: loss, gradientNorm: norm, rate: rates.shared,
        checkpoint: run.latestCheckpoint())
    }
    firstLoss = first
    if let limit = configuration.gradientClip {
      GradientNorm.clip(optimizer.parameters, norm: norm, to: limit)
    }
    optimizer.step(rates: sides.map { Float(rates[keyPath: $0]) })
    model.clampTemperature()
    return loss
  }

  private func validate(after done: Int) throws -> ValidationPoint? {
    let every = configuration.validateEvery
    guard let validation, done == configuration.steps || (every > 0 && done % every == 0) else {
      return nil
    }
    workspace.reset()
    let point = try validation.measure(model, step: done, in: workspace) { pairs, all in
      validating(pairs, all)
      // The validation is done anew on the resume: what was updated is kept.
      if pairs < all { try stopIfAsked(at: done) }
    }
    lastValidation = point
    // Without a patience the last checkpoint is the run's model.
    if stopping.note(point), configuration.patience != nil { try run.saveBest(model, point) }
    return point
  }

  private func stopIfAsked(at step: Int) throws {
    guard shouldStop() else { return }
    try saveCheckpoint()
    throw InterruptionFailure.interrupted(
      work: "aligned \(step) of \(configuration.steps) steps, saved in \(run.path)",
      resume: resumeCommand)
  }

  private func saveCheckpoint() throws { try run.save(self) }
}
