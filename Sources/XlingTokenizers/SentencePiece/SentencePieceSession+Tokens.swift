extension SentencePieceSession {
  /// Where the chunk at hand lies in the original text.
  struct Place {
    /// What has to be added to the origins of the normalized text.
    var base: Int32 = 0
    /// Whether it is the first chunk of its text.
    var isTextStart: Bool
  }

  /// Takes the tokens of a chunk that starts at `start` in the normalized text.
  func append(_ chunk: UnsafeBufferPointer<ChunkToken>, _ start: Int, _ place: Place) {
    tokens.reserve(chunk.count)
    let unknownId = vocabulary.unknownId
    var from = start
    for token in chunk {
      let to = start + Int(token.end)
      score += token.score
      if token.id == unknownId {
        appendUnknown(from..<to, place)
      } else {
        lastIsUnknown = false
        tokens.append(
          ids.id(ofPiece: token.id, unknownPiece: unknownId),
          spanStart(from..<to, place), spanEnd(from..<to, place))
      }
      from = to
    }
  }

  /// Where a piece starts in the text: behind a ▁ that belongs to the character after it in the
  /// spans asked for.
  @inline(__always)
  private func spanStart(_ range: Range<Int>, _ place: Place) -> Int32 {
    if spans != .sentencepiece, isMerged(range, place) {
      return place.base + normalized.origins[range.lowerBound + 3]
    }
    return place.base + normalized.origins[range.lowerBound]
  }

  /// Where a piece ends in the text. Hugging Face's spans take all of a character that became
  /// several, even where the piece ends among them.
  @inline(__always)
  private func spanEnd(_ range: Range<Int>, _ place: Place) -> Int32 {
    let origins = normalized.origins
    if spans == .sentencepiece { return place.base + origins[range.upperBound] }
    var end = range.upperBound
    if isMerged(range, place) { end = max(end, range.lowerBound + 4) }
    while end < normalized.count, origins[end] == origins[end - 1] { end += 1 }
    return place.base + origins[end]
  }

  private func isMerged(_ range: Range<Int>, _ place: Place) -> Bool {
    let word = range.lowerBound + SentencePieceModel.space.count
    let isDummy =
      range.lowerBound == 0 && place.isTextStart && normalizer.whitespace.addsDummyPrefix
    return (isDummy || spans == .words) && word < normalized.count
      && normalized.bytes[word - 3] == 0xE2 && normalized.bytes[word - 2] == 0x96
      && normalized.bytes[word - 1] == 0x81
  }

  /// Neighbouring unknown characters are one token, or each is its bytes, the last of which has
  /// the span.
  private func appendUnknown(_ range: Range<Int>, _ place: Place) {
    let (start, end) = (spanStart(range, place), spanEnd(range, place))
    let text = UnsafeBufferPointer(start: normalized.bytes + range.lowerBound, count: range.count)
    if let bytePieces = vocabulary.bytePieces {
      // More tokens than the chunk has pieces.
      tokens.reserve(range.count + normalized.count - range.upperBound)
      for (index, byte) in text.enumerated() {
        let piece = bytePieces[Int(byte)]
        tokens.append(
          ids.id(ofPiece: piece, unknownPiece: vocabulary.unknownId), start,
          index == text.count - 1 || spans != .sentencepiece ? end : start)
      }
    } else if lastIsUnknown {
      tokens.ends[tokens.count - 1] = end
      surfaces.extendLast(text)
    } else {
      appendUnknown(text, start, end)
    }
  }

  /// Takes a token whose text is no piece. There must be room.
  func appendUnknown(_ text: UnsafeBufferPointer<UInt8>, _ start: Int32, _ end: Int32) {
    surfaces.append(token: tokens.count, text)
    tokens.append(ids.unknown, start, end)
    unknownCount += 1
    lastIsUnknown = true
  }
}
