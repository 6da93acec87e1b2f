import ArgumentParser
import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingRuns

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a run of a checkpoint that LilT's code trained.",
    discussion: """
      xling import checkpoint_14.pth --text-tower mbert --image-tower deit --output runs/lilt
      What LilT trained is told by --method, --preset, --recipe, --text and --image as in `xling \
      align`; a checkpoint with adapters in both towers is taken for lilt-lwa. Every tensor must be \
      one of the recipe's. With the towers that LilT began with, what the recipe freezes must be \
      theirs, and `xling drift` compares with them; without, the checkpoint's own are taken, and a \
      --tokenizer is needed.
      """)

  @Argument(help: "A .pth of LilT's code, or the same tensors in another container.")
  var checkpoint: String

  @OptionGroup var selection: MethodSelection

  @Option(help: "The text tower that LilT began with, its tokenizer beside it.")
  var textTower: String?

  @Option(help: "The image tower that LilT began with.")
  var imageTower: String?

  @Option(help: "The tokenizer's folder or file (default: the text tower's).")
  var tokenizer: String?

  @Option(
    help: "Heads of a text tower of unpublished width, where it is not given.",
    transform: NumberRange.whole(1...NumberRange.heads))
  var textHeads: Int?

  @Option(
    help: "Heads of an image tower of unpublished width, where it is not given.",
    transform: NumberRange.whole(1...NumberRange.heads))
  var imageHeads: Int?

  @Option(help: "The new run's folder.")
  var output: String

  func run() throws {
    try NewFolder.check(output)
    var options = LilTImport.Options()
    (options.textTower, options.imageTower, options.tokenizer) = (textTower, imageTower, tokenizer)
    (options.textHeads, options.imageHeads) = (textHeads, imageHeads)
    let lock = try FileLock(output: output, makingParents: true)
    defer { withExtendedLifetime(lock) {} }
    let importer = try LilTImport(checkpoint: checkpoint, options: options)
    let record = try importer.write(try card(importer), to: output)
    print(
      "\(output): \(record.method) of \(checkpoint), \(record.trainedParameters) of "
        + "\(record.allParameters) parameters trained")
    if record.imported?.hasStart == false {
      ProgressBar.toStandardError(
        "xling: the towers are the checkpoint's own, after training: a look at the drift needs them "
          + "as they were before, by --text-tower and --image-tower\n")
    }
    let isBuilt = FileManager.default.fileExists(atPath: "data/scenes")
    print(
      "next: "
        + ShellWords.command(
          isBuilt
            ? ["xling", "eval", output, "--data", "scenes", "--lang", "all"]
            : ["xling", "show", output]))
  }

  /// The recipe, with what LilT's code does to captions and pictures under any.
  private func card(_ importer: LilTImport) throws -> MethodCard {
    let isNamed =
      [selection.method, selection.preset, selection.recipe, selection.text, selection.image]
      .contains { $0 != nil }
    var selection = selection
    if !isNamed { selection.preset = importer.presetName }
    let card = try selection.card()
    guard card.training.captions == nil else { return card }
    return MethodCard(
      recipe: card.recipe, training: try MethodCards.named("lilt-lwa", .preset).training)
  }
}
