import ArgumentParser
import Foundation
import XlingCore
import XlingData

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Build the embedded datasets; look at any dataset; verify published test sets.",
    subcommands: [
      DataBuildCommand.self, DataImportCommand.self, DataListCommand.self, DataShowCommand.self,
      DataCheckCommand.self, DataFewShotCommand.self,
    ])
}

extension EmbeddedDataset: ExpressibleByArgument {}

extension EmojiShift: ExpressibleByArgument {
  static let words = Kind.allCases.map(\.rawValue).joined(separator: ", ")
}

struct DataBuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Build a dataset from what packages of the system hold.",
    discussion: """
      scenes: pictures of one to four emoji with captions in about 95 languages.
      emoji: single emoji, unseen concepts in val and test; --shift draws them otherwise.
      stamps: Tux Paint's stamps with sentences in about 75 languages \
      (apt install tuxpaint-stamps-default).
      The same packages and seed give the same bytes; a folder that holds the dataset already is \
      left as it is.
      """)

  @Argument(help: "scenes, emoji or stamps.")
  var name: EmbeddedDataset

  @Option(help: "The folder that it goes to (default: data/NAME).")
  var output: String?

  @Option(
    help: ArgumentHelp(
      """
      Of emoji: the same pictures drawn otherwise: \(EmojiShift.words), each with a level from 1 to 3 \
      behind it (size-3; without, 2).
      """, valueName: "name"))
  var shift: EmojiShift?

  @Option(help: "Seed of the scenes.", transform: NumberRange.seed)
  var seed: UInt64 = 0

  @Option(help: "Scenes for training.", transform: NumberRange.whole(1...10_000_000))
  var train: Int = SceneCounts.standard.train

  @Option(help: "Scenes for validation.", transform: NumberRange.whole(1...10_000_000))
  var val: Int = SceneCounts.standard.val

  @Option(help: "Scenes for the test.", transform: NumberRange.whole(1...10_000_000))
  var test: Int = SceneCounts.standard.test

  @OptionGroup var json: JSONOption

  func validate() throws {
    if let shift, name != .emoji {
      throw ValidationError(
        "--shift \(shift.rawValue): \(name.rawValue) has no shifts; give it with emoji")
    }
  }

  func run() throws {
    let folder = output ?? shift.map(EmbeddedDataset.folder(of:)) ?? name.folder
    let summary =
      switch name {
      case .scenes:
        try DatasetBuilder.scenes(
          into: folder, seed: seed, counts: SceneCounts(train: train, val: val, test: test))
      case .emoji: try DatasetBuilder.emoji(into: folder, shift: shift)
      case .stamps: try DatasetBuilder.stamps(into: folder)
      }
    if json.isAsked {
      print(try JSONText.encode(summary))
    } else {
      let counts = Split.allCases.map { "\(summary.pictures[$0.rawValue] ?? 0) \($0.rawValue)" }
      let partial = summary.languages.values.count(where: \.partial)
      print(
        """
        \(folder): \(summary.isNew ? "built" : "is there already"), \
        \(counts.joined(separator: ", ")) pictures, \(summary.languages.count) languages \
        (\(partial) partial, under 95 % of the test pictures)
        """)
      if let leftOut = summary.leftOut {
        print("left out: \(leftOut) stamps that are vector drawings only")
      }
    }
  }
}
