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
    sides = model.trainedParameters.map { name, _ in
      name.hasPrefix("text") ? \.text : name.hasPrefix("image") ? \.image : \.shared
    }
    for tower in [model.text as any Tower, model.image] {
      tower.encoder.recomputesActivations = configuration.recomputesActivations
    }
  }

  /// Trains to the last step, or goes on from the last checkpoint. `began` is called once the run's folder
  /// is made, or found to be the one to go on with, before anything is trained. Throws ``AlignmentFailure``,
  /// `InterruptionFailure` after writing a checkpoint, and what files throw.
  @discardableResult
  public func train(
    resume: Bool = false, observer: (TrainingProgress) throws -> Void = { _ in },
    began: () throws -> Void = {}
  ) throws -> RunRecord {
    var record = try begin(resume: resume)
    try began()
    if record.isFinished { return record }
    let log = try TrainingLog(run.log, keepingUpTo: optimizer.steps)
    var batches = TrainingBatches(
      model, training, configuration, cachesFrozenFeatures: cachesFrozenFeatures)
    let firstStep = optimizer.steps
    let (before, began) = (seconds, ProgressBar.uptime())
    for step in firstStep..<max(firstStep, configuration.steps) {
      if stopping.isOver(patience: configuration.patience) { break }
      seconds = before + ProgressBar.uptime() - began
      try stopIfAsked(at: step)
      let rates = schedule.rates(step)
      let loss = try update(step, rates, &batches)
      self.loss = loss
      let done = step + 1
      let point = try validate(after: done)
      seconds = before + ProgressBar.uptime() - began
      let progress = TrainingProgress(
        step: done, steps: configuration.steps, loss: loss, rate: rates.shared,
        temperature: model.temperature.value.pointee, seconds: seconds, validation: point)
      try log.append(progress)
      try checkpoint(after: done)
      try observer(progress)
    }
    guard FileManager.default.fileExists(atPath: run.log) else {
      throw AlignmentFailure.folderGone(path: run.path)
    }
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
    try record.identity.check(equals: identity, at: run.path)
    if let contentHash = identity.contentHash {
      try run.renew(contentHash)
      record.identity.contentHash = contentHash
    }
    guard record.trainingPairs == training.count else {
      throw AlignmentFailure.notTheSameRun(path: run.path, fields: ["training pairs"])
    }
    if record.isFinished { return record }
    if let state = try run.restore(self) {
      (seconds, loss, lastValidation) = (state.seconds, state.loss, state.validation)
      (stopping, firstLoss) = (state.stopping, state.firstLoss)
    }
    return record
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
    let point = try validation.measure(
      model, step: done, in: workspace, observer: validating)
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
      resume: "the same command with --resume")
  }

  private func saveCheckpoint() throws { try run.save(self) }
}
