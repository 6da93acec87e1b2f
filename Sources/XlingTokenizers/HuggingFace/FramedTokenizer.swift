import XlingCore

/// A SentencePiece model within a tokenizer.json: tokens are found in raw text first, and what lies
/// between them is encoded by the model, each stretch for itself.
struct FramedTokenizer: Tokenizer {
  let model: SentencePieceTokenizer
  /// For stretches that do not begin the text, where only the first gets a space ahead of it.
  let inner: SentencePieceTokenizer?
  let addedTokens: AddedTokens
  /// Added tokens that are no pieces of the model; their ids follow.
  let addedPieces: [[UInt8]]
  let special: SpecialTokens
  let contentHash: String
  let maximumLength: Int?

  var vocabularySize: Int { model.vocabularySize + addedPieces.count }

  var byteCount: Int { model.byteCount }

  func piece(_ id: Int32) -> [UInt8] {
    let id = Int(id)
    return id < model.vocabularySize
      ? model.piece(Int32(id)) : addedPieces[id - model.vocabularySize]
  }

  func session(cached: Bool) -> any TokenizerSession { FramedSession(self, cached: cached) }

  var summary: TokenizerSummary {
    var summary = model.summary
    let roles = [
      ("padding", special.padding), ("unknown", special.unknown), ("start", special.start),
      ("end", special.end), ("mask", special.mask),
    ]
    summary.specialTokens = roles.compactMap { role, id in
      id.map { .init(role: role, text: pieceText($0), id: $0) }
    }
    let named = Set(special.all)
    for token in addedTokens.tokens.sorted(by: { $0.id < $1.id }) where !named.contains(token.id) {
      summary.specialTokens.append(
        .init(role: "added", text: String(decoding: token.utf8, as: UTF8.self), id: token.id))
    }
    return summary
  }

  func decode(_ ids: [Int32]) -> String {
    let silent = Set([special.padding, special.start, special.end].compactMap { $0 })
    var text = ""
    var stretch: [Int32] = []
    for id in ids where !silent.contains(id) {
      if Int(id) < model.vocabularySize {
        stretch.append(id)
      } else {
        text += model.decode(stretch) + pieceText(id)
        stretch = []
      }
    }
    return text + model.decode(stretch)
  }
}

/// One thread's buffers for a ``FramedTokenizer``.
private final class FramedSession: TokenizerSession {
  /// Owns what `addedTokens` reads.
  private let tokenizer: FramedTokenizer
  private let addedTokens: AddedTokens.Reader
  private let session: any TokenizerSession
  private let innerSession: any TokenizerSession
  @exclusivity(unchecked) private var part = Encoding()
  /// Hugging Face's Unigram spells unknown runs as they are, its BPE as the unknown token.
  private let keepsSurfaces: Bool
  private let padding = CacheLinePadding()

  init(_ tokenizer: FramedTokenizer, cached: Bool) {
    self.tokenizer = tokenizer
    addedTokens = tokenizer.addedTokens.reader
    keepsSurfaces = tokenizer.model.vocabulary.algorithm == .unigram
    session = tokenizer.model.session(cached: cached)
    innerSession = tokenizer.inner?.session(cached: cached) ?? session
  }

  func encode(_ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit, into encoding: inout Encoding) {
    encoding.removeAll()
    var place = Place()
    var at = 0
    while at < utf8.count {
      guard let token = addedTokens.match(utf8, at: at) else {
        at += 1
        continue
      }
      let extent = addedTokens.extent(of: token, at: at, from: place.byte, utf8)
      encode(utf8, place.byte..<extent.lowerBound, offsets, &place, &encoding)
      let start = place.offset
      place.advance(utf8, to: extent.upperBound, offsets)
      if extent.count > token.count {
        encoding.surfaces.append(token: encoding.count, utf8[extent])
      }
      encoding.append(token.id, start, place.offset)
      at = extent.upperBound
    }
    encode(utf8, place.byte..<utf8.count, offsets, &place, &encoding)
  }

  /// How far the text is done with, in bytes and in the unit of the offsets.
  private struct Place {
    var byte = 0
    var offset: Int32 = 0

    mutating func advance(
      _ utf8: UnsafeRawBufferPointer, to end: Int, _ offsets: OffsetUnit
    ) {
      switch offsets {
      case .bytes: offset = Int32(end)
      case .scalars:
        guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return }
        offset += Int32(UTF8Scalar.count(text, byte..<end))
      }
      byte = end
    }
  }

  private func encode(
    _ utf8: UnsafeRawBufferPointer, _ range: Range<Int>, _ offsets: OffsetUnit,
    _ place: inout Place, _ encoding: inout Encoding
  ) {
    if range.isEmpty { return }
    let session = range.lowerBound == 0 ? session : innerSession
    session.encode(UnsafeRawBufferPointer(rebasing: utf8[range]), offsets: offsets, into: &part)
    for index in 0..<part.count {
      encoding.append(
        part.ids[index], place.offset + part.starts[index], place.offset + part.ends[index])
    }
    if keepsSurfaces { encoding.surfaces.append(part.surfaces, at: encoding.count - part.count) }
    encoding.unknownCount += part.unknownCount
    place.advance(utf8, to: range.upperBound, offsets)
  }
}
