import XlingCore
import XlingTensor
import XlingTowers

/// Which towers leave out activations in training, at the rates of their configurations.
public enum DropoutPolicy: String, Codable, Sendable, CaseIterable {
  case none
  /// Those of which something is trained, inserted modules included. What a locked tower computes
  /// then stays the same from step to step.
  case trained
  /// Locked ones, too, as LilT's training mode does.
  case all
}

extension DualEncoder {
  /// Whether a side's tower leaves something out in training, and so gives other vectors every time.
  public func drops(_ side: ParameterRole.Side, _ policy: DropoutPolicy?) -> Bool {
    let (rates, isTrained) =
      side == .text
      ? (text.configuration.dropout, textIsTrained) : (image.configuration.dropout, imageIsTrained)
    return !rates.isZero && (policy == .all || policy == .trained && isTrained)
  }
}

/// The dropout of one update: the same whenever it is asked for.
struct TrainingDropout {
  let policy: DropoutPolicy
  let seed: UInt64
  /// Updates made before.
  let step: Int

  /// nil where nothing is left out. `firstSequence` is the batch's number of the pass's first pair.
  func text(of model: DualEncoder, firstSequence: Int) -> TowerDropout? {
    draw(
      model.text.configuration.dropout, isTrained: model.textIsTrained, "text dropout",
      firstSequence)
  }

  func image(of model: DualEncoder, firstSequence: Int) -> TowerDropout? {
    draw(
      model.image.configuration.dropout, isTrained: model.imageIsTrained, "image dropout",
      firstSequence)
  }

  private func draw(
    _ rates: DropoutRates, isTrained: Bool, _ purpose: String, _ firstSequence: Int
  ) -> TowerDropout? {
    guard !rates.isZero, policy == .all || (policy == .trained && isTrained) else { return nil }
    var stream = RandomStream(seed: seed, purpose, step)
    return TowerDropout(rates: rates, seed: stream.next(), firstSequence: firstSequence)
  }
}
