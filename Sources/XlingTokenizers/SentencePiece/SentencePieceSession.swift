/// One thread's buffers for a ``SentencePieceTokenizer``.
final class SentencePieceSession: TokenizerSession {
  private let tokenizer: SentencePieceTokenizer
  private let vocabulary: SentencePieceVocabulary
  private let normalized = NormalizedText()
  private let unigram: UnigramSegmenter
  private let bpe: BPESegmenter
  private let cache: ChunkCache?
  /// Unigram: the score of the path up to here, as the reference's float32 has it.
  @exclusivity(unchecked) private var score: Float = 0
  @exclusivity(unchecked) private var lastIsUnknown = false

  init(_ tokenizer: SentencePieceTokenizer, cached: Bool) {
    self.tokenizer = tokenizer
    vocabulary = tokenizer.vocabulary
    unigram = UnigramSegmenter(tokenizer.vocabulary)
    bpe = BPESegmenter(tokenizer.vocabulary)
    cache = cached && tokenizer.vocabulary.cutsAtSpaces ? ChunkCache() : nil
  }

  func encode(_ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit, into encoding: inout Encoding) {
    encoding.removeAll()
    tokenizer.normalizer.normalize(
      utf8.bindMemory(to: UInt8.self), offsets, into: normalized)
    score = 0
    lastIsUnknown = false
    let cuts = normalized.cuts.count
    for index in 0..<cuts {
      let start = Int(normalized.cuts[index])
      let end = index + 1 < cuts ? Int(normalized.cuts[index + 1]) : normalized.count
      encode(start..<end, &encoding)
    }
  }

  private func encode(_ range: Range<Int>, _ encoding: inout Encoding) {
    let chunk = UnsafeBufferPointer(
      start: normalized.bytes + range.lowerBound, count: range.count)
    guard let cache, range.count <= ChunkCache.longestChunk else {
      return segment(chunk, range.lowerBound, &encoding)
    }
    let hash = ChunkCache.hash(chunk)
    if let known = cache.find(chunk, hash) {
      if abs(score) >= known.limit { return segment(chunk, range.lowerBound, &encoding) }
      return append(known.tokens, range.lowerBound, &encoding)
    }
    if vocabulary.algorithm == .bpe {
      bpe.segment(chunk)
      cache.insert(chunk, hash, bpe.tokens, limit: .infinity)
      bpe.tokens.withUnsafeBufferPointer { append($0, range.lowerBound, &encoding) }
    } else {
      let limit = unigram.segmentAlone(chunk)
      cache.insert(chunk, hash, unigram.tokens, limit: limit)
      if abs(score) >= limit { return segment(chunk, range.lowerBound, &encoding) }
      unigram.tokens.withUnsafeBufferPointer { append($0, range.lowerBound, &encoding) }
    }
  }

  /// As the reference segments it, the path so far included.
  private func segment(
    _ chunk: UnsafeBufferPointer<UInt8>, _ start: Int, _ encoding: inout Encoding
  ) {
    if vocabulary.algorithm == .bpe {
      bpe.segment(chunk)
      bpe.tokens.withUnsafeBufferPointer { append($0, start, &encoding) }
    } else {
      let end = unigram.segment(chunk, base: score)
      unigram.tokens.withUnsafeBufferPointer { append($0, start, &encoding) }
      // Not the sum of the scores when the reference subtracts on the way.
      score = end
    }
  }

  private func append(
    _ tokens: UnsafeBufferPointer<ChunkToken>, _ start: Int, _ encoding: inout Encoding
  ) {
    let unknownId = vocabulary.unknownId
    var from = start
    for token in tokens {
      let to = start + Int(token.end)
      score += token.score
      if token.id == unknownId {
        appendUnknown(from..<to, &encoding)
      } else {
        lastIsUnknown = false
        encoding.append(
          tokenizer.ids.id(ofPiece: token.id, unknownPiece: unknownId), spanStart(of: from..<to),
          spanEnd(of: from..<to))
      }
      from = to
    }
  }

  /// Where a piece starts in the text: behind a ▁ that belongs to the character after it in the
  /// spans asked for.
  @inline(__always)
  private func spanStart(of range: Range<Int>) -> Int32 {
    if tokenizer.spans == .sentencepiece { return normalized.origins[range.lowerBound] }
    return normalized.origins[isMerged(range) ? range.lowerBound + 3 : range.lowerBound]
  }

  /// Where a piece ends in the text. Hugging Face's spans take all of a character that became
  /// several, even where the piece ends among them.
  @inline(__always)
  private func spanEnd(of range: Range<Int>) -> Int32 {
    if tokenizer.spans == .sentencepiece { return normalized.origins[range.upperBound] }
    var end = range.upperBound
    if isMerged(range) { end = max(end, range.lowerBound + 4) }
    let origins = normalized.origins
    while end < normalized.count, origins[end] == origins[end - 1] { end += 1 }
    return origins[end]
  }

  private func isMerged(_ range: Range<Int>) -> Bool {
    let word = range.lowerBound + SentencePieceModel.space.count
    let isDummy = range.lowerBound == 0 && tokenizer.normalizer.addsDummyPrefix
    return (isDummy || tokenizer.spans == .words) && word < normalized.count
      && normalized.bytes[word - 3] == 0xE2 && normalized.bytes[word - 2] == 0x96
      && normalized.bytes[word - 1] == 0x81
  }

  /// Neighbouring unknown characters are one token, or each is its bytes, the last of which has
  /// the span.
  private func appendUnknown(_ range: Range<Int>, _ encoding: inout Encoding) {
    let (start, end) = (spanStart(of: range), spanEnd(of: range))
    let text = UnsafeBufferPointer(start: normalized.bytes + range.lowerBound, count: range.count)
    if let bytePieces = vocabulary.bytePieces {
      for (index, byte) in text.enumerated() {
        let piece = bytePieces[Int(byte)]
        encoding.append(
          tokenizer.ids.id(ofPiece: piece, unknownPiece: vocabulary.unknownId), start,
          index == text.count - 1 || tokenizer.spans != .sentencepiece ? end : start)
      }
      return
    }
    if lastIsUnknown {
      encoding.ends[encoding.ends.count - 1] = end
      encoding.surfaces[encoding.surfaces.count - 1].utf8.append(contentsOf: text)
      return
    }
    encoding.append(tokenizer.ids.unknown, start, end)
    encoding.surfaces.append(.init(token: encoding.count - 1, utf8: Array(text)))
    encoding.unknownCount += 1
    lastIsUnknown = true
  }
}
