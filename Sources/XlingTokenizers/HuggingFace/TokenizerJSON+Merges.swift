extension TokenizerJSON {
  /// A BPE model. `hasBytes`: its pieces are written by bytes. Throws ``TokenizerFailure``.
  func mergeVocabulary(
    _ model: JSONNode, _ pieces: [[UInt8]], hasBytes: Bool
  ) throws(TokenizerFailure) -> MergeVocabulary {
    switch model["dropout"] {
    case nil, .null, .number(0): break
    case .some(let other): throw unsupported("model.dropout", other.kind, "null")
    }
    guard try affix(model, "continuing_subword_prefix").isEmpty else {
      throw unsupported(
        "model.continuing_subword_prefix", model["continuing_subword_prefix"]?.kind ?? "", "null")
    }
    let suffix = try affix(model, "end_of_word_suffix")
    guard suffix.isEmpty || hasBytes else {
      throw unsupported("model.end_of_word_suffix", "a suffix of scalars", "one of bytes (CLIP)")
    }
    var table = ByteTable()
    for piece in pieces { _ = table.insert(piece) }
    guard table.count == pieces.count else {
      throw bad("model.vocab", "every piece once", .number(Double(pieces.count - table.count)))
    }
    func id(_ piece: [UInt8]) -> Int32 { table.index(of: piece).map(Int32.init) ?? -1 }
    var unknown: Int32?
    if case .string(let text) = model["unk_token"] {
      unknown = id(text)
      if unknown == -1 {
        throw bad("model.unk_token", "a piece of the vocabulary", model["unk_token"])
      }
    }
    let merges = try merges(model["merges"], id)
    return MergeVocabulary(
      alphabet: hasBytes
        ? Self.bytes(suffix, id) : try scalars(pieces, try flag(model, "byte_fallback"), id),
      merges: MergeTable(merges), unknown: unknown,
      fusesUnknown: try flag(model, "fuse_unk"),
      whole: try flag(model, "ignore_merges") ? Self.whole(pieces, hasBytes: hasBytes) : nil,
      mergesCrossSpaces: merges.contains { Self.crossesSpace(pieces[Int($0.id)]) })
  }

  /// Whether ▁ stands behind another character.
  private static func crossesSpace(_ piece: [UInt8]) -> Bool {
    let mark = SentencePieceModel.space
    var at = 0
    while piece[at...].starts(with: mark) { at += mark.count }
    while at < piece.count {
      if piece[at] == mark[0], piece[at...].starts(with: mark) { return true }
      at += 1
    }
    return false
  }

  private func flag(_ model: JSONNode, _ key: String) throws(TokenizerFailure) -> Bool {
    switch model[key] {
    case nil, .null: return false
    case .bool(let value): return value
    case .some(let other): throw bad("model.\(key)", "true or false", other)
    }
  }

  private func affix(_ model: JSONNode, _ key: String) throws(TokenizerFailure) -> [UInt8] {
    switch model[key] {
    case nil, .null: return []
    case .string(let text): return text
    case .some(let other): throw bad("model.\(key)", "a text or null", other)
    }
  }

  private static func bytes(
    _ suffix: [UInt8], _ id: ([UInt8]) -> Int32
  ) -> MergeVocabulary.Alphabet {
    let all = (0..<256).map { id(ByteCharacters.text(UInt8($0))) }
    let last = (0..<256).map { id(ByteCharacters.text(UInt8($0)) + suffix) }
    return .bytes(ConstantBuffer(all), last: ConstantBuffer(last))
  }

  private func scalars(
    _ pieces: [[UInt8]], _ hasFallback: Bool, _ id: ([UInt8]) -> Int32
  ) throws(TokenizerFailure) -> MergeVocabulary.Alphabet {
    var ids = [Int32](repeating: -1, count: ScalarTable<Int32>.codePointCount)
    for (number, piece) in pieces.enumerated() {
      piece.withUnsafeBufferPointer { piece in
        guard let text = piece.baseAddress,
          let (scalar, length) = UTF8Scalar.scalar(text, 0, piece.count), length == piece.count
        else { return }
        ids[Int(scalar)] = Int32(number)
      }
    }
    let table = SharedScalarTable(ScalarTable(ids))
    guard hasFallback else { return .scalars(table, fallback: nil) }
    return .scalars(table, fallback: ConstantBuffer(try bytePieces(id)))
  }

  /// By byte the id of `<0xHH>`; all must be there.
  func bytePieces(_ id: ([UInt8]) -> Int32) throws(TokenizerFailure) -> [Int32] {
    let all = (0..<256).map { id(SentencePieceModel.bytePiece(UInt8($0))) }
    let missing = all.count { $0 < 0 }
    if missing > 0 {
      throw bad("model.vocab", "256 pieces from <0x00> to <0xFF>", .number(Double(256 - missing)))
    }
    return all
  }

  private func merges(
    _ node: JSONNode?, _ id: ([UInt8]) -> Int32
  ) throws(TokenizerFailure) -> [MergeTable.Entry] {
    guard case .array(let entries) = node else { throw bad("model.merges", "a list", node) }
    var merges: [MergeTable.Entry] = []
    merges.reserveCapacity(entries.count)
    for (number, entry) in entries.enumerated() {
      guard let (left, right) = Self.pair(entry) else {
        throw bad("model.merges[\(number)]", "two pieces", entry)
      }
      let merge = MergeTable.Entry(
        left: id(left), right: id(right), rank: Int32(number), id: id(left + right))
      guard merge.left >= 0, merge.right >= 0, merge.id >= 0 else {
        throw bad("model.merges[\(number)]", "two pieces that make a third", entry)
      }
      merges.append(merge)
    }
    return merges
  }

  /// "left right", or a list of the two.
  static func pair(_ entry: JSONNode) -> ([UInt8], [UInt8])? {
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

  private static func whole(_ pieces: [[UInt8]], hasBytes: Bool) -> WholeWords {
    var words = WholeWords()
    for (id, piece) in pieces.enumerated() {
      if let word = hasBytes ? ByteCharacters.bytes(of: piece) : piece, !word.isEmpty {
        words.insert(word, id: Int32(id))
      }
    }
    return words
  }
}
