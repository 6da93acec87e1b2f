import ArgumentParser
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingRuns

extension RunExport.Format: ExpressibleByArgument {}

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a finished run for another machine or another program.",
    discussion: """
      folder: a run's folder with its towers and tokenizer in it; every command takes it as a run.
      lilt: model.safetensors under the names of LilT's code (lwa, da and linear heads only).
      sentence-transformers: the text side, with its head (no modules but da and lora).
      open_clip: both sides, as above; open it from within the folder, as local-dir:. there.
      """)

  @OptionGroup var which: RunOption

  @Option(help: "folder, lilt, sentence-transformers or open_clip.")
  var format = RunExport.Format.folder

  @Option(help: "The new folder.")
  var output: String

  func run() throws {
    try NewFolder.check(output)
    let folder = try which.found().folder
    let lock = try FileLock(output: output, makingParents: true)
    defer { withExtendedLifetime(lock) {} }
    try RunExport(run: folder).write(format, to: output)
    print("\(output): \(LoadedRun.name(of: folder)) as \(format.rawValue)")
  }
}
