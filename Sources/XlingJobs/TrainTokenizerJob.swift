import Foundation
import XlingCore
import XlingData
import XlingTokenizers

/// Trains a tokenizer on CLDR's texts or on files, and writes its folder.
public struct TrainTokenizerJob: Sendable {
  public enum Kind: String, Codable, Sendable, CaseIterable { case wordpiece, unigram, bpe }

  public struct Options: Sendable {
    public var kind: Kind
    public var output: String
    /// Text files, one text a line; none: CLDR's names, keywords and displays.
    public var files: [String] = []
    /// Pieces in the vocabulary, all of them.
    public var size = 16_000
    /// SentencePiece: characters that make up this share of the text get pieces.
    public var characterCoverage: Float = 0.9995
    /// SentencePiece: in characters.
    public var maximumPieceLength = 16
    /// SentencePiece: the last piece is one that hides others, for masked-language modelling. WordPiece has it always.
    public var hasMask = false
    /// How it is trained again, for its definition.
    public var command = ""

    public init(_ kind: Kind, output: String) { (self.kind, self.output) = (kind, output) }
  }

  private let options: Options

  public init(_ options: Options) { self.options = options }

  /// How many pieces it has, which are fewer than asked for where the texts do not hold as many. Throws
  /// `TokenizerFailure`, `LockFailure` where another process trains into the folder, and what reading texts and
  /// writing throws.
  public func run() throws -> Int {
    // Two into one folder would mix their files.
    let lock = try FileLock(output: options.output, makingParents: true)
    defer { lock.release() }
    return try options.kind == .wordpiece ? wordPiece() : sentencePiece()
  }

  private func wordPiece() throws -> Int {
    var training = WordPieceTrainer.Options()
    training.vocabularySize = options.size
    var counts = try WordCounts(configuration: training.configuration)
    try forEachText { counts.add($0) }
    let vocabulary = try WordPieceTrainer(training).train(counts)
    try vocabulary.write(to: options.output, definition: try definition())
    return vocabulary.pieces.count
  }

  private func sentencePiece() throws -> Int {
    var training = SentencePieceTrainingOptions()
    training.vocabularySize = options.size - (options.hasMask ? 1 : 0)
    training.characterCoverage = options.characterCoverage
    training.maximumPieceLength = options.maximumPieceLength
    var corpus = try SentencePieceCorpus()
    try forEachText { corpus.add(CollectionOfOne(Array($0))) }
    var trained =
      options.kind == .unigram
      ? try UnigramTrainer(training).train(corpus) : try BPETrainer(training).train(corpus)
    if options.hasMask { trained = trained.withMask() }
    try trained.write(to: options.output, definition: try definition())
    return trained.model.count
  }

  /// Calls `body` with every text: files as they are, CLDR's in a fixed order.
  private func forEachText(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if options.files.isEmpty {
      for item in try TranslationCorpus.load().items {
        for (_, text) in item.texts.sorted(by: { $0.key < $1.key }) {
          var text = text
          try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
        }
      }
    }
    for file in options.files {
      try TextBytes.utf8(try AtomicFile.read(file), path: file).withUnsafeBytes { text in
        for line in text.split(separator: UInt8(ascii: "\n")) {
          try body(UnsafeRawBufferPointer(rebasing: line))
        }
      }
    }
  }

  private func definition() throws -> TokenizerDefinition {
    TokenizerDefinition(
      name: URL(fileURLWithPath: options.output).lastPathComponent,
      data: options.files.isEmpty
        ? "Unicode CLDR \(try CLDR().version): emoji names, keywords, display names"
        : options.files.joined(separator: ", "),
      licence: options.files.isEmpty ? "Unicode License" : "that of the files",
      command: options.command)
  }
}
