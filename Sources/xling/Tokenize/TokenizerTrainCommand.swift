import ArgumentParser
import Foundation
import XlingCore
import XlingData
import XlingTokenizers

struct TokenizerTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a tokenizer on CLDR's texts or on files of your own.",
    discussion: "The same texts give the same tokenizer, in whatever order and on any machine.",
    subcommands: [TrainWordPieceCommand.self, TrainUnigramCommand.self, TrainBPECommand.self],
    defaultSubcommand: TrainWordPieceCommand.self)
}

/// What training reads, and where its result goes.
struct TrainingArguments: ParsableArguments {
  @Argument(help: "Text files, one text a line; none means CLDR's names, keywords and displays.")
  var files: [String] = []

  @Option(help: "The folder that it goes to.")
  var output: String

  @Option(help: "Pieces in the vocabulary.", transform: NumberRange.whole(100...10_000_000))
  var size: Int = 16_000

  /// Calls `body` with every text: files as they are, CLDR's in a fixed order.
  func forEachText(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if files.isEmpty {
      for item in try TranslationCorpus.load().items {
        for (_, text) in item.texts.sorted(by: { $0.key < $1.key }) {
          var text = text
          try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
        }
      }
    }
    for file in files {
      try TextBytes.utf8(try AtomicFile.read(file), path: file).withUnsafeBytes { text in
        for line in text.split(separator: UInt8(ascii: "\n")) {
          try body(UnsafeRawBufferPointer(rebasing: line))
        }
      }
    }
  }

  /// Held while the tokenizer is trained and written: two into one folder would mix their files.
  func lock() throws -> FileLock { try FileLock(output: output, makingParents: true) }

  func definition() throws -> TokenizerDefinition {
    TokenizerDefinition(
      name: URL(fileURLWithPath: output).lastPathComponent,
      data: files.isEmpty
        ? "Unicode CLDR \(try CLDR().version): emoji names, keywords, display names"
        : files.joined(separator: ", "),
      licence: files.isEmpty ? "Unicode License" : "that of the files",
      command: ShellWords.thisCommand())
  }
}

private struct TrainWordPieceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wordpiece", abstract: "A WordPiece vocabulary; ties go by count, then by bytes.")

  @OptionGroup var arguments: TrainingArguments

  func run() throws {
    let lock = try arguments.lock()
    defer { withExtendedLifetime(lock) {} }
    var options = WordPieceTrainer.Options()
    options.vocabularySize = arguments.size
    var counts = try WordCounts(configuration: options.configuration)
    try arguments.forEachText { counts.add($0) }
    let vocabulary = try WordPieceTrainer(options).train(counts)
    try vocabulary.write(to: arguments.output, definition: try arguments.definition())
    print("\(arguments.output): \(vocabulary.pieces.count) pieces")
  }
}

/// Options of both kinds of SentencePiece models.
private struct SentencePieceArguments: ParsableArguments {
  @Option(
    help: "Characters that make up this share of the text get pieces.",
    transform: NumberRange.real(0.5...1))
  var characterCoverage: Float = 0.9995

  @Option(help: "The longest piece, in characters.", transform: NumberRange.whole(1...64))
  var maximumPieceLength = 16

  func train(
    _ arguments: TrainingArguments,
    _ trainer: (SentencePieceTrainingOptions, SentencePieceCorpus) throws -> TrainedSentencePiece
  ) throws {
    let lock = try arguments.lock()
    defer { withExtendedLifetime(lock) {} }
    var options = SentencePieceTrainingOptions()
    options.vocabularySize = arguments.size
    options.characterCoverage = characterCoverage
    options.maximumPieceLength = maximumPieceLength
    var corpus = try SentencePieceCorpus()
    try arguments.forEachText { corpus.add(CollectionOfOne(Array($0))) }
    let trained = try trainer(options, corpus)
    try trained.write(to: arguments.output, definition: try arguments.definition())
    print("\(arguments.output): \(trained.model.count) pieces")
  }
}

private struct TrainUnigramCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unigram", abstract: "A SentencePiece Unigram model, by expectation maximization.")

  @OptionGroup var arguments: TrainingArguments
  @OptionGroup var options: SentencePieceArguments

  func run() throws {
    try options.train(arguments) { try UnigramTrainer($0).train($1) }
  }
}

private struct TrainBPECommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bpe", abstract: "A SentencePiece BPE model, by merging the most frequent pairs.")

  @OptionGroup var arguments: TrainingArguments
  @OptionGroup var options: SentencePieceArguments

  func run() throws {
    try options.train(arguments) { try BPETrainer($0).train($1) }
  }
}
