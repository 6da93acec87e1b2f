import ArgumentParser
import XlingCore
import XlingJobs

struct TokenizerTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a tokenizer on CLDR's texts or on files of your own.",
    discussion: "The same texts give the same tokenizer, in whatever order and on any machine.",
    subcommands: [TrainWordPieceCommand.self, TrainUnigramCommand.self, TrainBPECommand.self],
    defaultSubcommand: TrainWordPieceCommand.self)
}

/// What training reads, and where its result goes.
private struct TrainingArguments: ParsableArguments {
  @Argument(help: "Text files, one text a line; none means CLDR's names, keywords and displays.")
  var files: [String] = []

  @Option(help: "The folder that it goes to.")
  var output: String

  @Option(help: "Pieces in the vocabulary.", transform: NumberRange.whole(100...10_000_000))
  var size: Int = 16_000

  func train(
    _ kind: TrainTokenizerJob.Kind, _ change: (inout TrainTokenizerJob.Options) -> Void = { _ in }
  ) throws {
    var options = TrainTokenizerJob.Options(kind, output: output)
    (options.files, options.size, options.command) = (files, size, ShellWords.thisCommand())
    change(&options)
    print("\(output): \(try TrainTokenizerJob(options).run()) pieces")
  }
}

private struct TrainWordPieceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wordpiece", abstract: "A WordPiece vocabulary; ties go by count, then by bytes.")

  @OptionGroup var arguments: TrainingArguments

  func run() throws { try arguments.train(.wordpiece) }
}

/// Options of both kinds of SentencePiece models.
private struct SentencePieceArguments: ParsableArguments {
  @Option(
    help: "Characters that make up this share of the text get pieces.",
    transform: NumberRange.real(0.5...1))
  var characterCoverage: Float = 0.9995

  @Option(help: "The longest piece, in characters.", transform: NumberRange.whole(1...64))
  var maximumPieceLength = 16

  @Flag(help: "Make [MASK] the last piece, which `xling pretrain text` needs.")
  var mask = false

  func train(_ arguments: TrainingArguments, _ kind: TrainTokenizerJob.Kind) throws {
    try arguments.train(kind) { options in
      options.characterCoverage = characterCoverage
      options.maximumPieceLength = maximumPieceLength
      options.hasMask = mask
    }
  }
}

private struct TrainUnigramCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unigram", abstract: "A SentencePiece Unigram model, by expectation maximization.")

  @OptionGroup var arguments: TrainingArguments
  @OptionGroup var options: SentencePieceArguments

  func run() throws { try options.train(arguments, .unigram) }
}

private struct TrainBPECommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bpe", abstract: "A SentencePiece BPE model, by merging the most frequent pairs.")

  @OptionGroup var arguments: TrainingArguments
  @OptionGroup var options: SentencePieceArguments

  func run() throws { try options.train(arguments, .bpe) }
}
