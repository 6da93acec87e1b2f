import Foundation
import XlingCore

/// A dataset by what a user calls it: `scenes`, `emoji`, `stamps`, a folder in the generic layout,
/// or a card of `datasets/`.
public struct DataSource: Sendable, Equatable {
  public var name: String
  /// Where the files of a card's dataset lie; nil: in `data/` and the card's folder.
  public var root: String?
  /// Links to pictures outside of the dataset's folder are followed.
  public var followsLinks: Bool

  public init(_ name: String, root: String? = nil, followsLinks: Bool = false) {
    self.name = name
    self.root = root
    self.followsLinks = followsLinks
  }

  /// The dataset, and what it calls languages otherwise than we, by its spellings: empty for cards,
  /// which say so themselves. Throws ``DataFailure``, `FileFailure`.
  public func load() throws -> (dataset: Dataset, spellings: [String: String]) {
    guard let card = try card() else {
      let dataset = try Dataset.load(
        try EmbeddedDataset.resolve(name), followingLinks: followsLinks)
      return (dataset, dataset.spellings)
    }
    let root = root ?? Self.root(of: card)
    return (try card.load(root: root, followingLinks: followsLinks), [:])
  }

  /// The list of captions that a folder has; nil for published sets.
  public var captions: String? {
    let folder = EmbeddedDataset(rawValue: name)?.folder ?? name
    let file = folder + "/captions.jsonl"
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }

  public static func root(of card: DatasetCard) -> String { "data/" + card.folder }

  /// Throws ``DataFailure/unknownDataset(given:nearest:known:)`` where only a card can be meant.
  private func card() throws -> DatasetCard? {
    let isThere =
      EmbeddedDataset(rawValue: name) != nil || FileManager.default.fileExists(atPath: name)
    if isThere, root == nil { return nil }
    let cards = try DatasetCards.load()
    let isNearlyOne = Spelling.nearest(to: name, among: cards.all.map(\.name)) != nil
    return root != nil || isNearlyOne ? try cards.find(name) : nil
  }
}
