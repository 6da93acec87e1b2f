extension TokenizerJSON {
  /// A BPE model as SentencePiece has it: a pair may merge whenever its text is a piece, and one
  /// piece's merges all have one rank. Other lists of merges are refused. Throws
  /// ``TokenizerFailure``.
  func bpeModel(_ model: JSONNode) throws(TokenizerFailure) -> SentencePieceModel {
    for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
      switch model[key] {
      case nil, .null: break
      case .string([]) where key != "dropout": break
      case .some(let other): throw unsupported("model.\(key)", other.kind, "null")
      }
    }
    if model["ignore_merges"] == .bool(true) {
      throw unsupported("model.ignore_merges", "true", "false")
    }
    let all = try pieces(model["vocab"])
    var result = SentencePieceModel()
    result.algorithm = .bpe
    result.byteFallback = model["byte_fallback"] == .bool(true)
    let ids = Dictionary(all.enumerated().map { ($1, $0) }) { first, _ in first }
    guard ids.count == all.count else {
      throw bad("model.vocab", "every piece once", .number(Double(all.count - ids.count)))
    }
    guard case .string(let text) = model["unk_token"], let unknown = ids[text] else {
      throw bad("model.unk_token", "a piece of the vocabulary", model["unk_token"])
    }
    guard model["fuse_unk"] == .bool(true) || result.byteFallback else {
      throw unsupported("model.fuse_unk", "false without byte_fallback", "true")
    }
    let ranks = try ranks(model["merges"], all, ids)
    for (id, piece) in all.enumerated() {
      // What no merge makes comes last, as single characters do in SentencePiece's own files.
      try add(piece, -Float(ranks[id] ?? all.count), id == unknown, to: &result)
    }
    try checkBytePieces(result)
    return result
  }

  /// By piece, which of the merged pieces it is: 0, 1, 2 …
  private func ranks(
    _ merges: JSONNode?, _ pieces: [[UInt8]], _ ids: [[UInt8]: Int]
  ) throws(TokenizerFailure) -> [Int: Int] {
    guard case .array(let entries) = merges else { throw bad("model.merges", "a list", merges) }
    var ranks: [Int: Int] = [:]
    var splits: [Int: Int] = [:]
    var last = -1
    for (number, entry) in entries.enumerated() {
      guard let (left, right) = Self.pair(entry), ids[left] != nil, ids[right] != nil,
        let merged = ids[left + right]
      else { throw bad("model.merges[\(number)]", "two pieces that make a third", entry) }
      if merged != last {
        guard ranks[merged] == nil else { throw notSentencePiece(pieces[merged]) }
        ranks[merged] = ranks.count
        last = merged
      }
      splits[merged, default: 0] += 1
    }
    for (id, count) in splits where Self.splitCount(pieces[id], ids) != count {
      throw notSentencePiece(pieces[id])
    }
    for (id, piece) in pieces.enumerated()
    where ranks[id] == nil && Self.splitCount(piece, ids) > 0 && !isAdded(id) {
      throw notSentencePiece(piece)
    }
    return ranks
  }

  private func isAdded(_ id: Int) -> Bool { addedTokens.contains { Int($0.id) == id } }

  private func notSentencePiece(_ piece: [UInt8]) -> TokenizerFailure {
    unsupported(
      "model.merges",
      "a list that is no SentencePiece model's (see \"\(JSONNode.string(piece).text ?? "")\")",
      "all ways to make a piece, side by side, in the order of the pieces' scores")
  }

  /// "left right", or a list of the two.
  private static func pair(_ entry: JSONNode) -> ([UInt8], [UInt8])? {
    switch entry {
    case .array(let parts):
      guard parts.count == 2, case .string(let left) = parts[0], case .string(let right) = parts[1]
      else { return nil }
      return (left, right)
    case .string(let text):
      let parts = text.split(separator: 0x20, omittingEmptySubsequences: false)
      return parts.count == 2 ? (Array(parts[0]), Array(parts[1])) : nil
    default: return nil
    }
  }

  /// In how many ways the piece is two pieces, cut between scalars.
  private static func splitCount(_ piece: [UInt8], _ ids: [[UInt8]: Int]) -> Int {
    piece.indices.dropFirst().count { at in
      piece[at] & 0xC0 != 0x80 && ids[Array(piece[..<at])] != nil && ids[Array(piece[at...])] != nil
    }
  }
}
