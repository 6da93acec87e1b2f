import XlingAlignment
import XlingCore
import XlingTowers

/// What another run trained, as a start: LayerNorms tuned first, say, and then adapters beside them
/// (Kim 2022).
public struct StartingWeights {
  public let run: String
  /// SHA-256 of the weights.
  public let hash: String
  private let file: Safetensors
  private let record: RunRecord

  /// Pairs of languages besides its own that it has seen.
  public var fewShot: [CaptionMix.Part] { record.identity.configuration.fewShot.parts }

  /// Throws ``RunFailure`` for a folder that is no finished run, `FileFailure`.
  public init(run path: String) throws {
    run = path
    let folder = RunFolder(path)
    record = try folder.record()
    let weights = try folder.modelFile(record, allowUnfinished: false)
    hash = Digest.of(try AtomicFile.read(weights))
    file = try Safetensors(path: weights)
  }

  /// Copies every tensor that `model` has, too, in the same shape, trained or not; returns how many.
  /// Throws ``RunFailure/configuration(reason:)`` when there is none.
  public func copy(into model: DualEncoder) throws -> Int {
    // Rows of other pieces are no start, whatever their shape.
    let hasSameWords =
      record.identity.configuration.vocabulary?.pieces.map(\.parts) == model.text.addedWords?.parts
    let added = model.text.addedWords.map { "text." + $0.rows.name }
    let shared = model.parameters.filter {
      file.entries[$0.name]?.shape == $0.parameter.shape && (hasSameWords || $0.name != added)
    }
    guard shared.contains(where: { $0.parameter.role.part != .head }) else {
      throw RunFailure.configuration(
        reason: "\(run) trained no part of a tower that this recipe has: it gives no start")
    }
    for (name, parameter) in shared { try file.read(name, into: parameter) }
    model.carried = Set(shared.map(\.name))
    return shared.count
  }
}
