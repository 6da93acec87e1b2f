import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingTowers

/// A classifier on disk: `finetune.json`, `shots.json`, `log.jsonl`, `checkpoints/step-NNNNNNNN/`; when it is
/// finished, `model.safetensors` (the head, and what was trained of the image side) and, once it was
/// measured, `results.json`.
public struct FinetuneFolder: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  public var exists: Bool { FileManager.default.fileExists(atPath: path + "/finetune.json") }
  public var weights: String { path + "/model.safetensors" }
  public var results: String { path + "/results.json" }
  var log: String { path + "/log.jsonl" }
  private var run: RunFolder { RunFolder(path) }

  /// Throws ``FinetuneFailure/notFinetuned(path:)``, `JSONFailure`, `FileFailure`.
  public func record() throws -> FinetuneRecord {
    guard exists else { throw FinetuneFailure.notFinetuned(path: path) }
    return try JSONFile.decode(
      FinetuneRecord.self, from: path + "/finetune.json", version: FinetuneRecord.version,
      strictBut: RunRecord.omitted)
  }

  /// As of ``RunFolder/removeCheckpoints()``.
  public func removeCheckpoints() throws -> Int {
    try record().isFinished ? run.discardCheckpoints() : 0
  }

  /// Which pictures of which classes were trained on. Throws `JSONFailure`, `FileFailure`.
  public func draw() throws -> ShotDraw {
    try JSONFile.decode(
      ShotDraw.self, from: path + "/shots.json", version: ShotDraw.version,
      strictBut: ["classes"])
  }

  func create(_ record: FinetuneRecord, _ draw: ShotDraw) throws {
    guard !exists else { throw RunFailure.runExists(path: path) }
    for other in ["/run.json", "/checkpoints"]
    where FileManager.default.fileExists(atPath: path + other) {
      throw FileFailure.exists(path: path + other)
    }
    try AtomicFile.createFolder(path)
    try AtomicFile.write(try RunFolder.encode(draw), to: path + "/shots.json")
    // Last: a folder with finetune.json is a classifier.
    try write(record)
  }

  func write(_ record: FinetuneRecord) throws {
    try AtomicFile.write(try RunFolder.encode(record), to: path + "/finetune.json")
  }

  /// Writes the weights, their sums, and the record that says so.
  func finish(_ record: FinetuneRecord, _ classifier: PictureClassifier) throws {
    try RunFolder.write(
      classifier.storedParameters, to: weights,
      metadata: ["run_sha256": record.identity.runHash])
    try ContentSums.write(["model.safetensors", "shots.json", "log.jsonl"], in: path)
    try write(record)
  }

  /// The finished weights, whose bytes are those that were written. Throws
  /// ``RunFailure/unfinished(path:step:steps:)``, `ContentFailure`.
  func finishedWeights(_ record: FinetuneRecord) throws -> String {
    guard record.isFinished else {
      throw RunFailure.unfinished(
        path: path, step: run.checkpointStep() ?? 0,
        steps: record.identity.configuration.training.steps)
    }
    try ContentSums.check(weights)
    return weights
  }

  private struct State: Codable {
    var version = 1
    let step: Int
    let seconds: Double
    let loss: Float?
    let firstLoss: Float?
    let identity: FinetuneIdentity
  }

  func save(_ state: TrainingState, of identity: FinetuneIdentity) throws {
    let counters = state.counters
    let json = try RunFolder.encode(
      State(
        step: counters.step, seconds: counters.seconds, loss: counters.loss,
        firstLoss: counters.firstLoss, identity: identity))
    guard exists else { throw RunFailure.folderGone(path: path) }
    try run.saveCheckpoint(state, json)
  }

  /// Fills the tensors of `state` from the latest checkpoint; returns its counters, nil where there is none.
  func restore(
    _ state: TrainingState, of identity: FinetuneIdentity
  ) throws -> TrainingState.Counters? {
    guard let folder = run.latestCheckpoint() else { return nil }
    for name in ["state.json", "model.safetensors", "optimizer.safetensors"] {
      try ContentSums.check(folder + "/" + name)
    }
    let stored = try JSONFile.decode(
      State.self, from: folder + "/state.json", version: 1, strictBut: RunRecord.omitted)
    try stored.identity.check(equals: identity, at: folder)
    try RunFolder.read(state.model, from: folder + "/model.safetensors")
    try RunFolder.read(state.optimizer, from: folder + "/optimizer.safetensors")
    var counters = TrainingState.Counters()
    (counters.step, counters.seconds) = (stored.step, stored.seconds)
    (counters.loss, counters.firstLoss) = (stored.loss, stored.firstLoss)
    return counters
  }
}
