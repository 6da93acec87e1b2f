import XlingData
import XlingTowers

/// An image tower with how its pictures are prepared: both as its folder declares, where nobody chooses
/// otherwise.
public struct TowerPictures {
  /// What is chosen; nil: as the folder has it.
  public struct Choices {
    public var imageSize: Int?
    public var interpolation: PositionInterpolation?
    public var pooling: ImagePooling?
    public var pictures = PictureChoices()

    public init() {}
  }

  public let tower: ImageTower
  public let input: PictureInput

  /// Throws `TowerFailure`, `ImageFailure`, `FileFailure`.
  public init(_ checkpoint: TowerCheckpoint, _ choices: Choices) throws {
    input = try checkpoint.pictureInput(choices.pictures, imageSize: choices.imageSize)
    tower = try checkpoint.image(
      imageSize: input.preprocessing.size, interpolation: choices.interpolation,
      pooling: choices.pooling)
  }
}

extension TowerCheckpoint {
  /// How pictures come before the image tower. Families that read any size read the one that their folder
  /// declares for pictures. Throws `TowerFailure`, `ImageFailure`, `FileFailure`.
  public func pictureInput(
    _ choices: PictureChoices, imageSize: Int?, preset: ChannelStatistics? = nil
  ) throws -> PictureInput {
    guard let image = configuration.image else {
      _ = try self.image()
      preconditionFailure("a tower of texts alone is refused as an image tower")
    }
    // A bare file has no folder that says anything.
    let place = configurationPath == nil ? checkpoint.path : folder
    var side = imageSize
    if side == nil, image.takesOtherSizes, preset == nil {
      side = try choices.declared(beside: place)?.preprocessing.size
    }
    return try choices.input(
      tower: place, side: side ?? image.imageSize, isChosen: imageSize != nil, preset: preset)
  }
}
