import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingTensor

/// What the store learns of a run while it is trained.
///
/// A journal writes only of a run that its own process trains: what is refused before the first step
/// leaves the store as it was.
public final class RunJournal {
  private let store: ExperimentStore
  private let run: RunFolder
  private let folder: String
  private let name: String
  private let command: RunCommand?
  /// The folder that was begun in.
  private var place: FileIdentity?
  private var hasBegun = false
  private var waiting: [TrainStep] = []
  private var validations: [ValidationStep] = []
  private var seconds = 0.0
  private var flushed = 0.0

  /// `command` is how the run was called, where that is known. Every step is stored, and every validation.
  public init(_ store: ExperimentStore, run: RunFolder, command: RunCommand?) {
    self.store = store
    self.run = run
    self.command = command
    folder = URL(fileURLWithPath: run.path).standardizedFileURL.path
    name = LoadedRun.name(of: folder)
  }

  /// Before anything is made: nothing is trained that could not be stored. A stored run of the same name
  /// whose folder is gone keeps its results where it is the same run; another one is in the way. Returns how
  /// many results are kept of a run that is trained anew. Throws `ExperimentFailure`,
  /// ``RunFailure/notARun(path:reason:)``.
  public func prepare(_ identity: RunIdentity, resume: Bool) throws -> Int {
    guard let stored = try store.runs().first(where: { $0.name == name }) else { return 0 }
    if resume, run.exists { return 0 }
    guard stored.folder == folder || !RunFolder(stored.folder).exists else {
      throw ExperimentFailure.runExists(name: name)
    }
    try store.check(
      name: name,
      key: try LoadedRun.key(
        identity, blasCore: (identity.configuration.precision ?? .fp32).kernels
      ).written(as: stored.key))
    return try store.contents(of: name).evaluations
  }

  /// A run that was finished before: the store learns of it where it does not know. Throws
  /// `ExperimentFailure`.
  public func settle(_ record: RunRecord) throws {
    let new = try LoadedRun.stored(record, folder: folder, status: .finished)
    guard let known = try store.runs().first(where: { $0.name == name }) else {
      try store.record(new)
      return try fill()
    }
    if known.key.isSameRun(as: new.key), known.status != .finished {
      try fill()
      try store.update(name, status: .finished, finished: Date(), seconds: record.seconds)
    }
  }

  /// The run's folder is this process's from here on. Throws `ExperimentFailure`.
  public func begin(resume: Bool) throws {
    let record = try run.record()
    place = FileIdentity(run.path)
    var new = try LoadedRun.stored(record, folder: folder, status: .running)
    new.process = .current
    new.command = command
    let known = try store.runs().first { $0.name == name }
    if let known { new.key = new.key.written(as: known.key) }
    if resume, known != nil {
      let stored = try store.resume(name, key: new.key, process: .current)
      seconds = max(stored.seconds, record.seconds)
      try store.move(name, to: folder)
    } else {
      try store.record(new)
      seconds = record.seconds
    }
    hasBegun = true
    if resume { try fill() }
  }

  /// What was logged up to the checkpoint, and not stored before the process died.
  private func fill() throws {
    // Killed before its first step, a run has no log yet.
    guard FileManager.default.fileExists(atPath: run.log) else { return }
    let known = Set(try store.trainSteps(of: name).map(\.step))
    let logged = try run.loggedSteps()
    try store.append(
      logged.filter { !known.contains($0.step) }.map { TrainStep($0) }, to: name)
    try store.append(
      logged.filter { !known.contains($0.step) }.compactMap(\.validation)
        .map { ValidationStep($0) }, to: name)
  }

  /// A step that was trained. Throws `ExperimentFailure`, `FileFailure.cannotWrite`.
  public func note(_ progress: TrainingProgress, checkpointEvery: Int) throws {
    seconds = progress.seconds
    if let point = progress.validation { validations.append(ValidationStep(point)) }
    waiting.append(
      TrainStep(
        step: progress.step, loss: Double(progress.loss), learningRate: progress.rate,
        temperature: Double(progress.temperature)))
    try checkFolder()
    // One transaction for many steps; but what a checkpoint covers is not trained again, so it is stored.
    let isKept = progress.step % checkpointEvery == 0 || progress.step == progress.steps
    if isKept || ProgressBar.uptime() - flushed > 0.5 { try flush() }
  }

  /// Nothing where the run was never begun. Throws `ExperimentFailure`, `FileFailure.cannotWrite`.
  public func close(_ status: RunStatus) throws {
    guard hasBegun else { return }
    if status == .finished { try checkFolder() }
    try flush()
    try store.update(name, status: status, finished: Date(), seconds: seconds)
  }

  private func flush() throws {
    try store.append(waiting, to: name)
    try store.append(validations, to: name)
    (waiting, validations) = ([], [])
    flushed = ProgressBar.uptime()
  }

  /// A folder that was deleted is not the run's, though checkpoints make it anew.
  private func checkFolder() throws {
    guard place == FileIdentity(run.path) else {
      throw FileFailure.cannotWrite(
        path: run.path, reason: "the run's folder was deleted or replaced while it was trained")
    }
  }
}

extension TrainStep {
  public init(_ logged: LoggedStep) {
    self.init(
      step: logged.step, loss: Double(logged.loss), learningRate: logged.rate,
      temperature: Double(logged.temperature))
  }
}

extension ValidationStep {
  public init(_ point: ValidationPoint) {
    self.init(
      step: point.step, loss: point.loss, textToImage: point.textToImageFirst,
      imageToText: point.imageToTextFirst, pairs: point.pairs)
  }
}
