/// ``ImageAugmentation`` as a run records it.
public struct Augmentation: Codable, Sendable, Equatable {
  /// Least share of the area that a crop keeps.
  public var cropScale = 0.6
  public var flipProbability = 0.5
  public var brightness = 0.2
  public var contrast = 0.2
  public var saturation = 0.2
  /// Two operations of RandAugment behind the rest, in this arithmetic; nil is none.
  public var randAugment: RandAugment.Arithmetic?

  public init() {}

  /// What is done to a picture.
  package var images: ImageAugmentation {
    ImageAugmentation(
      crop: RandomCrop(scale: cropScale...1), flipProbability: flipProbability,
      jitter: ColorJitter(brightness: brightness, contrast: contrast, saturation: saturation),
      randAugment: randAugment.map { RandAugment(arithmetic: $0) })
  }
}
