import Synchronization
import XlingData

/// Labelled pictures as a classifier is trained on them; decoded ones are kept up to `cacheBytes`.
public final class LabelledPictureSource: LabelledSource {
  public let pictures: LabelledPictures
  private let cacheBytes: Int
  private let cache = Mutex((pictures: [Int: Picture](), bytes: 0))
  private let ahead: PicturesAhead

  /// `reading` of picture files; what is wrong with those that it lets pass goes to `damage`.
  public init(
    _ pictures: LabelledPictures, reading: PictureReading, damage: PictureDamage,
    cacheBytes: Int = 512 << 20
  ) {
    self.pictures = pictures
    self.cacheBytes = cacheBytes
    let sources = pictures.pictures
    ahead = PicturesAhead { index in
      switch sources[index] {
      case .pixels(let picture): return picture
      case .file(let path):
        let result = try reading.load(path: path)
        if let reason = result.damage { damage.note(path, reason) }
        return result.picture
      }
    }
  }

  public var count: Int { pictures.pictures.count }
  public func label(_ image: Int) -> Int32 { pictures.labels[image] }
  public func pictureHash(_ image: Int) throws -> [UInt8] { try pictures.digest(of: image) }

  public func picture(_ image: Int) throws -> Picture {
    if let kept = cache.withLock({ $0.pictures[image] }) { return kept }
    let picture = try ahead.picture(image)
    cache.withLock { cache in
      guard cache.bytes + picture.pixels.count <= cacheBytes else { return }
      cache.pictures[image] = picture
      cache.bytes += picture.pixels.count
    }
    return picture
  }

  public func announce(_ images: [Int]) {
    ahead.announce(cache.withLock { cache in images.filter { cache.pictures[$0] == nil } })
  }
}
