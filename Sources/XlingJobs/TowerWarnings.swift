import XlingAlignment
import XlingRuns
import XlingTensor
import XlingTowers

/// Weights that compute, but hardly what they should: tensors that hold NaN or infinity.
public enum TowerWarnings {
  /// Throws what reading the checkpoint throws.
  public static func nonFinite(
    _ tower: some Tower, in source: TowerCheckpoint
  ) throws -> [Warning] {
    warnings(source.checkpoint.path, try source.nonFiniteTensors(of: tower))
  }

  /// What was taken for granted of an image tower, and weights that are no numbers. Throws as
  /// ``nonFinite(_:in:)``.
  public static func all(_ tower: ImageTower, in source: TowerCheckpoint) throws -> [Warning] {
    (source.guessedHeads.map {
      [.guessedHeads(path: source.checkpoint.path, heads: $0)]
    } ?? []) + (try nonFinite(tower, in: source))
  }

  /// The towers that a run begins with.
  public static func nonFinite(
    _ model: DualEncoder, of identity: RunIdentity
  ) throws -> [Warning] {
    let heads = identity.configuration.imageHeads
    return try nonFinite(model.text, in: try TowerCheckpoint(identity.text.folder))
      + all(model.image, in: try TowerCheckpoint(identity.image.folder, heads: heads))
  }

  /// A run's towers as they came, and what it trained.
  public static func nonFinite(_ run: LoadedRun) throws -> [Warning] {
    let weights = RunFolder(run.folder).weights
    let stored = Set(try Checkpoint(weights).tensors.keys)
    let trained = run.model.parameters.filter { stored.contains($0.name) }
    func names(_ side: ParameterRole.Side) -> Set<String> {
      let own = run.model.parameters(of: side).filter { stored.contains($0.name) }
      return Set(own.map { $0.parameter.name })
    }
    let identity = run.record.identity
    let text = try TowerCheckpoint(identity.text.folder)
    let image = try TowerCheckpoint(
      identity.image.folder, heads: identity.configuration.imageHeads)
    return warnings(weights, trained.filter { $0.parameter.isNonFinite }.map { $0.name })
      + warnings(
        text.checkpoint.path,
        try text.nonFiniteTensors(of: run.model.text, except: names(.text)))
      + warnings(
        image.checkpoint.path,
        try image.nonFiniteTensors(of: run.model.image, except: names(.image)))
  }

  private static func warnings(_ path: String, _ names: [String]) -> [Warning] {
    names.isEmpty ? [] : [.nonFinite(path: path, tensors: names)]
  }
}
