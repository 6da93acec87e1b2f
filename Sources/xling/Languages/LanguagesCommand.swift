import ArgumentParser

struct LanguagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "languages",
    abstract: "Languages: codes, script, family, which models and evaluation sets have them.",
    subcommands: [LanguagesListCommand.self, LanguagesShowCommand.self],
    defaultSubcommand: LanguagesListCommand.self)
}
