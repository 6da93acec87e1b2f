import XlingAlignment
import XlingCore
import XlingData

/// A training whose run lies in a folder: its record, log and checkpoints, from which it goes on to the
/// same bits, and at the end what was trained.
public final class RunTraining {
  public let trainer: Trainer
  public let identity: RunIdentity
  public let folder: RunFolder
  /// The command that goes on after an interruption, for its message.
  public var resumeCommand = "the same command with --resume"
  /// Which pairs of other languages are mixed in, for the run's folder; nil: none.
  public var mixed: FewShotDraw.Record?
  /// Called where a run goes on with other arithmetic than it had: it will not have the bits of either.
  public var changed: (ArithmeticChange) -> Void = { _ in }

  public var model: DualEncoder { trainer.model }
  public var configuration: AlignmentConfiguration { trainer.configuration }

  /// `model` as built from `identity`'s towers by the configuration's recipe and seed; `frozen` as `Trainer`
  /// has it. Throws `AlignmentFailure.configuration`.
  public init(
    _ model: DualEncoder, identity: RunIdentity, training: any PairSource,
    validation: (any PairSource)?, run folder: RunFolder, frozen: FrozenFeatureStores? = nil
  ) throws {
    self.identity = identity
    self.folder = folder
    trainer = try Trainer(
      model, identity.configuration, training: training, validation: validation,
      frozen: frozen)
  }

  /// The record of a finished run of the same identity, its weights checked; nil where there is something
  /// to train. Throws ``RunFailure`` where what is there is another run, `FileFailure`.
  public func finishedRecord() throws -> RunRecord? {
    guard folder.exists else { return nil }
    let record = try folder.record()
    try check(record)
    guard record.isFinished else { return nil }
    _ = try folder.modelFile(record, allowUnfinished: false)
    return record
  }

  /// Trains to the last step, or goes on from the last checkpoint; a finished run is left as it is. `began`
  /// is called once the run's folder is made, or found to be the one to go on with, before anything is
  /// trained. Throws ``RunFailure``, `AlignmentFailure`, `InterruptionFailure` after writing a checkpoint,
  /// and what files throw.
  @discardableResult
  public func train(
    resume: Bool = false, observer: (TrainingProgress) throws -> Void = { _ in },
    began: () throws -> Void = {}
  ) throws -> RunRecord {
    if resume, let finished = try finishedRecord() { return finished }
    var record = try begin(resume: resume)
    try began()
    let first = trainer.state.counters
    // The line of a step whose validation is due was not written, or is written again.
    let log = try TrainingLog(
      folder.log, keepingUpTo: first.isValidationDue ? first.step - 1 : first.step)
    switch try train(log, observer) {
    case .stopped(let state):
      try folder.save(state, of: identity)
      throw InterruptionFailure.interrupted(
        work: "aligned \(state.counters.step) of \(configuration.steps) steps, saved in "
          + folder.path, resume: resumeCommand)
    case .finished(let state):
      try checkIsInPlace(log)
      let counters = state.counters
      record.note(counters, takesBest: configuration.patience != nil)
      record.finish(
        stepsHere: counters.step - first.step, secondsHere: counters.seconds - first.seconds)
      try folder.finish(record, model)
      return record
    }
  }

  /// Logs and saves. A line of the log is with the disk before the checkpoint that counts on it.
  private func train(
    _ log: TrainingLog, _ observer: (TrainingProgress) throws -> Void
  ) throws -> Trainer.Outcome {
    do {
      return try trainer.train { event in
        try checkIsInPlace(log)
        switch event {
        case .best(let point): try folder.saveBest(model, point)
        case .step(let progress, let checkpoint):
          try log.append(progress)
          if let checkpoint {
            log.sync()
            try folder.save(checkpoint, of: identity)
          }
          try observer(progress)
        }
      }
    } catch AlignmentFailure.diverged(let step, let loss, let gradientNorm, let rate, _) {
      throw AlignmentFailure.diverged(
        step: step, loss: loss, gradientNorm: gradientNorm, rate: rate,
        checkpoint: folder.latestCheckpoint())
    }
  }

  private func checkIsInPlace(_ log: TrainingLog) throws(RunFailure) {
    guard log.isInPlace else { throw .folderGone(path: folder.path) }
  }

  private func begin(resume: Bool) throws -> RunRecord {
    guard resume else {
      let record = RunRecord(identity, model, training: trainer.training)
      try folder.create(record, configuration.recipe, mixed)
      return record
    }
    var record = try folder.record()
    try check(record)
    if let contentHash = identity.contentHash {
      try folder.renew(contentHash)
      record.identity.contentHash = contentHash
    }
    if let counters = try folder.restore(trainer.state, of: identity) { trainer.restore(counters) }
    let before = record.arithmetic
    let change = record.go(on: Arithmetic(of: model), after: trainer.state.counters.step)
    // At once: a third session compares with the second's.
    if record.arithmetic != before { try folder.write(record) }
    if let change { changed(change) }
    return record
  }

  /// Throws ``RunFailure/notTheSameRun(path:fields:)``.
  private func check(_ record: RunRecord) throws {
    try record.identity.check(equals: identity, at: folder.path)
    guard record.trainingPairs == trainer.training.count else {
      throw RunFailure.notTheSameRun(path: folder.path, fields: ["training pairs"])
    }
  }
}
