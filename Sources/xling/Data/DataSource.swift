import ArgumentParser
import Foundation
import XlingCore
import XlingData

/// For datasets of one's own.
struct LinkOptions: ParsableArguments {
  @Flag(
    help: "Follow links to pictures outside of the dataset's folder: only where they are your own.")
  var followLinks = false
}

/// What `--data` and `--root` name.
enum DataSource {
  /// `scenes`, `emoji`, `stamps`, a folder in the generic layout, or a card of `datasets/`, whose files lie in
  /// `root`, else in `data/` and the card's folder. Throws ``DataFailure``, `FileFailure`.
  static func load(_ name: String, root: String?, _ links: LinkOptions) throws -> Dataset {
    guard let card = try card(name, rootGiven: root != nil) else {
      return try folder(try EmbeddedDataset.resolve(name), links)
    }
    return try card.load(root: root ?? self.root(of: card), followingLinks: links.followLinks)
  }

  /// A folder in the generic layout; what it calls languages otherwise is told. Throws ``DataFailure``,
  /// `FileFailure`.
  static func folder(_ path: String, _ links: LinkOptions) throws -> Dataset {
    let dataset = try Dataset.load(path, followingLinks: links.followLinks)
    tell(dataset.spellings, in: path)
    return dataset
  }

  /// One line, however many codes.
  static func tell(_ spellings: [String: String], in path: String) {
    guard !spellings.isEmpty else { return }
    let some = spellings.sorted { $0.key < $1.key }.prefix(8).map { "\($0.key) is \($0.value)" }
    let rest = spellings.count > 8 ? " and \(spellings.count - 8) more" : ""
    ProgressBar.toStandardError(
      TerminalText.visible(
        "xling: languages of \(path) by our codes: \(some.joined(separator: ", "))\(rest)") + "\n")
  }

  /// The list of captions that a folder named by `--data` has; nil for published sets.
  static func captions(_ name: String) -> String? {
    let folder = EmbeddedDataset(rawValue: name)?.folder ?? name
    let file = folder + "/captions.jsonl"
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }

  static func root(of card: DatasetCard) -> String { "data/" + card.folder }

  /// Throws ``DataFailure/unknownDataset(given:nearest:known:)`` where only a card can be meant.
  private static func card(_ name: String, rootGiven: Bool) throws -> DatasetCard? {
    let isThere =
      EmbeddedDataset(rawValue: name) != nil || FileManager.default.fileExists(atPath: name)
    if isThere, !rootGiven { return nil }
    let cards = try DatasetCards.load()
    let isNearlyOne = Spelling.nearest(to: name, among: cards.all.map(\.name)) != nil
    return rootGiven || isNearlyOne ? try cards.find(name) : nil
  }
}
