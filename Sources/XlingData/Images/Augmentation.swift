import XlingCore

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

  /// Keys that a file of another version lacks keep their defaults. Throws what decoding throws.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    try keys.read(.cropScale, into: &cropScale, in: 0...1)
    try keys.read(.flipProbability, into: &flipProbability, in: 0...1)
    try keys.read(.brightness, into: &brightness, in: 0...1_000)
    try keys.read(.contrast, into: &contrast, in: 0...1_000)
    try keys.read(.saturation, into: &saturation, in: 0...1_000)
    try keys.read(.randAugment, into: &randAugment)
  }

  /// What is done to a picture.
  package var images: ImageAugmentation {
    ImageAugmentation(
      crop: RandomCrop(scale: cropScale...1), flipProbability: flipProbability,
      jitter: ColorJitter(brightness: brightness, contrast: contrast, saturation: saturation),
      randAugment: randAugment.map { RandAugment(arithmetic: $0) })
  }
}
