import Foundation
import XlingCore

/// A model with what it was learnt from.
public struct TrainedSentencePiece: Sendable, Equatable {
  public let model: SentencePieceModel
  public let record: SentencePieceTrainingRecord

  /// With a piece behind the others that hides one in masked-language modelling; no text is encoded to it.
  public func withMask() -> TrainedSentencePiece {
    var model = model
    model.append(Array("[MASK]".utf8), score: 0, kind: .control)
    return TrainedSentencePiece(model: model, record: record)
  }

  /// Writes spiece.model, tokenizer_config.json and, when given, definition.toml. The folder appears
  /// whole; one that was there before is replaced, provided that it is a tokenizer. Throws
  /// ``FileFailure``.
  public func write(to folder: String, definition: TokenizerDefinition? = nil) throws {
    let configuration = """
      {
        "model_max_length": 512,
        "unk_token": "<unk>",
        "bos_token": "<s>",
        "eos_token": "</s>"
      }

      """
    var files = [
      "spiece.model": model.serialized, "tokenizer_config.json": Data(configuration.utf8),
    ]
    files["definition.toml"] = definition.map { Data(toml($0).utf8) }
    try TokenizerFolder.write(files, to: folder)
  }

  private func toml(_ definition: TokenizerDefinition) -> String {
    let hash = model.contentHash(.sentencepiece)
    return definition.toml(
      model: model.algorithm == .unigram ? "unigram" : "bpe",
      facts: [
        "vocabulary_size = \(model.count)", "content_hash = \"\(hash)\"",
        "normalization = \(JSONNode.quoted(model.normalizerName))",
        "character_coverage = \(record.characterCoverage)",
      ],
      training: [
        "lines = \(record.lines)", "skipped_lines = \(record.skippedLines)",
        "words = \(record.words)", "distinct_words = \(record.distinctWords)",
        "characters = \(record.characters)", "alphabet = \(record.alphabet)",
      ])
  }
}

/// What a model was learnt from, for its tokenizer's definition.
public struct SentencePieceTrainingRecord: Sendable, Equatable {
  public let lines: Int
  public let skippedLines: Int
  public let words: Int64
  public let distinctWords: Int
  public let characterCoverage: Float
  /// Different characters seen, and how many of them have a piece.
  public let characters: Int
  public let alphabet: Int

  init(
    _ corpus: SentencePieceCorpus, _ words: SentencePieceCorpus.Words,
    _ required: RequiredCharacters, _ options: SentencePieceTrainingOptions
  ) {
    lines = corpus.lineCount
    skippedLines = corpus.skippedLineCount
    self.words = words.counts.reduce(0, +)
    distinctWords = words.count
    characterCoverage = options.characterCoverage
    characters = required.seenCount
    alphabet = required.ranked.count
  }
}
