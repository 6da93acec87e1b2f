import XlingAlignment
import XlingCore
import XlingData

/// A classifier's training in a folder, from which it goes on to the same bits after an interruption or a
/// kill.
public final class FinetuneTraining {
  public let trainer: ClassifierTrainer
  public let folder: FinetuneFolder
  public let identity: FinetuneIdentity
  public let draw: ShotDraw
  public let origin: FinetuneRecord.Origin
  /// For the message of an interruption.
  public var resumeCommand = "the same command"
  /// As of `RunTraining`.
  public var changed: (ArithmeticChange) -> Void = { _ in }

  public init(
    _ trainer: ClassifierTrainer, identity: FinetuneIdentity, draw: ShotDraw,
    origin: FinetuneRecord.Origin, in folder: FinetuneFolder
  ) {
    (self.trainer, self.identity) = (trainer, identity)
    (self.draw, self.origin, self.folder) = (draw, origin, folder)
  }

  /// Trains to the last step, goes on from the last checkpoint, or leaves a finished classifier as it is.
  /// Throws ``RunFailure``, `AlignmentFailure`, `InterruptionFailure` after writing a checkpoint, and what
  /// files throw.
  public func train(observe: (TrainingProgress) throws -> Void = { _ in }) throws -> FinetuneRecord
  {
    var record: FinetuneRecord
    if folder.exists {
      record = try folder.record()
      try record.identity.check(equals: identity, at: folder.path)
      if record.isFinished {
        try RunFolder.read(
          trainer.classifier.storedParameters, from: try folder.finishedWeights(record))
        return record
      }
      if let counters = try folder.restore(trainer.state, of: identity) {
        trainer.restore(counters)
      }
      let before = record.arithmetic
      let change = record.go(
        on: Arithmetic(of: trainer.classifier.model), after: trainer.state.counters.step)
      if record.arithmetic != before { try folder.write(record) }
      if let change { changed(change) }
    } else {
      record = FinetuneRecord(
        identity, trainer.classifier, pictures: trainer.source.count, origin)
      try folder.create(record, draw)
    }
    let log = try TrainingLog(folder.log, keepingUpTo: trainer.state.counters.step)
    let outcome = try trainer.train { progress, checkpoint in
      guard log.isInPlace else { throw RunFailure.folderGone(path: folder.path) }
      try log.append(progress)
      if let checkpoint {
        log.sync()
        try folder.save(checkpoint, of: identity)
      }
      try observe(progress)
    }
    switch outcome {
    case .stopped(let state):
      try folder.save(state, of: identity)
      throw InterruptionFailure.interrupted(
        work: "fine-tuned \(state.counters.step) of "
          + "\(identity.configuration.training.steps) steps, saved in \(folder.path)",
        resume: resumeCommand)
    case .finished(let state):
      (record.steps, record.seconds) = (state.counters.step, state.counters.seconds)
      record.finalLoss = state.counters.loss
      record.isFinished = true
      try folder.finish(record, trainer.classifier)
      return record
    }
  }
}
