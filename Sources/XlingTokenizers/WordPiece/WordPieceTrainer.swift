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
    let words = SpelledWords(counts, Alphabet(symbols))
    let learntFrom = words.weights.reduce(0, +)
    guard learntFrom > 0 else { throw TokenizerFailure.nothingToTrainOn }
    var merger = PairMerger(
      WordPieceRules(alphabet: symbols), symbols: words.symbols, ends: words.ends,
      weights: words.weights)
    let size = options.vocabularySize - specials.count
    merger.run(minimumCount: options.minimumPairCount) { $0.pieces.count >= size }
    let pieces = (0..<merger.rules.pieces.count).map { Array(merger.rules.pieces[$0]) }
    var vocabulary = WordPieceVocabulary(
      pieces: PackedPieces(specials + pieces), configuration: options.configuration)
    vocabulary.training = TrainingRecord(
      lines: counts.lineCount, words: counts.total, distinctWords: counts.distinctCount,
      wordsWithDroppedCharacters: counts.total - learntFrom, characters: characters.count,
      alphabet: symbols.count)
    return vocabulary
  }

  private func characterCounts(_ counts: WordCounts) -> [UInt32: Int64] {
    var characters = [Int64](repeating: 0, count: ScalarTable<Int64>.codePointCount)
    for index in 0..<counts.distinctCount {
      counts.forEachScalar(of: index) { characters[Int($0)] += counts.counts[index] }
    }
    var seen: [UInt32: Int64] = [:]
    for (scalar, count) in characters.enumerated() where count > 0 { seen[UInt32(scalar)] = count }
    return seen
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

  private static func utf8(_ scalar: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    UTF8Scalar.append(scalar, to: &bytes)
    return bytes
  }
}

/// By scalar, its symbols at a word's start and within a word; -1 for none.
private struct Alphabet {
  private(set) var starts = [Int32](repeating: -1, count: ScalarTable<Int32>.codePointCount)
  private(set) var continuations = [Int32](
    repeating: -1, count: ScalarTable<Int32>.codePointCount)

  init(_ symbols: ByteTable) {
    for index in 0..<symbols.count {
      let piece = Array(symbols[index])
      let continues = piece.count > 2 && piece[0] == 0x23 && piece[1] == 0x23
      piece.withUnsafeBufferPointer { piece in
        guard let text = piece.baseAddress else { return }
        let scalar = Int(UTF8Scalar.decode(text, continues ? 2 : 0, piece.count).0)
        if continues {
          continuations[scalar] = Int32(index)
        } else {
          starts[scalar] = Int32(index)
        }
      }
    }
  }
}

/// All words in single characters, sorted by bytes; without those of which a character was left out
/// and those so long that the encoder would not look at them.
private struct SpelledWords {
  private(set) var symbols: [Int32] = []
  private(set) var ends: [Int32] = []
  private(set) var weights: [Int64] = []

  init(_ counts: WordCounts, _ alphabet: Alphabet) {
    for index in counts.sortedIndices() {
      let start = symbols.count
      var isKept = true
      counts.forEachScalar(of: index) { scalar in
        let isFirst = symbols.count == start
        let symbol = (isFirst ? alphabet.starts : alphabet.continuations)[Int(scalar)]
        symbols.append(symbol)
        isKept = isKept && symbol >= 0
      }
      guard isKept, symbols.count - start <= BertTokenizer.maximumScalarsPerWord else {
        symbols.removeSubrange(start...)
        continue
      }
      ends.append(Int32(symbols.count))
      weights.append(counts.counts[index])
    }
  }
}
