import ArgumentParser
import Foundation
import XlingCore
import XlingData
import XlingTokenizers

struct TokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "Train tokenizers.",
    subcommands: [TokenizerTrainCommand.self])
}

struct TokenizerTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a WordPiece vocabulary, on CLDR's texts or on files of your own.",
    discussion: "The same texts give the same vocabulary. Ties go by count, then by bytes.")

  @Argument(help: "Text files, one text a line; none means CLDR's names, keywords and displays.")
  var files: [String] = []

  @Option(help: "The folder that it goes to.")
  var output: String

  @Option(help: "Pieces in the vocabulary.")
  var size: Int = 16_000

  func validate() throws {
    if size < 100 { throw ValidationError("--size must be at least 100, found \(size)") }
  }

  func run() throws {
    var options = WordPieceTrainer.Options()
    options.vocabularySize = size
    var counts = try WordCounts(configuration: options.configuration)
    if files.isEmpty {
      for item in try TranslationCorpus.load().items {
        for (_, text) in item.texts.sorted(by: { $0.key < $1.key }) { counts.add(text) }
      }
    }
    for file in files {
      for line in try AtomicFile.read(file).split(separator: UInt8(ascii: "\n")) {
        line.withUnsafeBytes { counts.add($0) }
      }
    }
    let vocabulary = try WordPieceTrainer(options).train(counts)
    let definition = TokenizerDefinition(
      name: URL(fileURLWithPath: output).lastPathComponent,
      data: files.isEmpty
        ? "Unicode CLDR \(try CLDR().version): emoji names, keywords, display names"
        : files.joined(separator: ", "),
      licence: files.isEmpty ? "Unicode License" : "that of the files",
      command: "xling " + CommandLine.arguments.dropFirst().joined(separator: " "))
    try vocabulary.write(to: output, definition: definition)
    print("\(output): \(vocabulary.pieces.count) pieces")
  }
}
