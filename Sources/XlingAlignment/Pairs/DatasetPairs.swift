import Synchronization
import XlingCore
import XlingData
import XlingTokenizers

/// One split of a dataset in one language, tokenized. Share one among runs: decoded pictures are
/// kept up to `cacheBytes`.
public final class DatasetPairs: PairSource {
  private let paths: [String]
  private let ids: [[[Int32]]]
  private let cacheBytes: Int
  private let cache = Mutex((pictures: [Int: Picture](), bytes: 0))
  private let ahead: PicturesAhead

  /// `limit` keeps the first pictures only. Throws `DataFailure` when the split has no caption in
  /// the language.
  public init(
    _ dataset: Dataset, split: Split, language: String, tokenizer: any Tokenizer,
    maximumTokens: Int = 25, limit: Int = .max, cacheBytes: Int = 512 << 20
  ) throws {
    let items = try dataset.gold(language, split).items.prefix(limit)
    paths = items.map { dataset.path(of: $0) }
    ids = items.map { item in
      (item.captions[language] ?? []).map { tokenizer.ids(of: $0, maximumLength: maximumTokens) }
    }
    self.cacheBytes = cacheBytes
    ahead = PicturesAhead { [paths] in try Picture.load(path: paths[$0]) }
  }

  /// A split as a run reads it: its language, length and number of pairs.
  public convenience init(
    _ dataset: Dataset, split: Split, tokenizer: any Tokenizer,
    configuration: AlignmentConfiguration
  ) throws {
    try self.init(
      dataset, split: split, language: configuration.language, tokenizer: tokenizer,
      maximumTokens: configuration.maximumTokens,
      limit: split == .train ? configuration.pairLimit ?? .max : .max)
  }

  public var count: Int { paths.count }
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

  public func announce(_ images: [Int]) {
    ahead.announce(cache.withLock { cache in images.filter { cache.pictures[$0] == nil } })
  }
}
