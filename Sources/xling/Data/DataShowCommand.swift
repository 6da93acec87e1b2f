import ArgumentParser
import Foundation
import XlingCore
import XlingData

struct DataShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Check a dataset folder and show its splits and languages; or show a card.")

  @Argument(help: "A folder with images/ and captions.jsonl, or a name of `xling data list`.")
  var folder: String

  @OptionGroup var links: LinkOptions

  func run() throws {
    let isFolder = FileManager.default.fileExists(atPath: folder)
    if !isFolder, let card = try DatasetCards.load()[folder] { return show(card) }
    let dataset = try DataSource.folder(folder, links)
    print("\(dataset.folder)  content \(dataset.contentHash.prefix(16))")
    for split in Split.allCases {
      let count = dataset.items(in: split).count
      guard count > 0 else { continue }
      print("\(split.rawValue): \(count) pictures")
      for language in dataset.languages {
        let coverage = dataset.coverage(language, split)
        guard coverage.n > 0 else { continue }
        print("  \(language): n \(coverage.n)\(coverage.isPartial ? ", partial" : "")")
      }
    }
  }

  private func show(_ card: DatasetCard) {
    let used = card.picturesUsed.map { "\($0) pictures" } ?? "pictures depend on your training data"
    print(
      """
      \(card.name): \(card.title)
      split \(card.split.rawValue), \(used); languages \(card.languages.joined(separator: " "))
      source   \(card.source)
      licence  \(card.licence)
      obtain   \(card.obtain)
      root     \(DataSource.root(of: card)), or --root DIR
      """)
    for file in card.files {
      print("file     \(file.path)" + (file.sha256.map { "  SHA-256 \($0)" } ?? ""))
    }
  }
}
