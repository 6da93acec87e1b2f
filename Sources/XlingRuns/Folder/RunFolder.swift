import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// A run on disk: `run.json`, `recipe.toml`, `log.jsonl`, `checkpoints/step-NNNNNNNN/`, with early
/// stopping also `checkpoints/best/`, with pairs of other languages `mix.json`; when it is finished, `model.safetensors`: what was trained and
/// nothing else, with the hashes of the frozen towers.
public struct RunFolder: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  var checkpoints: String { path + "/checkpoints" }

  public var exists: Bool { FileManager.default.fileExists(atPath: path + "/run.json") }

  /// The run's record, also one that somebody edited: only ``check()`` compares its SHA-256. Throws
  /// ``RunFailure/notARun(path:reason:)``, ``JSONFailure`` with the key or byte that is wrong,
  /// `FileFailure`.
  public func record() throws -> RunRecord {
    guard exists else {
      throw RunFailure.notARun(path: path, reason: "there is no run.json")
    }
    sweep()
    var record = try storedRecord()
    record.identity.text = record.identity.text.resolved(from: path)
    record.identity.image = record.identity.image.resolved(from: path)
    return record
  }

  /// The language a run was aligned on, `few-shot tr=10` where it saw pairs of others, and the folder of its
  /// pairs, nil where it was not noted: looked up without the whole record, whose decoding takes longer than a
  /// program that only names them. Nil where run.json cannot be read.
  public func origin() -> (language: String, fewShot: String?, trainingFolder: String?)? {
    guard let json = try? JSONFile.read(path + "/run.json"),
      let record = try? JSONSerialization.jsonObject(with: json) as? [String: Any],
      let identity = record["identity"] as? [String: Any],
      let configuration = identity["configuration"] as? [String: Any]
    else { return nil }
    let captions = configuration["captions"] as? [String: Any]
    let language = captions?["language"] as? String ?? CaptionReading().language
    let parts = configuration.filter { ["mix", "mixedBefore"].contains($0.key) }
    let fewShot = try? JSONDecoder().decode(
      FewShotPairs.self, from: try JSONSerialization.data(withJSONObject: parts))
    return (language, fewShot?.words, record["trainingFolder"] as? String)
  }

  /// As it is in the file: an exported run names its towers from its own folder on.
  private func storedRecord() throws -> RunRecord {
    try JSONFile.decode(
      RunRecord.self, from: path + "/run.json", version: RunRecord.version,
      strictBut: RunRecord.omitted)
  }

  func create(
    _ record: RunRecord, _ recipe: Recipe, _ mixed: FewShotDraw.Record? = nil
  ) throws {
    // Checkpoints without run.json are another run's remains.
    guard !exists else { throw RunFailure.runExists(path: path) }
    guard !FileManager.default.fileExists(atPath: checkpoints) else {
      throw FileFailure.exists(path: checkpoints)
    }
    try AtomicFile.createFolder(path)
    try AtomicFile.write(try recipe.toml(), to: path + "/recipe.toml")
    if let mixed { try AtomicFile.write(try Self.encode(mixed), to: path + "/mix.json") }
    // Last: a folder with run.json is a run.
    try write(record)
  }

  func write(_ record: RunRecord) throws {
    try AtomicFile.write(try Self.encode(record), to: path + "/run.json")
  }

  /// Remembers what the data of an earlier version's run were when they were first compared by its hash;
  /// of other runs there is nothing to remember. On read-only media it is found out each time. Throws
  /// ``RunFailure/notARun(path:reason:)``, `FileFailure`.
  public func renew(_ contentHash: String) throws {
    let before = try AtomicFile.read(path + "/run.json")
    var record = try storedRecord()
    guard record.identity.contentHash == nil, record.identity.dataHash != contentHash else {
      return
    }
    record.identity.contentHash = contentHash
    let json = try Self.encode(record)
    var sums = try ContentSums.sums(of: path)
    // The sum of an edited record goes on telling that it was edited.
    if sums["run.json"] == Digest.of(before) {
      sums["run.json"] = Digest.of(json)
      try? ContentSums.write([], coming: sums, in: path)
    }
    try? AtomicFile.write(json, to: path + "/run.json")
  }

  /// What was trained, once the run is finished.
  public var weights: String { path + "/model.safetensors" }

  /// Writes the run's model, the best where early stopping chose it, and then the record.
  func finish(_ record: RunRecord, _ model: DualEncoder) throws {
    let trained = model.storedParameters
    let best = checkpoints + "/\(Self.best)/model.safetensors"
    let towers = ["text": record.identity.text, "image": record.identity.image]
    // Content alone, no place: the same run has the same file on every machine.
    var metadata = ["tokenizer_sha256": record.identity.tokenizerHash]
    for (side, source) in towers {
      metadata["\(side)_tower_sha256"] = source.weightsHash
    }
    if record.bestStep != nil {
      try ContentSums.check(best)
      try Self.read(trained, from: best)
    }
    try Self.write(trained, to: weights, metadata: metadata)
    let others = ["recipe.toml", "log.jsonl", "mix.json"].filter {
      FileManager.default.fileExists(atPath: path + "/" + $0)
    }
    let json = try Self.encode(record)
    try ContentSums.write(
      ["model.safetensors"] + others, coming: ["run.json": Digest.of(json)], in: path)
    // Last: a record that says finished has weights beside it.
    try AtomicFile.write(json, to: path + "/run.json")
  }

  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }
}
