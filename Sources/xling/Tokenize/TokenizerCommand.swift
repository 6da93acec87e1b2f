import ArgumentParser

struct TokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "Train, show, compare and time tokenizers.",
    subcommands: [
      TokenizerTrainCommand.self, TokenizerShowCommand.self, TokenizerDiffCommand.self,
      TokenizerBenchCommand.self,
    ])
}
