import Foundation
import XlingCore

/// A folder of pictures with captions in several languages: `images/` and `captions.jsonl`, one
/// JSON object a line:
///
///     {"image": "a.jpg", "split": "train|val|test", "captions": {"en": ["…"], "tr": ["…"]}}
///
/// and, optionally, "concepts": [ids] and "heldout": true.
public struct Dataset: Sendable {
  /// One line.
  public struct Item: Sendable, Equatable {
    /// File name inside `images/`, or as the files of a card's dataset have it.
    public let image: String
    public let split: Split
    public let captions: Captions
    /// Ids of what is in the picture, where the dataset says so.
    public let concepts: [String]
    /// The picture shows a held-out word.
    public let isHeldOut: Bool

    init(
      image: String, split: Split, captions: Captions, concepts: [String], isHeldOut: Bool
    ) {
      (self.image, self.split, self.captions) = (image, split, captions)
      (self.concepts, self.isHeldOut) = (concepts, isHeldOut)
    }

    init(
      image: String, split: Split, captions: [String: [String]], concepts: [String],
      isHeldOut: Bool
    ) {
      self.init(
        image: image, split: split, captions: Captions(captions), concepts: concepts,
        isHeldOut: isHeldOut)
    }

    func with(_ captions: Captions) -> Item {
      Item(
        image: image, split: split, captions: captions, concepts: concepts, isHeldOut: isHeldOut)
    }
  }

  /// What names a dataset.
  struct Contents: Sendable {
    /// SHA-256 of what says which caption belongs to which picture.
    let captions: String
    /// In an order that depends on nothing else, each with the SHA-256 of its bytes.
    let pictures: [(name: String, digest: String)]
    /// The hash that earlier versions had.
    let former: @Sendable () -> String
  }

  public let folder: String
  /// The card's name, or the folder's last component: "scenes".
  public let name: String
  /// In the file's order.
  public let items: [Item]
  /// "2:" and the SHA-256 of captions.jsonl and of each picture's name and bytes: names the data in every
  /// result.
  public let contentHash: String
  /// Every language with a caption, sorted.
  public let languages: [String]
  /// Codes that captions.jsonl has for languages, where they are not ours: "jp" -> "ja".
  public let spellings: [String: String]
  /// Where pictures lie inside the folder, when not in `images/` under their own names.
  private let paths: [String: String]
  private let isOfCard: Bool
  private let contents: Contents
  private let splits: [Split: [Item]]
  private let counts: [Split: [String: Int]]

  /// Reads and checks the whole folder; nothing is skipped. Pictures that were hashed before and have not
  /// changed since (by size, times and inode) are not read, unless `anew`. Pictures may not lead out of the
  /// folder, but by links of an import, or by any where `followingLinks`. Throws ``DataFailure`` or
  /// `FileFailure`, telling file, line, expected and found; `InterruptionFailure`.
  public static func load(
    _ folder: String, followingLinks: Bool = false, anew: Bool = false
  ) throws -> Dataset {
    try DatasetReader(folder, followsLinks: followingLinks).read(anew: anew)
  }

  init(
    folder: String, name: String? = nil, items: [Item], contents: Contents,
    paths: [String: String] = [:], spellings: [String: String] = [:]
  ) {
    self.folder = folder
    isOfCard = name != nil
    self.name =
      name ?? (folder as NSString).standardizingPath.split(separator: "/").last.map(String.init)
      ?? ""
    self.items = items
    self.contents = contents
    contentHash = ContentHash.of(captions: contents.captions, pictures: contents.pictures)
    self.paths = paths
    self.spellings = spellings
    let splits = Dictionary(grouping: items, by: \.split)
    self.splits = splits
    counts = splits.mapValues { items in
      var counts = CaptionCounts()
      for item in items { item.captions.count(into: &counts) }
      counts.flush()
      return counts.byName
    }
    languages = counts.values.reduce(into: Set()) { $0.formUnion($1.keys) }.sorted()
  }

  /// What earlier versions had for ``contentHash``: sizes of pictures in place of their bytes. What they
  /// left behind is compared with it once.
  public func formerHash() -> String { contents.former() }

  /// Whether it is what ``load(_:followingLinks:anew:)`` reads of `folder`.
  public func isIn(_ folder: String) -> Bool {
    let (mine, other) = (realpath(self.folder, nil), realpath(folder, nil))
    defer {
      free(mine)
      free(other)
    }
    guard !isOfCard, let mine, let other else { return false }
    return strcmp(mine, other) == 0
  }

  /// SHA-256 of each picture's bytes, by ``Item/image``.
  public func pictureDigests() -> [String: String] {
    Dictionary(contents.pictures.map { ($0.name, $0.digest) }) { $1 }
  }

  /// Path of a picture.
  public func path(of item: Item) -> String {
    folder + "/" + (paths[item.image] ?? "images/" + item.image)
  }

  public func items(in split: Split) -> [Item] { splits[split] ?? [] }

  /// Paths of the split's pictures, in the file's order.
  public func images(in split: Split) -> [String] { items(in: split).map(path) }

  /// How much of a split one language covers.
  public struct Coverage: Sendable, Equatable {
    /// Pictures with a caption.
    public let n: Int
    /// All pictures of the split.
    public let total: Int
    public var share: Double { total == 0 ? 0 : Double(n) / Double(total) }
    /// Under 95 %: results say so and show n.
    public var isPartial: Bool { share < 0.95 }
  }

  public func coverage(_ language: String, _ split: Split) -> Coverage {
    Coverage(n: counts[split]?[language] ?? 0, total: splits[split]?.count ?? 0)
  }

  /// Languages with a caption in the split, sorted.
  public func languages(in split: Split) -> [String] { (counts[split] ?? [:]).keys.sorted() }

  /// The pictures and captions of one language, and which caption belongs to which picture.
  public struct Gold: Sendable {
    /// Pictures that have a caption in the language, in the file's order.
    public let items: [Item]
    /// Captions, picture by picture.
    public let captions: [String]
    /// For each caption the index of its picture in ``items``.
    public let imageOfCaption: [Int]
    public let coverage: Coverage

    /// Of the same pictures with as many other captions in their places.
    public func with(captions: [String]) -> Gold {
      precondition(captions.count == self.captions.count)
      return Gold(
        items: items, captions: captions, imageOfCaption: imageOfCaption, coverage: coverage)
    }
  }

  /// `perImage` keeps the first captions of each picture only. Throws ``DataFailure`` when the
  /// split has no caption in the language.
  public func gold(
    _ language: String, _ split: Split, perImage: Int = .max
  ) throws(DataFailure) -> Gold {
    var covered: [Item] = []
    var captions: [String] = []
    var owners: [Int] = []
    for item in items(in: split) {
      guard let texts = item.captions[language] else { continue }
      for caption in texts.prefix(perImage) {
        captions.append(caption)
        owners.append(covered.count)
      }
      covered.append(item)
    }
    guard !covered.isEmpty else {
      throw .badDataset(
        path: folder,
        reason: "no caption in \(language) in split \(split.rawValue); its languages are "
          + MessageList.of(languages) + ".")
    }
    return Gold(
      items: covered, captions: captions, imageOfCaption: owners,
      coverage: coverage(language, split))
  }
}
