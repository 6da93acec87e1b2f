import XlingCore

/// Hugging Face's tokenizers, equal to version 0.23.3 in tokens, ids and offsets: added tokens in raw
/// text, normalization, added tokens in what it gives, cuts, and a model.
struct PipelineTokenizer: Tokenizer {
  let pipeline: Pipeline
  /// By id, added tokens included.
  let pieces: PackedPieces
  var special: SpecialTokens
  var contentHash: String
  var maximumLength: Int?
  var declarations: [Declaration] = []
  /// By id: spaces that a piece of bytes shows at its beginning, and at its end.
  private let spaces: ConstantBuffer<UInt16>?

  init(
    _ pipeline: Pipeline, pieces: PackedPieces, special: SpecialTokens, contentHash: String,
    maximumLength: Int?
  ) {
    self.pipeline = pipeline
    self.pieces = pieces
    self.special = special
    self.contentHash = contentHash
    self.maximumLength = maximumLength
    spaces = pipeline.trims.isEmpty ? nil : ConstantBuffer(pieces.map(PieceSpaces.count))
  }

  var vocabularySize: Int { pieces.count }
  var byteCount: Int { pieces.byteCount + pipeline.byteCount + (spaces?.byteCount ?? 0) }

  func piece(_ id: Int32) -> [UInt8] { pieces[Int(id)] }

  func session(cached: Bool) -> any TokenizerSession {
    PipelineSession(self, spaces: spaces, cached: cached)
  }

  var summary: TokenizerSummary {
    let roles = [
      ("padding", special.padding), ("unknown", special.unknown), ("start", special.start),
      ("end", special.end), ("mask", special.mask),
    ]
    var tokens = roles.compactMap { role, id in
      id.map { TokenizerSummary.SpecialToken(role: role, text: pieceText($0), id: $0) }
    }
    let named = Set(special.all)
    let added = (pipeline.raw.tokens + pipeline.normalized.tokens).sorted { $0.id < $1.id }
    for token in added where !named.contains(token.id) {
      tokens.append(.init(role: "added", text: pieceText(token.id), id: token.id))
    }
    var summary = TokenizerSummary(
      model: "BPE", specialTokens: tokens, normalizer: [], charsmapHash: nil,
      unicode: "as tokenizers 0.23.3")
    var steps = pipeline.normalizer.map(\.name) + pipeline.cuts.map(\.name)
    switch pipeline.model {
    case .merges(let vocabulary):
      switch vocabulary.alphabet {
      case .bytes: steps.append("merge bytes")
      case .scalars(_, let fallback):
        if fallback != nil { steps.append("unknown characters become bytes") }
      }
    case .unigram(let pieces):
      summary.model = "Unigram"
      if pieces.bytePieces != nil { steps.append("unknown characters become bytes") }
    case .wordPiece(let tokenizer):
      let inner = tokenizer.summary
      summary.model = inner.model
      steps = inner.normalizer
      summary.unicode = inner.unicode
    }
    for case .charsmap(let charsmap) in pipeline.normalizer { summary.charsmapHash = charsmap.hash }
    summary.normalizer = steps
    return summary
  }

  func decode(_ ids: [Int32]) -> String {
    let silent = Set([special.padding, special.start, special.end].compactMap { $0 })
    let ids = ids.filter { !silent.contains($0) }
    switch pipeline.model {
    case .wordPiece: return PieceText.words(ids.map(piece))
    case .merges(let vocabulary):
      if case .bytes = vocabulary.alphabet { return PieceText.bytes(ids.map(piece)) }
      return PieceText.marked(ids.map(piece), hasBytes: true)
    case .unigram(let pieces):
      return PieceText.marked(ids.map(piece), hasBytes: pieces.bytePieces != nil)
    }
  }
}

/// Spaces at the ends of pieces of bytes.
enum PieceSpaces {
  /// Of a piece: at its beginning, and 256 times those at its end.
  static func count(_ piece: [UInt8]) -> UInt16 {
    let scalars = Array(String(decoding: piece, as: UTF8.self).unicodeScalars.map(\.value))
    let ahead = scalars.prefix(while: isSpace).count
    let behind = scalars.reversed().prefix(while: isSpace).count
    return UInt16(min(255, ahead)) | UInt16(min(255, behind)) << 8
  }

  /// The character that stands for a space, and white space itself.
  static func isSpace(_ scalar: UInt32) -> Bool {
    scalar == ByteCharacters.space || WhiteSpace.contains(scalar)
  }
}
