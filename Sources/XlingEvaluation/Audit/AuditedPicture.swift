import Foundation
import XlingCore
import XlingData

/// What tells a picture again.
public struct AuditedPicture: Sendable {
  public let name: String
  public let number: Int?
  public let digest: String
  public let frequencies: PerceptualHash
  public let gradients: PerceptualHash

  /// `data` is a picture file. Throws ``ImageFailure``.
  public init(name: String, data: Data) throws {
    self.name = name
    let picture = try PictureReading().decode(data, name: name).picture
    frequencies = .frequencies(of: picture)
    gradients = .gradients(of: picture)
    digest = Digest.of(data)
    number = Self.publishedNumber(name)
  }

  /// The number of COCO or Flickr in a name. Short numbers count pictures of one collection and name
  /// none.
  static func publishedNumber(_ name: String) -> Int? {
    let isLong = name.utf8.split { !(0x30...0x39).contains($0) }.contains { $0.count >= 7 }
    return isLong ? PictureNumber.of(name) : nil
  }

  static func all(of dataset: Dataset, _ split: Split) throws -> [AuditedPicture] {
    let items = dataset.items(in: split)
    var found = [Result<AuditedPicture, any Error>?](repeating: nil, count: items.count)
    found.withUnsafeMutableBufferPointer { slots in
      // One slot is written by one thread only, and read after all are done.
      nonisolated(unsafe) let slots = slots
      Parallel.ranges(items.count, grain: 8) { range in
        for index in range where !Interruption.requested {
          slots[index] = Result {
            let path = dataset.path(of: items[index])
            return try AuditedPicture(name: items[index].image, data: try AtomicFile.read(path))
          }
        }
      }
    }
    try Interruption.check("nothing is kept of an audit")
    return try found.compactMap { try $0?.get() }
  }

  /// The training picture of the fewest differing bits, and how many; the first of several.
  func nearest(in others: [AuditedPicture]) -> (index: Int, bits: Int)? {
    var best: (index: Int, bits: Int)?
    for (index, other) in others.enumerated() {
      let bits = max(
        frequencies.distance(to: other.frequencies), gradients.distance(to: other.gradients))
      if bits < best?.bits ?? .max { best = (index, bits) }
    }
    return best
  }
}
