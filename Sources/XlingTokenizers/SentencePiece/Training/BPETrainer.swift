/// Learns merges as SentencePiece 0.2.3 does: each round takes the pair of neighbours with the most
/// occurrences, overlapping ones included; of equals the one with the fewest characters, then with
/// the smallest bytes. A pair whose text is a piece already is never merged.
public struct BPETrainer: Sendable {
  public let options: SentencePieceTrainingOptions

  public init(_ options: SentencePieceTrainingOptions) { self.options = options }

  /// The vocabulary comes out smaller than asked for when there is nothing left to merge. Throws
  /// ``TokenizerFailure``.
  public func train(_ corpus: SentencePieceCorpus) throws -> TrainedSentencePiece {
    let (words, required) = try options.prepare(corpus)
    let record = SentencePieceTrainingRecord(corpus, words, required, options)
    let merges = merges(words, required)
    var model = options.model(.bpe, charsmap: corpus.charsmap)
    for (rank, piece) in merges.enumerated() { model.append(piece, score: -Float(rank)) }
    for (rank, character) in required.ranked.enumerated() {
      var piece: [UInt8] = []
      UTF8Scalar.append(character.scalar, to: &piece)
      model.append(piece, score: -Float(merges.count + rank))
    }
    return TrainedSentencePiece(model: model, record: record)
  }

  private func merges(
    _ words: SentencePieceCorpus.Words, _ required: RequiredCharacters
  ) -> [[UInt8]] {
    var rules = BPERules(maximumLength: options.maximumPieceLength)
    let symbols = words.scalars.map { rules.symbol($0) }
    var merger = PairMerger(rules, symbols: symbols, ends: words.ends, weights: words.counts)
    let limit =
      options.vocabularySize - SentencePieceTrainingOptions.metaCount - required.ranked.count
    merger.run { $0.pieces.count >= limit }
    return merger.rules.pieces
  }
}
