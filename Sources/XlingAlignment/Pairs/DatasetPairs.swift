import Foundation
import Synchronization
import XlingCore
import XlingData
import XlingTokenizers

/// One split of a dataset in one language, tokenized, with pairs of others mixed in. Share one among runs:
/// decoded pictures are kept up to `cacheBytes`.
public final class DatasetPairs: PairSource {
  public let count: Int
  public let mixed: [MixedCaptions]
  /// With those of other languages behind.
  private let paths: [String]
  /// SHA-256 of their bytes in hexadecimal, as the dataset has them.
  private let digests: [String?]
  private let ids: [[[Int32]]]
  private let cacheBytes: Int
  private let cache = Mutex((pictures: [Int: Picture](), bytes: 0))
  private let ahead: PicturesAhead

  public let folder: String?
  /// Captions that hold no token but the frame, of which the preprocessing left nothing, say. They
  /// are trained on as they are: dropping them would change the data in silence.
  public let emptyCaptions: Int

  /// `limit` keeps so many pictures, drawn by `seed`: a smaller draw lies within a larger one; `mixing` are the
  /// pairs of other languages. What is wrong with pictures that `reading` lets pass goes to `damage`.
  /// Throws `DataFailure` when the split has no caption in the language, `UnicodeFailure`.
  public init(
    _ dataset: Dataset, split: Split, captions: CaptionReading, tokenizer: any Tokenizer,
    limit: Int = .max, seed: UInt64 = 0, mixing draw: FewShotDraw? = nil,
    reading: PictureReading = PictureReading(),
    damage: PictureDamage = PictureDamage(), cacheBytes: Int = 512 << 20
  ) throws {
    var items = try dataset.gold(captions.language, split).items
    if limit < items.count {
      let drawn = RandomStream(seed: seed, "pairs").shuffled(Array(items.indices)).prefix(limit)
      items = drawn.sorted().map { items[$0] }
    }
    folder = URL(fileURLWithPath: dataset.folder).standardizedFileURL.path
    count = items.count
    let parts = draw?.parts ?? []
    mixed = Self.mixed(parts, behind: items)
    let all = items + parts.flatMap(\.items)
    paths = all.map { dataset.path(of: $0) }
    let known = dataset.pictureDigests()
    digests = all.map { known[$0.image] }
    let own = try items.map { item in
      try (item.captions[captions.language] ?? []).map {
        try captions.ids(of: $0, by: tokenizer)
      }
    }
    ids =
      own
      + (try parts.flatMap { part in
        try part.pairs.map {
          [try captions.ids(of: $0.caption, language: part.language, by: tokenizer)]
        }
      })
    let frame = captions.hasEndToken ? 2 : 1
    emptyCaptions = ids.joined().count { $0.count <= frame }
    self.cacheBytes = cacheBytes
    ahead = PicturesAhead { [paths] in
      let result = try reading.load(path: paths[$0])
      if let reason = result.damage { damage.note(paths[$0], reason) }
      return result.picture
    }
  }

  private static func mixed(
    _ parts: [FewShotDraw.Part], behind items: [Dataset.Item]
  ) -> [MixedCaptions] {
    var numbers = Dictionary(items.enumerated().map { ($1.image, $0) }) { first, _ in first }
    var first = items.count
    return parts.map { part in
      let pictures = part.pairs.map { pair in
        if let known = numbers[pair.picture] { return known }
        numbers[pair.picture] = numbers.count
        return numbers.count - 1
      }
      defer { first += part.pairs.count }
      return MixedCaptions(language: part.language, first: first, pictures: pictures)
    }
  }

  /// A split as a run reads it: its language, length and number of pairs; `draw` is mixed into it.
  public convenience init(
    _ dataset: Dataset, split: Split, tokenizer: any Tokenizer,
    configuration: AlignmentConfiguration, mixing draw: FewShotDraw? = nil,
    damage: PictureDamage = PictureDamage()
  ) throws {
    try self.init(
      dataset, split: split, captions: configuration.captions, tokenizer: tokenizer,
      limit: split == .train ? configuration.pairLimit ?? .max : .max,
      seed: configuration.pairSeed, mixing: draw,
      reading: configuration.pictureInput?.reading ?? PictureReading(), damage: damage)
  }

  public func captionCount(_ image: Int) -> Int { ids[image].count }
  public func tokens(_ image: Int, caption: Int) -> [Int32] { ids[image][caption] }

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

  public func pictureHash(_ image: Int) throws -> [UInt8]? {
    try digests[image].flatMap { Digest.bytes(hexadecimal: $0) }
      ?? Digest.bytes(of: try AtomicFile.read(paths[image]))
  }

  public func announce(_ images: [Int]) {
    ahead.announce(cache.withLock { cache in images.filter { cache.pictures[$0] == nil } })
  }
}
