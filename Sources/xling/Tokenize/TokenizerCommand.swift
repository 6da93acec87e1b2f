import ArgumentParser

struct TokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "Train, show, compare, time and extend tokenizers.",
    subcommands: [
      TokenizerTrainCommand.self, TokenizerShowCommand.self, TokenizerDiffCommand.self,
      TokenizerBenchCommand.self, TokenizerRepairCommand.self,
    ])
}
