import ArgumentParser
import XlingCore
import XlingData

struct DataFewShotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "few-shot",
    abstract:
      "Print the order in which `xling align --mix` draws a dataset's pairs, as --mix-file reads it.",
    discussion: """
      Training pictures by the SHA-256 of "few-shot SEED NAME". Of each language the first so many are taken \
      that have a caption in it. The file can be committed.
      """)

  @Argument(help: "scenes, emoji, stamps, or a folder with images/ and captions.jsonl.")
  var data: String

  @OptionGroup var links: LinkOptions

  @Option(help: "Seed of the order.", transform: NumberRange.seed)
  var seed: UInt64 = 0

  @Option(help: "Pictures.", transform: NumberRange.whole(from: 1))
  var count: Int = 200

  func run() throws {
    let dataset = try DataSource.folder(try EmbeddedDataset.resolve(data), links)
    let order = try FewShotOrder(of: dataset, seed: seed, count: count)
    print(String(decoding: try order.json.dropLast(), as: UTF8.self))
  }
}
