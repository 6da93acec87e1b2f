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
  var fixedPadding: Int?
  /// Whether an added token is spelt by what it took of the text, white space included, as tokenizers
  /// spells it; transformers spells it by its piece.
  var spellsMatches = true
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

  /// A model whose pieces are `words`, and added tokens, each of which is the piece of its id or
  /// follows without a gap. Throws ``TokenizerFailure`` where that is not so; `file` is named then.
  init(
    _ model: Pipeline.Model, words: PieceList, tokens: [JSONAddedToken], special: SpecialTokens,
    contentHash: String, maximumLength: Int?, normalizer: [NormalizationStep] = [],
    cuts: [CuttingStep] = [], trims: [Bool] = [], file: String
  ) throws(TokenizerFailure) {
    let pipeline = Pipeline(
      raw: tokens.filter { !$0.isNormalized }.map(\.token),
      normalized: tokens.filter(\.isNormalized).map(\.token), normalizer: normalizer, cuts: cuts,
      model: model, trims: trims)
    var pieces = words
    for piece in try Self.addedPieces(tokens, behind: words, file) { pieces.append(piece) }
    self.init(
      pipeline, pieces: PackedPieces(pieces), special: special, contentHash: contentHash,
      maximumLength: maximumLength)
  }

  private static func addedPieces(
    _ tokens: [JSONAddedToken], behind words: PieceList, _ file: String
  ) throws(TokenizerFailure) -> [[UInt8]] {
    func bad(_ expected: String, _ found: JSONNode) -> TokenizerFailure {
      .badConfiguration(file: file, key: "added_tokens", expected: expected, found: found.kind)
    }
    var added: [[UInt8]] = []
    for token in tokens.sorted(by: { $0.id < $1.id }) {
      let id = Int(token.id)
      let text = String(decoding: token.utf8, as: UTF8.self)
      guard token.utf8.count <= PackedPieces.maximumBytes else {
        throw bad("at most \(PackedPieces.maximumBytes) bytes", .string(token.utf8))
      }
      if id < words.count {
        guard words[id].elementsEqual(token.utf8) else {
          throw bad("the piece \(id) to be \"\(text)\"", .string(Array(words[id])))
        }
      } else if id == words.count + added.count {
        added.append(token.utf8)
      } else {
        throw bad("the id \(words.count + added.count) for \"\(text)\"", .number(Double(id)))
      }
    }
    return added
  }

  var vocabularySize: Int { pieces.count }
  var byteCount: Int { pieces.byteCount + pipeline.byteCount + (spaces?.byteCount ?? 0) }

  func piece(_ id: Int32) -> [UInt8] { pieces[Int(id)] }

  func session(cacheLimit: Int) -> any TokenizerSession {
    PipelineSession(self, spaces: spaces, cacheLimit: cacheLimit)
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
    case .sentencePiece(let tokenizer):
      let inner = tokenizer.summary
      summary.model = inner.model
      steps = inner.normalizer
      summary.unicode = inner.unicode
      summary.charsmapHash = inner.charsmapHash
    }
    for case .charsmap(let charsmap) in pipeline.normalizer { summary.charsmapHash = charsmap.hash }
    summary.normalizer = steps
    return summary
  }

  func normalized(_ utf8: UnsafeRawBufferPointer) -> [UInt8] {
    if case .sentencePiece(let tokenizer) = pipeline.model, pipeline.normalizer.isEmpty {
      return tokenizer.normalized(utf8)
    }
    if case .wordPiece(let tokenizer) = pipeline.model { return tokenizer.normalized(utf8) }
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return [] }
    var stretch = AlignedText(text, 0..<utf8.count)
    pipeline.normalize(&stretch)
    return stretch.bytes
  }

  func kind(ofPiece id: Int32) -> PieceKind {
    switch pipeline.model {
    case .sentencePiece(let tokenizer):
      if Int(id) < tokenizer.vocabularySize, tokenizer.kind(ofPiece: id) != .text {
        return tokenizer.kind(ofPiece: id)
      }
      return .of(piece(id), id, special: special, hasBytes: false)
    case .wordPiece: return .of(piece(id), id, special: special, hasBytes: false)
    case .unigram(let pieces):
      return .of(piece(id), id, special: special, hasBytes: pieces.bytePieces != nil)
    case .merges(let vocabulary):
      guard case .scalars(_, let fallback) = vocabulary.alphabet else {
        return .of(piece(id), id, special: special, hasBytes: false)
      }
      return .of(piece(id), id, special: special, hasBytes: fallback != nil)
    }
  }

  func decode(_ ids: [Int32]) -> String {
    let silent = Set([special.padding, special.start, special.end].compactMap { $0 })
    let ids = ids.filter { !silent.contains($0) }
    switch pipeline.model {
    case .wordPiece: return PieceText.words(ids.map(piece))
    case .sentencePiece(let tokenizer):
      return tokenizer.decode(ids.filter { Int($0) < tokenizer.vocabularySize })
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
