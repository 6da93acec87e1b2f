import Foundation
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
  func save(_ trainer: Trainer) throws {
    let step = trainer.optimizer.steps
    let digits = String(step)
    let name = "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    let target = checkpoints + "/" + name
    guard !FileManager.default.fileExists(atPath: target) else { return }
    guard exists else { throw AlignmentFailure.folderGone(path: path) }
    let partial = Partials.path(of: target)
    try AtomicFile.createFolder(partial)
    var isWhole = false
    defer { if !isWhole { try? FileManager.default.removeItem(atPath: partial) } }
    try Self.write(trainer.model.storedParameters, to: partial + "/model.safetensors")
    try Self.write(trainer.optimizerState, to: partial + "/optimizer.safetensors")
    let state = CheckpointState(
      step: step, seconds: trainer.seconds, loss: trainer.loss,
      validation: trainer.lastValidation, stopping: trainer.stopping,
      firstLoss: trainer.firstLoss, identity: trainer.identity,
      isValidationDue: trainer.isValidationDue ? true : nil)
    try AtomicFile.write(try Self.encode(state), to: partial + "/state.json")
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

  /// Fills the trainer's model and optimizer from the latest checkpoint; nil when there is none
  /// yet. Throws ``AlignmentFailure`` or `TowerFailure`.
  func restore(_ trainer: Trainer) throws -> CheckpointState? {
    guard let folder = latestCheckpoint() else { return nil }
    let state = try CheckpointState(from: folder)
    try state.identity.check(equals: trainer.identity, at: folder)
    for name in ["state.json", "model.safetensors", "optimizer.safetensors"] {
      try ContentSums.check(folder + "/" + name)
    }
    try Self.read(trainer.model.storedParameters, from: folder + "/model.safetensors")
    try Self.read(trainer.optimizerState, from: folder + "/optimizer.safetensors")
    trainer.optimizer.restore(steps: state.step)
    return state
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
  /// ``AlignmentFailure/tensors(path:problems:)`` before any parameter is changed.
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
    guard problems.isEmpty else { throw AlignmentFailure.tensors(path: path, problems: problems) }
    for (name, parameter) in parameters { try file.read(name, into: parameter) }
  }
}

extension Trainer {
  /// The optimizer's tensors under the names of the whole model: `text.…#first`.
  var optimizerState: [DualEncoder.NamedParameter] {
    model.trainedParameters.enumerated().flatMap { index, entry in
      optimizer.state(of: index).map { (name: entry.name + "#" + $0.kind, parameter: $0.tensor) }
    }
  }
}
