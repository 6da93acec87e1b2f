import ArgumentParser
import Foundation
import XlingCore

/// The command line. Subcommands are one file each in Commands/, listed here and nowhere else.
@main
struct Xling: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xling",
    abstract: "Align image and text towers in one language, measure retrieval in all of them.",
    discussion: """
      Results go to stdout, progress and messages to stderr.

      Exit status: 0 done; 1 a stated threshold failed; 64 usage; 65 bad data; 66 missing input; \
      70 internal error; 74 input or output error; 130 interrupted, can be resumed.
      """,
    version: Version.current,
    subcommands: [
      QuickstartCommand.self, DataCommand.self, TokenizeCommand.self, TokenizerCommand.self,
      PretrainCommand.self, AlignCommand.self, EvalCommand.self, MergeCommand.self,
      CompareCommand.self, CoverageCommand.self, GapCommand.self, NeighboursCommand.self,
      AttributeCommand.self, FinetuneCommand.self,
      ClassifyCommand.self, AuditCommand.self, RunsCommand.self, ShowCommand.self,
      MethodsCommand.self, LanguagesCommand.self, DriftCommand.self, InterpolateCommand.self,
      ImportCommand.self, ExportCommand.self, CheckCommand.self, CacheCommand.self,
      StudyCommand.self,
      InspectCommand.self, ForwardCommand.self, EmbedCommand.self, PixelsCommand.self,
    ])

  /// Without a subcommand.
  func run() throws { print(Overview.text()) }

  /// In place of ArgumentParser's own `main`, so that every error ends in ``ExitMapping``.
  static func main() {
    StandardOutput.occupyClosed()
    BLASKernels.choose()
    OutOfMemory.watch()
    // A file-size limit then fails the write, with a message, instead of ending the process.
    signal(SIGXFSZ, SIG_IGN)
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      try GivenArguments.check()
      try UnknownSubcommand.check(arguments, of: Xling.self)
      var command = try parseAsRoot(arguments)
      try command.run()
      try StandardOutput.finish()
    } catch {
      ExitMapping.exit(for: error)
    }
  }
}
