import Foundation
import XlingCore
import XlingTensor

extension TowerCheckpoint {
  /// The image tower, of a model of both its image half. With position embeddings for pictures of `imageSize`,
  /// interpolated as the family does it unless told otherwise when the checkpoint's are of another size, and
  /// pooled as the folder declares unless told otherwise. Throws ``TowerFailure``.
  public func image(
    imageSize: Int? = nil, interpolation: PositionInterpolation? = nil,
    pooling: ImagePooling? = nil
  ) throws -> ImageTower {
    guard let configuration = configuration.image else { throw otherKind("an image tower") }
    try checkSize()
    if let pooling { try configuration.check(pooling, path: configurationPath ?? checkpoint.path) }
    let tower = ImageTower(configuration)
    if let pooling { tower.pooling = pooling }
    try assign(tower, configuration.keyMap).place()
    guard let imageSize, imageSize != configuration.imageSize else { return tower }
    return try tower.resized(
      to: imageSize, interpolation ?? configuration.interpolation, path: checkpoint.path)
  }

  /// The heads that were taken where nothing said how many the image tower has; nil where something did.
  public var guessedHeads: Int? {
    configuration.image.flatMap { $0.guessesHeads ? $0.heads : nil }
  }

  /// What the library of the folder calls a picture's vectors: without projection, and with it.
  public var pictureVectors: RawForward.PictureVectors {
    guard let image = configuration.image else { return .init() }
    switch image.naming {
    case .huggingFace, .mae: return .init()
    case .openCLIP, .openCLIPTrunk: return .init(projected: "image_embeds")
    default:
      let isProjected = image.head?.projection != nil
      if case .siglip(isWhole: true) = image.naming {
        return .init(pooled: "pooler_output", projected: "image_embeds")
      }
      return .init(pooled: "pooler_output", projected: isProjected ? "image_embeds" : nil)
    }
  }
}

extension TowerConfiguration {
  /// Whether a folder says what lies in it.
  static func exists(in folder: String) -> Bool {
    ["config.json", Checkpoint.openCLIPFile].contains {
      FileManager.default.fileExists(atPath: folder + "/" + $0)
    }
  }

  /// With other heads than the file says, where some are asked for. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  func with(heads: Int?, path: String) throws(TowerFailure) -> TowerConfiguration {
    guard let heads, case .image(var image) = self else { return self }
    guard image.hiddenSize % heads == 0 else {
      throw .configuration(
        path: path, reason: "its width \(image.hiddenSize) is not a multiple of \(heads) heads")
    }
    image.heads = heads
    return .image(image)
  }
}
