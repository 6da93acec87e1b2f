import XlingAdapters
import XlingData
import XlingOptimization

/// What is done to a picture before each training step, by name.
public enum AugmentationChoice: String, Codable, Sendable, CaseIterable {
  /// Nothing: what locked towers compute is then computed once.
  case none
  /// Crops of at least 60 %, flips, a little colour.
  case mild
  /// Crops of at least 90 %: CLIP's random square crop of resized pictures.
  case crop
  /// Crops of at least 8 %, flips (Szegedy et al. 2015), as LiT has them.
  case inception
  /// Crops of at least 20 %, flips, two operations of RandAugment: LilT's.
  case lilt

  public var augmentation: Augmentation? {
    var all = Augmentation()
    switch self {
    case .none: return nil
    case .mild: return all
    case .crop: (all.cropScale, all.flipProbability) = (0.9, 0)
    case .inception: all.cropScale = 0.08
    case .lilt: (all.cropScale, all.randAugment) = (0.2, .lilt)
    }
    (all.brightness, all.contrast, all.saturation) = (0, 0, 0)
    return all
  }
}

extension AlignmentConfiguration {
  /// Takes over what a card says of the training; what it leaves out stays. `steps` is not touched:
  /// it follows from `epochs` and the data. Throws ``AlignmentFailure/configuration(reason:)`` for a
  /// word that is none.
  public mutating func apply(_ card: MethodCard) throws(AlignmentFailure) {
    let training = card.training
    func word<Value: RawRepresentable & CaseIterable>(
      _ key: String, _ text: String?, else other: Value
    ) throws(AlignmentFailure) -> Value where Value.RawValue == String {
      guard let text else { return other }
      if let value = Value(rawValue: text) { return value }
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw .configuration(
        reason: "\(card.name): \(key) is \"\(text)\", expected one of \(known)")
    }
    recipe = card.recipe
    batchSize = training.batchSize ?? batchSize
    peakRate = training.rate ?? peakRate
    warmupSteps = training.warmupSteps ?? warmupSteps
    finalRateShare = training.finalRateShare ?? finalRateShare
    schedule = try word("schedule", training.schedule, else: schedule)
    imageRate = try word("image_rate", training.imageRate, else: imageRate)
    try applyOptimizer(card)
    if let clip = training.clip { gradientClip = clip > 0 ? clip : nil }
    temperature = training.temperature.map { Float($0) } ?? temperature
    embeddingWidth = training.embeddingWidth ?? embeddingWidth
    if training.augment != nil {
      augmentation = try word("augment", training.augment, else: AugmentationChoice.none)
        .augmentation
    }
    if training.dropout != nil {
      dropout = try word("dropout", training.dropout, else: DropoutPolicy.none)
    }
    pictureStatistics = try word("pictures", training.pictures, else: pictureStatistics)
    captions.preprocessing = try word("captions", training.captions, else: captions.preprocessing)
    captions.maximumWords = training.maximumWords ?? captions.maximumWords
    captions.maximumTokens = training.maximumTokens ?? captions.maximumTokens
    captions.hasEndToken = training.endToken ?? captions.hasEndToken
    if training.tokenTypes == false { addsTokenTypes = false }
  }

  private mutating func applyOptimizer(_ card: MethodCard) throws(AlignmentFailure) {
    let training = card.training
    if let name = training.optimizer {
      guard let settings = OptimizerSettings(named: name) else {
        throw .configuration(
          reason: "\(card.name): optimizer is \"\(name)\", expected one of "
            + OptimizerSettings.names.joined(separator: ", "))
      }
      optimizer = settings
    }
    if case .adamW(var options) = optimizer {
      options.beta1 = training.beta1 ?? options.beta1
      options.beta2 = training.beta2 ?? options.beta2
      options.epsilon = training.epsilon.map { Float($0) } ?? options.epsilon
      optimizer = .adamW(options)
    } else if case .adafactor(var options) = optimizer {
      options.beta1 = training.beta1.map { Float($0) } ?? options.beta1
      optimizer = .adafactor(options)
    }
    if let decay = training.weightDecay { optimizer.weightDecay = Float(decay) }
  }
}
