/// Trains a WordPiece vocabulary by pair counts, as Hugging Face's trainer does ("BPE with ##"),
/// but the same on every run: ties go by count, then by the bytes of the piece.
public struct WordPieceTrainer: Sendable {
  public struct Options: Sendable, Equatable {
    /// Pieces in all, special tokens and characters included.
    public var vocabularySize = 16_000
    /// Rarer characters are left out, and words with them are not learnt from.
    public var minimumCharacterCount: Int64 = 2
    /// At most this share of the vocabulary is single characters; the most frequent stay.
    public var alphabetShare = 0.6
    /// Rarer pairs are not merged, even when the vocabulary stays smaller.
    public var minimumPairCount: Int64 = 2
    public var configuration = BertConfiguration.multilingual

    public init() {}
  }

  public let options: Options

  public init(_ options: Options = Options()) { self.options = options }

  /// Throws ``TokenizerFailure``.
  public func train(lines: some Sequence<String>) throws -> WordPieceVocabulary {
    var counts = try WordCounts(configuration: options.configuration)
    for line in lines { counts.add(line) }
    return try train(counts)
  }

  /// `counts` must have been made with this trainer's configuration. The order in which its lines
  /// came makes no difference.
  public func train(_ counts: WordCounts) throws -> WordPieceVocabulary {
    let specials = options.configuration.specialTokens.map { Array($0.utf8) }
    let characters = characterCounts(counts)
    let symbols = try alphabet(characters, counts, specialCount: specials.count)
    var merger = WordPieceMerger(alphabet: symbols)
    var learntFrom: Int64 = 0
    for index in counts.sortedIndices() {
      guard let word = spell(counts.word(index), symbols) else { continue }
      merger.add(word: word, weight: counts.counts[index])
      learntFrom += counts.counts[index]
    }
    guard learntFrom > 0 else { throw TokenizerFailure.nothingToTrainOn }
    merger.run(
      size: options.vocabularySize - specials.count, minimumCount: options.minimumPairCount)
    let pieces = (0..<merger.pieces.count).map { Array(merger.pieces[$0]) }
    var vocabulary = WordPieceVocabulary(
      pieces: WordPieces(specials + pieces), configuration: options.configuration)
    vocabulary.training = TrainingRecord(
      lines: counts.lineCount, words: counts.total, distinctWords: counts.distinctCount,
      wordsWithDroppedCharacters: counts.total - learntFrom, characters: characters.count,
      alphabet: symbols.count)
    return vocabulary
  }

  private func characterCounts(_ counts: WordCounts) -> [UInt32: Int64] {
    var characters: [UInt32: Int64] = [:]
    for index in 0..<counts.distinctCount {
      Self.forEachScalar(counts.word(index)) { characters[$0, default: 0] += counts.counts[index] }
    }
    return characters
  }

  /// First characters as they are, then with "##", each by code point. A character comes in both
  /// forms, so that no word is unknown only for where its characters stand; punctuation and CJK
  /// ideographs, always words of their own, in the first only.
  private func alphabet(
    _ characters: [UInt32: Int64], _ counts: WordCounts, specialCount: Int
  ) throws -> ByteTable {
    let limit = Int(Double(options.vocabularySize) * options.alphabetShare)
    let ranked = characters.filter { $0.value >= options.minimumCharacterCount }
      .sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    var kept: [UInt32] = []
    var size = 0
    for (scalar, _) in ranked {
      let forms = counts.standsAlone(scalar) ? 1 : 2
      if size + forms > limit { break }
      kept.append(scalar)
      size += forms
    }
    if kept.isEmpty && !ranked.isEmpty || options.vocabularySize <= specialCount {
      throw TokenizerFailure.vocabularyTooSmall(
        requested: options.vocabularySize, needed: specialCount + 2)
    }
    var table = ByteTable()
    kept.sort()
    for scalar in kept { _ = table.insert(Self.utf8(scalar)) }
    for scalar in kept where !counts.standsAlone(scalar) {
      _ = table.insert([0x23, 0x23] + Self.utf8(scalar))
    }
    return table
  }

  /// The word in single characters, or nil when one of them was left out or the encoder would
  /// not look at so long a word.
  private func spell(_ word: ArraySlice<UInt8>, _ symbols: ByteTable) -> [Int32]? {
    var ids: [Int32] = []
    var isKept = true
    Self.forEachScalar(word) { scalar in
      let prefix: [UInt8] = ids.isEmpty ? [] : [0x23, 0x23]
      if let index = symbols.index(of: prefix + Self.utf8(scalar)) {
        ids.append(Int32(index))
      } else {
        isKept = false
      }
    }
    return isKept && ids.count <= BertTokenizer.maximumScalarsPerWord ? ids : nil
  }

  private static func forEachScalar(_ word: ArraySlice<UInt8>, _ body: (UInt32) -> Void) {
    word.withUnsafeBufferPointer { bytes in
      guard let text = bytes.baseAddress else { return }
      var at = 0
      while at < bytes.count {
        let (scalar, length) = UTF8Scalar.decode(text, at, bytes.count)
        body(scalar)
        at += length
      }
    }
  }

  private static func utf8(_ scalar: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    UTF8Scalar.append(scalar, to: &bytes)
    return bytes
  }
}
