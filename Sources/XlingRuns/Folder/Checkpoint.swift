import Foundation
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTowers

/// `state.json` of a checkpoint.
struct CheckpointState: Codable {
  var version = Self.version
  /// Updates made.
  let step: Int
  let seconds: Double
  /// Of the last update.
  let loss: Float?
  let validation: ValidationPoint?
  let stopping: EarlyStopping
  let firstLoss: Float?
  let identity: RunIdentity
  /// Whether the last update was to be validated yet when the training was interrupted.
  var isValidationDue: Bool?

  static let version = 1
}

extension CheckpointState {
  init(_ counters: TrainingState.Counters, _ identity: RunIdentity) {
    self.init(
      step: counters.step, seconds: counters.seconds, loss: counters.loss,
      validation: counters.validation, stopping: counters.stopping, firstLoss: counters.firstLoss,
      identity: identity, isValidationDue: counters.isValidationDue ? true : nil)
  }

  var counters: TrainingState.Counters {
    var counters = TrainingState.Counters()
    (counters.step, counters.seconds) = (step, seconds)
    (counters.loss, counters.firstLoss) = (loss, firstLoss)
    (counters.validation, counters.stopping) = (validation, stopping)
    counters.isValidationDue = isValidationDue ?? false
    return counters
  }

  /// Throws ``JSONFailure`` with the key or byte that is wrong, `FileFailure`.
  init(from checkpoint: String) throws {
    let path = checkpoint + "/state.json"
    self = try JSONFile.decode(
      CheckpointState.self, from: path, version: Self.version, strictBut: RunRecord.omitted)
  }
}

extension RunFolder {
  /// The checkpoint with the most steps; folders appear whole, by a rename.
  func latestCheckpoint() -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
    let whole = names.filter { $0.hasPrefix("step-") && Int($0.dropFirst(5)) != nil }
    return whole.max().map { checkpoints + "/" + $0 }
  }

  /// Writes what the towers' folders lack, the optimizer and the state; then removes older checkpoints. Throws
  /// `FileFailure`; the checkpoint before stays good.
  func save(_ state: TrainingState, of identity: RunIdentity) throws {
    guard exists else { throw RunFailure.folderGone(path: path) }
    try saveCheckpoint(state, try Self.encode(CheckpointState(state.counters, identity)))
  }

  /// The same with a `state.json` of the caller's.
  func saveCheckpoint(_ state: TrainingState, _ json: Data) throws {
    let step = state.counters.step
    let digits = String(step)
    let name = "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    let target = checkpoints + "/" + name
    guard !FileManager.default.fileExists(atPath: target) else { return }
    let partial = Partials.path(of: target)
    try AtomicFile.createFolder(partial)
    var isWhole = false
    defer { if !isWhole { try? FileManager.default.removeItem(atPath: partial) } }
    try Self.write(state.model, to: partial + "/model.safetensors")
    try Self.write(state.optimizer, to: partial + "/optimizer.safetensors")
    try AtomicFile.write(json, to: partial + "/state.json")
    try ContentSums.write(
      ["model.safetensors", "optimizer.safetensors", "state.json"], in: partial)
    guard rename(partial, target) == 0 else {
      throw FileFailure.cannotWrite(path: target, reason: String(cString: strerror(errno)))
    }
    isWhole = true
    let names = try? FileManager.default.contentsOfDirectory(atPath: checkpoints)
    for old in names ?? [] where old != name && old != Self.best {
      try? FileManager.default.removeItem(atPath: checkpoints + "/" + old)
    }
  }

  /// Fills the tensors of `state` from the latest checkpoint; returns its counters, nil when there is none
  /// yet. Throws ``RunFailure`` or `TowerFailure`.
  func restore(_ state: TrainingState, of identity: RunIdentity) throws -> TrainingState.Counters? {
    guard let folder = latestCheckpoint() else { return nil }
    let stored = try CheckpointState(from: folder)
    try stored.identity.check(equals: identity, at: folder)
    for name in ["state.json", "model.safetensors", "optimizer.safetensors"] {
      try ContentSums.check(folder + "/" + name)
    }
    try Self.read(state.model, from: folder + "/model.safetensors")
    try Self.read(state.optimizer, from: folder + "/optimizer.safetensors")
    return stored.counters
  }

  /// Of a finished run, which needs none; returns the bytes that they held, 0 of a run that may go on. Throws as
  /// ``RunFolder/record()``, `FileFailure`.
  public func removeCheckpoints() throws -> Int {
    try record().isFinished ? discardCheckpoints() : 0
  }

  /// Throws `FileFailure`.
  func discardCheckpoints() throws(FileFailure) -> Int {
    guard FileManager.default.fileExists(atPath: checkpoints) else { return 0 }
    let files = FileManager.default.enumerator(atPath: checkpoints)
    var bytes = 0
    while files?.nextObject() != nil { bytes += Int(files?.fileAttributes?[.size] as? Int ?? 0) }
    do { try FileManager.default.removeItem(atPath: checkpoints) } catch {
      throw FileFailure.cannotWrite(
        path: checkpoints, reason: SystemWords.reason(of: error as NSError))
    }
    return bytes
  }

  static let best = "best"

  /// Writes the model of the best validation so far, in place of the one before.
  func saveBest(_ model: DualEncoder, _ point: ValidationPoint) throws {
    let folder = checkpoints + "/" + Self.best
    let partial = Partials.path(of: folder)
    try AtomicFile.createFolder(partial)
    try Self.write(
      model.storedParameters, to: partial + "/model.safetensors",
      metadata: ["step": "\(point.step)"])
    try ContentSums.write(["model.safetensors"], in: partial)
    // Between these two there is no best model. A run that ends here goes on from a checkpoint before
    // this step, and comes by here again.
    try? FileManager.default.removeItem(atPath: folder)
    guard rename(partial, folder) == 0 else {
      throw FileFailure.cannotWrite(path: folder, reason: String(cString: strerror(errno)))
    }
  }

  static func write(
    _ parameters: [DualEncoder.NamedParameter], to path: String, metadata: [String: String] = [:]
  ) throws {
    try Safetensors.write(
      parameters.map { ($0.name, $0.parameter.shape, $0.parameter.values) }, to: path,
      metadata: ["format": "pt"].merging(metadata) { $1 })
  }

  /// Strictly: every name and shape, nothing more. Throws
  /// ``RunFailure/tensors(path:problems:)`` before any parameter is changed.
  static func read(_ parameters: [DualEncoder.NamedParameter], from path: String) throws {
    let file = try Safetensors(path: path)
    var problems: [String] = []
    for (name, parameter) in parameters {
      guard let entry = file.entries[name] else {
        problems.append("missing: \(name) \(parameter.shape)")
        continue
      }
      if entry.shape != parameter.shape {
        problems.append("\(name): shape \(entry.shape), expected \(parameter.shape)")
      }
    }
    let known = Set(parameters.map(\.name))
    problems += file.entries.keys.filter { !known.contains($0) }.sorted().map {
      "unexpected: \($0)"
    }
    guard problems.isEmpty else { throw RunFailure.tensors(path: path, problems: problems) }
    for (name, parameter) in parameters { try file.read(name, into: parameter) }
  }
}
