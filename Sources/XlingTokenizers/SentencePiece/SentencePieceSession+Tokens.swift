extension SentencePieceSession {
  /// Takes the tokens of a chunk that starts at `start` in the normalized text; `base` has to be
  /// added to the origins there.
  func append(_ chunk: UnsafeBufferPointer<ChunkToken>, _ start: Int, _ base: Int32) {
    tokens.reserve(chunk.count)
    let unknownId = vocabulary.unknownId
    let origins = normalized.origins
    var from = start
    for token in chunk {
      let to = start + Int(token.end)
      score += token.score
      if token.id == unknownId {
        appendUnknown(from..<to, base)
      } else {
        lastIsUnknown = false
        tokens.append(
          ids.id(ofPiece: token.id, unknownPiece: unknownId), base + origins[from],
          base + origins[to])
      }
      from = to
    }
  }

  /// Neighbouring unknown characters are one token, or each is its bytes, the last of which has
  /// the span.
  private func appendUnknown(_ range: Range<Int>, _ base: Int32) {
    let origins = normalized.origins
    let (start, end) = (base + origins[range.lowerBound], base + origins[range.upperBound])
    let text = UnsafeBufferPointer(start: normalized.bytes + range.lowerBound, count: range.count)
    if let bytePieces = vocabulary.bytePieces {
      // More tokens than the chunk has pieces.
      tokens.reserve(range.count + normalized.count - range.upperBound)
      for (index, byte) in text.enumerated() {
        let piece = bytePieces[Int(byte)]
        tokens.append(
          ids.id(ofPiece: piece, unknownPiece: vocabulary.unknownId), start,
          index == text.count - 1 ? end : start)
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
