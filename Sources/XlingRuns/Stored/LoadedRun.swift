import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingTensor
import XlingTokenizers

/// A finished run, ready to be evaluated.
public struct LoadedRun {
  public let name: String
  public let folder: String
  public let record: RunRecord
  public let model: DualEncoder
  public let tokenizer: any Tokenizer

  /// Loads towers, what was trained, and the tokenizer beside the text tower, whose hash must be
  /// the one trained with. `precision` goes before the run's own. Throws `PrecisionFailure`, `RunFailure`, `TowerFailure`, `TokenizerFailure`.
  public init(
    folder: String, allowUnfinished: Bool = false, precision: Precision? = nil
  ) throws {
    self.folder = folder
    name = Self.name(of: folder)
    record = try RunFolder(folder).record()
    model = try DualEncoder.load(
      run: folder, allowUnfinished: allowUnfinished, precision: precision)
    let tokenizer = try record.identity.tokenizer()
    guard tokenizer.contentHash == record.identity.tokenizerHash else {
      throw RunFailure.towerChanged(
        path: record.identity.text.folder, expected: record.identity.tokenizerHash,
        found: tokenizer.contentHash)
    }
    self.tokenizer = tokenizer
  }

  /// What a store calls a run: the last part of its folder.
  public static func name(of folder: String) -> String {
    URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
  }

  /// The key of a run of this identity, trained by these kernels.
  public static func key(_ identity: RunIdentity, blasCore: String) throws -> RunKey {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let configuration = try encoder.encode(identity.configuration)
    return RunKey(
      method: identity.configuration.recipe.name,
      recipe: String(decoding: configuration, as: UTF8.self),
      datasetHash: identity.dataHash, textTowerHash: identity.text.weightsHash,
      imageTowerHash: identity.image.weightsHash, tokenizerHash: identity.tokenizerHash,
      precision: (identity.configuration.precision ?? .fp32).stored,
      seed: identity.configuration.seed, blasCore: blasCore)
  }

  /// The run as a store records it.
  public static func stored(_ record: RunRecord, folder: String, status: RunStatus) throws -> Run {
    var key = try key(record.identity, blasCore: record.blasCore)
    key.method = record.method
    return Run(
      name: name(of: folder), folder: folder, key: key, status: status, started: Date(),
      trainableCount: record.trainedParameters, parameterCount: record.allParameters,
      seconds: record.seconds)
  }
}

extension LoadedRun {
  /// SHA-256 of all that decides an embedding's bits: architectures, recipe, every parameter, and the
  /// BLAS kernels, which round in their own ways. Throws `AdapterFailure`.
  public func modelHash() throws -> String {
    let digest = Digest()
    let identity = record.identity
    digest.update("\(identity.text.configurationHash) \(identity.image.configurationHash)\n")
    // Where rows once depended on their place in a batch, rows kept by then are not taken for today's.
    let kernels = model.precision.kernels + (Matmul.rowsDifferByPlace ? ", rows alike" : "")
    digest.update("\(kernels) \(model.embeddingWidth)\n\(try model.recipe.toml())\n")
    let configuration = identity.configuration
    if let output = configuration.textOutput {
      digest.update("\(output.pooling.description) \(output.promptTokens ?? 0)\n")
      if let head = model.text.head { digest.update("\(head.description)\n") }
    }
    // Named only where a run has them, so that what was kept before is found; so in all such hashes.
    if let heads = configuration.imageHeads { digest.update("\(heads) heads\n") }
    for (name, parameter) in model.parameters {
      digest.update("\(name) \(parameter.shape)\n")
      digest.update(UnsafeRawBufferPointer(start: parameter.value, count: parameter.count * 4))
    }
    return digest.hexadecimal()
  }
}
