import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingRuns

struct InterpolateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interpolate",
    abstract: "A run with its towers drawn back towards their pretrained weights.",
    discussion: """
      Alignment on one language pulls the text tower away from the others. A share of 0.7 keeps seven \
      tenths of what training changed there (WiSE-FT, Wortsman et al. 2022), often for a little of the \
      trained language and a gain in the rest; no step is trained. Choose shares on val:
        xling interpolate runs/lwa --text 0.7 --output runs/lwa-07
        xling eval runs/lwa-07 --data scenes --split val --lang all
      Heads stay as they were trained. Adapters, LoRA and all thawed weights can be drawn back; deep \
      adapters and prompts cannot.
      """)

  @Argument(help: ArgumentHelp("A run's folder, or a stored run's name.", valueName: "run"))
  var name: String

  @Option(
    help: "How much of its training the text tower keeps, 0 to 1.",
    transform: NumberRange.real(0...1))
  var text = 1.0

  @Option(
    help: "How much of its training the image tower keeps, 0 to 1.",
    transform: NumberRange.real(0...1))
  var image = 1.0

  @Option(help: "The new run's folder.")
  var output: String

  @OptionGroup var store: StoreOption

  func validate() throws {
    if text == 1, image == 1 {
      throw ValidationError("give --text or --image: with 1 and 1 it is the run as it was trained")
    }
  }

  /// On val, where the run was trained with one; without its data, a look at the new run.
  private func next(_ record: RunRecord) -> [String] {
    guard let data = record.trainingFolder, FileManager.default.fileExists(atPath: data) else {
      return ["xling", "show", output]
    }
    return ["xling", "eval", output, "--data", data]
      + (record.validation == nil ? [] : ["--split", "val"]) + ["--lang", "all"]
      + ((try? store.place(for: [output]).words(for: output)) ?? [])
  }

  func run() throws {
    try NewFolder.check(output)
    let folder = try store.folder(of: name)
    let lock = try FileLock(output: output, makingParents: true)
    defer { withExtendedLifetime(lock) {} }
    let record = try RunInterpolation(run: folder).write(text: text, image: image, to: output)
    print("\(output): \(record.method) of \(name), text \(text), image \(image)")
    print("next: " + ShellWords.command(next(try RunFolder(folder).record())))
  }
}
