/// What the trainers of SentencePiece models are told.
public struct SentencePieceTrainingOptions: Sendable, Equatable {
  /// Pieces in all, the three special ones and the characters included.
  public var vocabularySize = 8000
  /// The most frequent characters that make up this share of the text get pieces; all others are
  /// unknown.
  public var characterCoverage: Float = 0.9995
  /// In characters, ▁ included.
  public var maximumPieceLength = 16
  /// Unigram: substrings to begin with.
  public var seedCount = 1_000_000
  /// Unigram: the share of the pieces that a round of pruning keeps.
  public var shrinkingFactor: Float = 0.75
  /// Unigram: rounds of expectation and maximization between prunings.
  public var subIterations = 2

  public init() {}

  /// Pieces that are not learnt: unknown, start and end, ids 0 to 2.
  static let metaCount = 3

  /// An empty model with the special pieces.
  func model(_ algorithm: SentencePieceModel.Algorithm, charsmap: [UInt8]) -> SentencePieceModel {
    var model = SentencePieceModel()
    model.algorithm = algorithm
    model.charsmap = charsmap
    model.normalizerName = charsmap.isEmpty ? "identity" : "icu_nmt_nfkc"
    model.startId = 1
    model.endId = 2
    model.training = SentencePieceTrainingFields(
      characterCoverage: characterCoverage, maximumPieceLength: maximumPieceLength,
      shrinkingFactor: shrinkingFactor, subIterations: subIterations)
    for (id, name) in SentencePieceCorpus.metaPieces.enumerated() {
      model.append(Array(name.utf8), score: 0, kind: id == 0 ? .unknown : .control)
    }
    return model
  }

  /// Words with rare characters replaced, and the characters that stay. Throws
  /// ``TokenizerFailure/nothingToTrainOn`` or
  /// ``TokenizerFailure/vocabularyTooSmall(requested:needed:)``.
  func prepare(
    _ corpus: SentencePieceCorpus
  ) throws(TokenizerFailure) -> (words: SentencePieceCorpus.Words, required: RequiredCharacters) {
    var words = corpus.words()
    let required = RequiredCharacters(words, coverage: characterCoverage)
    if required.ranked.isEmpty { throw .nothingToTrainOn }
    let needed = required.ranked.count + Self.metaCount
    guard needed < vocabularySize else {
      throw .vocabularyTooSmall(requested: vocabularySize, needed: needed + 1)
    }
    required.replaceOthers(in: &words)
    return (words, required)
  }
}
