import XlingCore

extension TokenizerJSON {
  /// BERT, DistilBERT, MiniLM and their like. Throws ``TokenizerFailure``.
  func wordPiece(_ model: JSONNode, _ options: TokenizerOptions) throws -> any Tokenizer {
    if model["continuing_subword_prefix"]?.text != "##" {
      throw unsupported(
        "model.continuing_subword_prefix", model["continuing_subword_prefix"]?.kind ?? "none",
        "\"##\"")
    }
    guard let limit = model["max_input_chars_per_word"]?.integer, (1...1_000_000).contains(limit)
    else {
      throw bad(
        "model.max_input_chars_per_word", "1 to 1000000", model["max_input_chars_per_word"])
    }
    if root["pre_tokenizer"]?["type"]?.text != "BertPreTokenizer" {
      throw unsupported(
        "pre_tokenizer", root["pre_tokenizer"]?["type"]?.kind ?? "none",
        "BertPreTokenizer for a WordPiece model")
    }
    let all = try pieces(model["vocab"])
    if let long = all.first(where: { $0.count > PackedPieces.maximumBytes }) {
      throw bad(
        "model.vocab", "pieces of at most \(PackedPieces.maximumBytes) bytes", .string(long))
    }
    let index = try BertTokenizer.index(PackedPieces(all), file: file)
    guard case .string(let unknownText) = model["unk_token"],
      let unknown = index.id(of: unknownText)
    else { throw bad("model.unk_token", "a piece of the vocabulary", model["unk_token"]) }
    var configuration = try bertConfiguration()
    if let lowercase = options.lowercase { configuration.lowercase = lowercase }
    configuration.unicode = options.unicode
    // BERT's own session finds plain added tokens by itself; others need the steps around it.
    let isPlain = addedTokens.allSatisfy { !$0.isWord && !$0.isNormalized }
    let inner = try BertTokenizer(
      index, configuration: configuration, special: specialTokens(unknown: unknown),
      unknown: unknown, addedTokens: isPlain ? addedTokens.map(\.token) : [],
      maximumScalarsPerWord: limit, contentHash: contentHash(options))
    var whole = try tokenizer(.wordPiece(inner), words: PieceList(all), unknown: unknown)
    whole.contentHash = inner.contentHash
    return isPlain ? inner : whole
  }

  private func contentHash(_ options: TokenizerOptions) -> String {
    let base = contentHash
    if options == TokenizerOptions() { return base }
    let digest = Digest()
    digest.update(base)
    digest.update(options.unicode.rawValue)
    digest.update(options.lowercase.map { "\($0)" } ?? "")
    return digest.hexadecimal()
  }

  private func bertConfiguration() throws(TokenizerFailure) -> BertConfiguration {
    let normalizer = root["normalizer"] ?? .null
    guard normalizer["type"]?.text == "BertNormalizer" else {
      throw unsupported(
        "normalizer", normalizer["type"]?.kind ?? "none", "BertNormalizer for a WordPiece model")
    }
    func flag(_ key: String) throws(TokenizerFailure) -> Bool {
      if let value = overrides.bert[key] { return value }
      guard case .bool(let value) = normalizer[key] else {
        throw bad("normalizer.\(key)", "true or false", normalizer[key])
      }
      return value
    }
    var configuration = BertConfiguration()
    configuration.cleansText = try flag("clean_text")
    configuration.lowercase = try flag("lowercase")
    configuration.tokenizeChineseCharacters = try flag("handle_chinese_chars")
    switch normalizer["strip_accents"] {
    case nil, .null: configuration.stripAccents = overrides.bert["strip_accents"]
    default: configuration.stripAccents = try flag("strip_accents")
    }
    configuration.maximumLength = maximumLength
    return configuration
  }
}
