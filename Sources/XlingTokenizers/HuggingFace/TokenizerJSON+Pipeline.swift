extension TokenizerJSON {
  /// BPE and Unigram. Throws ``TokenizerFailure``.
  func pipelineTokenizer(_ model: JSONNode) throws(TokenizerFailure) -> PipelineTokenizer {
    let normalizer = try JSONNormalizer(self)
    let cuts = try JSONCuts(self)
    let words: PieceList
    let kind: Pipeline.Model
    var unknown: Int32?
    if model["type"]?.text == "Unigram" {
      if cuts.hasBytes { throw unsupported("pre_tokenizer", "ByteLevel", "it for BPE alone") }
      let (pieces, list) = try unigramPieces(model)
      unknown = pieces.unknown
      kind = .unigram(pieces)
      words = list
    } else {
      let listed = try pieces(model["vocab"])
      words = PieceList(listed)
      let merges = try mergeVocabulary(model, listed, hasBytes: cuts.hasBytes)
      unknown = merges.unknown
      kind = .merges(merges)
    }
    return try tokenizer(
      kind, words: words, unknown: unknown, normalizer: normalizer.steps, cuts: cuts.steps)
  }

  /// Puts the parts together. `words` are the model's pieces. Throws ``TokenizerFailure``.
  func tokenizer(
    _ model: Pipeline.Model, words: PieceList, unknown: Int32?,
    normalizer: [NormalizationStep] = [], cuts: [CuttingStep] = []
  ) throws(TokenizerFailure) -> PipelineTokenizer {
    var tokenizer = try PipelineTokenizer(
      model, words: words, tokens: addedTokens, special: specialTokens(unknown: unknown),
      contentHash: contentHash, maximumLength: maximumLength, normalizer: normalizer, cuts: cuts,
      trims: frame.trims, file: file)
    tokenizer.fixedPadding = root["padding"]?["strategy"]?["Fixed"]?.integer
    return tokenizer
  }

  private func unigramPieces(
    _ model: JSONNode
  ) throws(TokenizerFailure) -> (UnigramPieces, PieceList) {
    let list = try scoredPieces(model["vocab"])
    guard list.count <= ScoredTrie.maximumCount else {
      throw bad(
        "model.vocab", "at most \(ScoredTrie.maximumCount) pieces", .number(Double(list.count)))
    }
    guard let unknown = model["unk_id"]?.integer, (0..<list.count).contains(unknown) else {
      throw bad("model.unk_id", "the number of a piece", model["unk_id"])
    }
    let pieces = list.pieces
    for id in 0..<list.count {
      guard abs(list.scores[id]) < 1e30 else {
        throw bad("model.vocab[\(id)]", "a piece and its score", .number(list.scores[id]))
      }
      guard (1...PackedPieces.maximumBytes).contains(pieces.range(id).count) else {
        throw bad(
          "model.vocab", "pieces of 1 to \(PackedPieces.maximumBytes) bytes",
          .string(Array(pieces[id])))
      }
    }
    let (order, duplicate) = pieces.sorted()
    if let duplicate {
      throw bad("model.vocab", "every piece once", .string(Array(pieces[duplicate.0])))
    }
    var bytePieces: [Int32]?
    if model["byte_fallback"] == .bool(true) {
      bytePieces = try self.bytePieces { pieces.firstIndex(of: $0).map(Int32.init) ?? -1 }
    }
    return (
      UnigramPieces(
        pieces, order, scores: list.scores, unknown: Int32(unknown), bytePieces: bytePieces), pieces
    )
  }

  private func scoredPieces(_ vocabulary: JSONNode?) throws(TokenizerFailure) -> ScoredPieces {
    if case .scored(let pairs) = vocabulary { return pairs }
    guard case .array(let entries) = vocabulary, !entries.isEmpty else {
      throw bad("model.vocab", "a list of pieces and scores", vocabulary)
    }
    var pairs = ScoredPieces()
    for (id, entry) in entries.enumerated() {
      guard case .array(let pair) = entry, pair.count == 2, case .string(let piece) = pair[0],
        case .number(let score) = pair[1], pairs.hasRoom(for: piece)
      else { throw bad("model.vocab[\(id)]", "a piece and its score", entry) }
      pairs.append(piece, score)
    }
    return pairs
  }

  /// The parts of a Sequence, or the one part itself; nothing for null.
  func steps(_ node: JSONNode, _ key: String) throws(TokenizerFailure) -> [JSONNode] {
    try steps(node, key, depth: 0)
  }

  private func steps(
    _ node: JSONNode, _ key: String, depth: Int
  ) throws(TokenizerFailure) -> [JSONNode] {
    if node == .null { return [] }
    guard node["type"]?.text == "Sequence" else { return [node] }
    guard case .array(let parts) = node[key], depth < 8 else { throw bad(key, "a list", node[key]) }
    var all: [JSONNode] = []
    for part in parts { all += try steps(part, key, depth: depth + 1) }
    return all
  }
}
