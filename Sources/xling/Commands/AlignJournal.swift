import Foundation
import XlingAlignment
import XlingCore
import XlingEvaluation
import XlingExperiments

/// What the store learns of a run while it is trained.
final class AlignJournal {
  private let store: ExperimentStore
  private let run: RunFolder
  private let folder: String
  private let name: String
  private var isStored = false
  private var replacing = false
  private var waiting: [TrainStep] = []
  private var validations: [ValidationStep] = []
  private var seconds = 0.0

  /// Every step is stored, and every validation.
  init(_ store: ExperimentStore, run: RunFolder) {
    self.store = store
    self.run = run
    folder = URL(fileURLWithPath: run.path).standardizedFileURL.path
    name = EvaluatedRun.name(of: folder)
  }

  /// Before the training: nothing is trained that could not be stored. A stored run whose folder
  /// is gone gives way. Throws ``ExperimentFailure``, `AlignmentFailure.notARun`.
  func prepare(resume: Bool) throws {
    let stored = try store.runs().first { $0.name == name }
    if resume {
      let record = try run.record()
      guard stored != nil else { return }
      try store.resume(
        name, key: try EvaluatedRun.stored(record, folder: folder, status: .running).key)
      isStored = true
      seconds = record.seconds
    } else if let stored {
      guard stored.folder == folder || !RunFolder(stored.folder).exists else {
        throw ExperimentFailure.runExists(name: name)
      }
      replacing = true
    }
  }

  /// A run that was finished before: the store learns of it where it does not know.
  func settle(_ record: RunRecord) throws {
    let new = try EvaluatedRun.stored(record, folder: folder, status: .finished)
    guard let stored = try store.runs().first(where: { $0.name == name }) else {
      return try store.begin(new)
    }
    if stored.key == new.key, stored.status != .finished {
      try store.update(name, status: .finished, finished: Date(), seconds: record.seconds)
    }
  }

  func note(_ progress: TrainingProgress) throws {
    seconds = progress.seconds
    if let point = progress.validation { validations.append(ValidationStep(point)) }
    waiting.append(
      TrainStep(
        step: progress.step, loss: Double(progress.loss), learningRate: progress.rate,
        temperature: Double(progress.temperature)))
    // A transaction for a hundred steps rather than for each.
    if waiting.count >= 100 || progress.step == progress.steps || !isStored { try flush() }
  }

  func close(_ status: RunStatus) throws {
    guard run.exists else { return }
    try flush()
    try store.update(name, status: status, finished: Date(), seconds: seconds)
  }

  private func flush() throws {
    if !isStored {
      let record = try run.record()
      try store.begin(
        try EvaluatedRun.stored(record, folder: folder, status: .running), replacing: replacing)
      isStored = true
    }
    try store.append(waiting, to: name)
    try store.append(validations, to: name)
    (waiting, validations) = ([], [])
  }
}

extension ValidationStep {
  init(_ point: ValidationPoint) {
    self.init(
      step: point.step, loss: point.loss, textToImage: point.textToImageFirst,
      imageToText: point.imageToTextFirst, pairs: point.pairs)
  }
}
