/// One thread's buffers for a ``SentencePieceTokenizer``. With a cache, texts are encoded word by
/// word where the model allows; without one, and where a text does not, as a whole.
final class SentencePieceSession: TokenizerSession {
  /// Owns what the readers read.
  private let tokenizer: SentencePieceTokenizer
  let vocabulary: SentencePieceVocabulary.Reader
  let ids: SentencePieceIds.Reader
  let normalizer: SentencePieceNormalizer.Reader
  let normalized = NormalizedText()
  let unigram: UnigramSegmenter
  let bpe: BPESegmenter
  /// Nil when texts are encoded as a whole.
  let cache: WordCache?
  /// By a part of a word's hash, another part of the last one that fell there: words are kept when
  /// they come a second time, since most words of a text never do.
  let seen: UnsafeMutablePointer<UInt8>
  static let seenCount = 1 << 16
  @exclusivity(unchecked) var tokens = TokenBuffer()
  @exclusivity(unchecked) var surfaces = Surfaces()
  @exclusivity(unchecked) var unknownCount = 0
  /// Unigram: the score of the path up to here, as the reference's float32 has it.
  @exclusivity(unchecked) var score: Float = 0
  @exclusivity(unchecked) var lastIsUnknown = false
  /// A cached word's tokens, while they are put together.
  @exclusivity(unchecked) var placed: [PlacedToken] = []
  private let padding = CacheLinePadding()

  init(_ tokenizer: SentencePieceTokenizer, cacheLimit: Int) {
    self.tokenizer = tokenizer
    vocabulary = tokenizer.vocabulary.reader
    ids = tokenizer.ids.reader
    normalizer = tokenizer.normalizer.reader
    unigram = UnigramSegmenter(tokenizer.vocabulary)
    bpe = BPESegmenter(tokenizer.vocabulary)
    cache = cacheLimit > 0 && tokenizer.encodesWordsAlone ? WordCache(limit: cacheLimit) : nil
    let count = cache == nil ? 0 : Self.seenCount
    seen = .allocateApart(capacity: count)
    seen.initialize(repeating: 0, count: count)
  }

  deinit {
    cache?.deallocate()
    seen.deallocate()
    tokens.deallocate()
  }

  func encode(_ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit, into encoding: inout Encoding) {
    encoding.removeAll()
    let text = utf8.bindMemory(to: UInt8.self)
    // Lent for the time being, so that their memory is reused.
    swap(&surfaces, &encoding.surfaces)
    start()
    if let cache {
      if !encodeWords(text, offsets, cache) {
        start()
        encodeWhole(text, offsets)
      }
    } else {
      encodeWhole(text, offsets)
    }
    tokens.copy(into: &encoding)
    swap(&surfaces, &encoding.surfaces)
    encoding.unknownCount = unknownCount
  }

  private func start() {
    tokens.count = 0
    surfaces.removeAll()
    unknownCount = 0
    score = 0
    lastIsUnknown = false
  }

  private func encodeWhole(_ text: UnsafeBufferPointer<UInt8>, _ offsets: OffsetUnit) {
    normalizer.normalize(text, offsets, into: normalized)
    let cuts = normalized.cuts.count
    for index in 0..<cuts {
      let start = Int(normalized.cuts[index])
      let end = index + 1 < cuts ? Int(normalized.cuts[index + 1]) : normalized.count
      segment(start..<end, 0)
    }
  }

  /// Segments a stretch of the normalized text as the reference does, the path so far included,
  /// and takes its tokens.
  func segment(_ range: Range<Int>, _ base: Int32) {
    let chunk = UnsafeBufferPointer(
      start: normalized.bytes + range.lowerBound, count: range.count)
    if vocabulary.algorithm == .bpe {
      bpe.segment(chunk)
      append(bpe.tokens, range.lowerBound, base)
    } else {
      let end = unigram.segment(chunk, base: score)
      append(unigram.tokens, range.lowerBound, base)
      // Not the sum of the scores when the reference subtracts on the way.
      score = end
    }
  }
}
