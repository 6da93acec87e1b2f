import XlingData
import XlingTensor

/// What keeping the states of a trunk would take for one training, before anything is computed.
public struct TrunkDemand: Sendable, Equatable {
  public let side: ParameterRole.Side
  public let trunk: Trunk
  /// Captions, or views of pictures, of training and validation.
  public let items: Int
  /// Of all of them.
  public let bytes: Int
  /// How often training sees each.
  public let times: Double
}

/// Why nothing of a side can be kept from step to step.
public enum TrunkHindrance: Sendable, Equatable {
  case trainedFromBelow
  case dropout(rate: Float)
  case augmentation
  case damagedPictures

  /// What follows "the text tower's states cannot be kept: ".
  public var description: String {
    switch self {
    case .trainedFromBelow: "it is trained from its lowest layer on (--lock leaves layers out)"
    case .dropout(let rate):
      "dropout of \(rate) makes them others at every step (--dropout none leaves it out)"
    case .augmentation:
      "pictures are augmented anew at every step (--cache-views K makes K views of each, --augment none "
        + "one)"
    case .damagedPictures:
      "with --truncated lilt pictures are read every time, so that damage is told"
    }
  }
}

extension DualEncoder {
  /// nil where the states, or the vectors of a wholly frozen tower, stay the same.
  public func trunkHindrance(
    of side: ParameterRole.Side, _ configuration: AlignmentConfiguration
  ) -> TrunkHindrance? {
    let isFrozen = side == .text ? !textIsTrained : !imageIsTrained
    if !isFrozen, trunk(of: side) == nil { return .trainedFromBelow }
    if drops(side, configuration.dropout) {
      let rates = side == .text ? text.configuration.dropout : image.configuration.dropout
      return .dropout(rate: max(rates.hidden, rates.attention))
    }
    guard side == .image else { return nil }
    if configuration.augmentsAnew { return .augmentation }
    let input = configuration.pictureInput(side: image.configuration.imageSize)
    return input.reading.truncated == .strict ? nil : .damagedPictures
  }

  /// nil where there is no trunk.
  public func trunkDemand(
    of side: ParameterRole.Side, _ configuration: AlignmentConfiguration,
    training: any PairSource, validation: (any PairSource)?
  ) -> TrunkDemand? {
    guard let trunk = trunk(of: side) else { return nil }
    let drawn = Double(configuration.steps) * Double(configuration.batchSize)
    let validated = min(validation?.count ?? 0, configuration.validationPairs)
    let (all, rows): (Int, Double)
    switch side {
    case .image:
      all = training.allPlaces * (configuration.cachedViews ?? 1)
      rows = Double(pictureStateRows)
    case .text:
      var (captions, tokens) = (0, 0)
      for image in 0..<training.allPlaces {
        for caption in 0..<training.captionCount(image) {
          captions += 1
          tokens += stateRows(of: training.tokens(image, caption: caption))
        }
      }
      (all, rows) = (captions, Double(tokens) / Double(max(1, captions)))
    }
    let items = Int(min(Double(all), drawn)) + validated
    return TrunkDemand(
      side: side, trunk: trunk, items: items,
      bytes: Int(Double(items) * (rows * Double(4 * trunk.width) + 96)),
      times: drawn / Double(max(1, all)))
  }
}
