import Foundation
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTowers

/// A run's towers on the way from their pretrained to their trained weights: θ = (1 - α) θ₀ + α θ₁
/// (Wortsman et al. 2022, Robust Fine-Tuning of Zero-Shot Models, section 3, WiSE-FT), with an α for each
/// tower. Of an inserted adapter, which no pretrained tower has, α scales what it adds. Heads stay as they
/// were trained.
public struct RunInterpolation {
  private let run: RunFolder
  private let record: RunRecord
  private let weights: String

  /// Throws ``RunFailure`` for what is no finished run, or one imported without the towers as they
  /// were before its training.
  public init(run path: String) throws {
    run = RunFolder(path)
    record = try run.record()
    weights = try run.modelFile(record, allowUnfinished: false)
    guard record.imported?.hasStart != false else {
      throw RunFailure.configuration(
        reason: "\(path) was imported without the towers that its training began with: there is no "
          + "pretrained end")
    }
  }

  /// Writes the run `output`, whole or not at all. Shares are of 0...1. Throws ``RunFailure`` (a
  /// module that adds to the tower in no scalable way, a tower trained from random weights, a folder in the
  /// way), `TowerFailure`, `FileFailure`.
  public func write(text: Double, image: Double, to output: String) throws -> RunRecord {
    let identity = record.identity
    try identity.text.verify()
    try identity.image.verify()
    let model = try DualEncoder(
      text: identity.text, image: identity.image, configuration: identity.configuration)
    model.carried = Set(record.carried)
    let trained = model.storedParameters
    let start = Dictionary(
      uniqueKeysWithValues: trained.map { ($0.name, $0.parameter.values.map { $0 }) })
    try RunFolder.read(trained, from: weights)
    let recipe = identity.configuration.recipe
    for (label, side, tower, share) in [
      ("text", recipe.text, model.text as any Tower, text),
      ("image", recipe.image, model.image as any Tower, image),
    ] where share != 1 {
      guard side.start == .pretrained else {
        throw RunFailure.configuration(
          reason: "the \(label) tower was trained from random weights: there is no pretrained end")
      }
      try Self.interpolate(tower, label: label, share: Float(share), start: start)
    }
    var result = record
    result.interpolation = Interpolation(
      text: text, image: image, run: PathParts.name(of: run.path),
      hash: Digest.of(try AtomicFile.read(weights)))
    // These were the trained run's.
    (result.finalLoss, result.validation, result.bestStep) = (nil, nil, nil)
    result.identity.text = Self.absolute(identity.text)
    result.identity.image = Self.absolute(identity.image)
    try NewFolder.writeNew(output) { folder in
      let new = RunFolder(folder)
      try AtomicFile.write(try recipe.toml(), to: folder + "/recipe.toml")
      try new.finish(result, model)
    }
    return result
  }

  /// `start` are the values before training, by the model's names.
  private static func interpolate(
    _ tower: any Tower, label: String, share: Float, start: [String: [Float]]
  ) throws {
    let encoder = tower.encoder
    guard encoder.prompt == nil, encoder.layers.allSatisfy({ !$0.isInserted }) else {
      throw RunFailure.configuration(
        reason:
          "the \(label) tower has a deep adapter or a prompt, which no share scales: take 1 for "
          + "the \(label) tower")
    }
    let inserted = Set(encoder.layers.flatMap(\.adapterParameters).map(\.name))
    let shared = Set(encoder.shared.map(\.name))
    for parameter in encoder.layers.flatMap(\.outputScalingParameters) {
      for index in 0..<parameter.count { parameter.value[index] *= share }
    }
    for parameter in tower.parameters.all
    where !inserted.contains(parameter.name) && !shared.contains(parameter.name) {
      guard let before = start[label + "." + parameter.name] else { continue }
      for (index, value) in before.enumerated() {
        parameter.value[index] = value + share * (parameter.value[index] - value)
      }
    }
  }

  /// The folder of the tower as seen from anywhere.
  private static func absolute(_ source: TowerSource) -> TowerSource {
    source.moved(to: URL(fileURLWithPath: source.folder).standardizedFileURL.path)
  }
}
