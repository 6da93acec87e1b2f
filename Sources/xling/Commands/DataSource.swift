import Foundation
import XlingCore
import XlingData

/// What `--data` and `--root` name.
enum DataSource {
  /// `scenes`, `emoji`, `stamps`, a folder in the generic layout, or a card of `datasets/`, whose files lie in
  /// `root`, else in `data/` and the card's folder. Throws ``DataFailure``, `FileFailure`.
  static func load(_ name: String, root: String?) throws -> Dataset {
    guard let card = try card(name, rootGiven: root != nil) else {
      return try Dataset.load(try DataFolder.resolve(name))
    }
    return try card.load(root: root ?? self.root(of: card))
  }

  /// The list of captions that a folder named by `--data` has; nil for published sets.
  static func captions(_ name: String) -> String? {
    let folder = DataBuildCommand.Name(rawValue: name) == nil ? name : "data/" + name
    let file = folder + "/captions.jsonl"
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }

  static func root(of card: DatasetCard) -> String { "data/" + card.folder }

  /// Throws ``DataFailure/unknownDataset(given:nearest:known:)`` where only a card can be meant.
  private static func card(_ name: String, rootGiven: Bool) throws -> DatasetCard? {
    let isThere =
      DataBuildCommand.Name(rawValue: name) != nil || FileManager.default.fileExists(atPath: name)
    if isThere, !rootGiven { return nil }
    let cards = try DatasetCards.load()
    let isNearlyOne = Spelling.nearest(to: name, among: cards.all.map(\.name)) != nil
    return rootGiven || isNearlyOne ? try cards.find(name) : nil
  }
}
