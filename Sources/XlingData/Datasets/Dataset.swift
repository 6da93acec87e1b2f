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
    /// language (BCP 47) -> captions, at least one each.
    public let captions: [String: [String]]
    /// Ids of what is in the picture, where the dataset says so.
    public let concepts: [String]
    /// The picture shows a held-out word.
    public let isHeldOut: Bool
  }

  public let folder: String
  /// The card's name, or the folder's last component: "scenes".
  public let name: String
  /// In the file's order.
  public let items: [Item]
  /// SHA-256 of captions.jsonl and of each picture's name and size: names the data in every
  /// result.
  public let contentHash: String
  /// Every language with a caption, sorted.
  public let languages: [String]
  /// Codes that captions.jsonl has for languages, where they are not ours: "jp" -> "ja".
  public let spellings: [String: String]
  /// Where pictures lie inside the folder, when not in `images/`.
  private let paths: [String: String]

  /// Reads and checks the whole folder; nothing is skipped. Pictures may not lead out of it, but by links
  /// of an import, or by any where `followingLinks`. Throws ``DataFailure`` or `FileFailure`, telling
  /// file, line, expected and found.
  public static func load(_ folder: String, followingLinks: Bool = false) throws -> Dataset {
    try DatasetReader(folder, followsLinks: followingLinks).read()
  }

  init(
    folder: String, name: String? = nil, items: [Item], contentHash: String,
    paths: [String: String] = [:], spellings: [String: String] = [:]
  ) {
    self.folder = folder
    self.name =
      name ?? (folder as NSString).standardizingPath.split(separator: "/").last.map(String.init)
      ?? ""
    self.items = items
    self.contentHash = contentHash
    self.paths = paths
    self.spellings = spellings
    languages = Set(items.flatMap(\.captions.keys)).sorted()
  }

  /// Path of a picture.
  public func path(of item: Item) -> String {
    folder + "/" + (paths[item.image] ?? "images/" + item.image)
  }

  public func items(in split: Split) -> [Item] { items.filter { $0.split == split } }

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
    let all = items(in: split)
    return Coverage(n: all.count { $0.captions[language] != nil }, total: all.count)
  }

  /// The pictures and captions of one language, and which caption belongs to which picture.
  public struct Gold: Sendable {
    /// Pictures that have a caption in the language, in the file's order.
    public let items: [Item]
    /// Captions, picture by picture.
    public let captions: [String]
    /// For each caption the index of its picture in ``items``.
    public let imageOfCaption: [Int]
    public let coverage: Coverage
  }

  /// `perImage` keeps the first captions of each picture only. Throws ``DataFailure`` when the
  /// split has no caption in the language.
  public func gold(
    _ language: String, _ split: Split, perImage: Int = .max
  ) throws(DataFailure) -> Gold {
    let covered = items(in: split).filter { $0.captions[language] != nil }
    guard !covered.isEmpty else {
      throw .badDataset(
        path: folder,
        reason: "no caption in \(language) in split \(split.rawValue); its languages are "
          + MessageList.of(languages) + ".")
    }
    var captions: [String] = []
    var owners: [Int] = []
    for (index, item) in covered.enumerated() {
      for caption in (item.captions[language] ?? []).prefix(perImage) {
        captions.append(caption)
        owners.append(index)
      }
    }
    return Gold(
      items: covered, captions: captions, imageOfCaption: owners,
      coverage: coverage(language, split))
  }
}
