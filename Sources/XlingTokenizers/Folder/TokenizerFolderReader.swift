import Foundation
import XlingCore

/// Reads the tokenizer of a folder as the folder declares it.
struct TokenizerFolderReader {
  private let folder: String
  private let options: TokenizerOptions
  private let names: [String]
  private var declared: FolderDeclarations

  /// Throws ``FileFailure`` or ``TokenizerFailure``.
  init(_ folder: String, _ options: TokenizerOptions) throws {
    self.folder = folder
    self.options = options
    // What a Mac leaves beside files is no file of its own.
    names = try FolderNames.read(folder).filter { !$0.hasPrefix("._") }
    declared = try FolderDeclarations(folder, names)
  }

  private func path(_ name: String) -> String { folder + "/" + name }

  private var models: [String] { names.filter { $0.hasSuffix(".model") } }

  /// Throws ``FileFailure`` or ``TokenizerFailure``.
  mutating func tokenizer() throws -> any Tokenizer {
    // The class of SigLIP's first version has no reading of a tokenizer.json.
    let isSlow = declared.family == .siglip && !models.isEmpty
    let tokenizer: any Tokenizer
    if names.contains("tokenizer.json"), !isSlow, options.scheme == nil {
      tokenizer = try json()
    } else if names.contains("vocab.txt") {
      tokenizer = try wordPiece()
    } else if let model = models.first {
      if models.count > 1 {
        throw TokenizerFailure.noTokenizer(
          path: folder, found: "several models: " + models.joined(separator: ", "))
      }
      if names.contains("tokenizer.json") {
        declared.note("tokenizer.json", "(whole file)", "", "not read: \(model) is asked for")
      }
      tokenizer = try sentencePiece(model)
    } else if names.contains("vocab.json"), names.contains("merges.txt") {
      tokenizer = try byteLevel()
    } else {
      throw TokenizerFailure.noTokenizer(
        path: folder, found: names.isEmpty ? "nothing" : names.prefix(8).joined(separator: ", "))
    }
    return tokenizer.declaring(declared.found)
  }

  // MARK: tokenizer.json

  private mutating func json() throws -> any Tokenizer {
    let file = path("tokenizer.json")
    let beside = models.count == 1 ? path(models[0]) : nil
    let model = beside.map { file in
      Meanwhile {
        Result { try SentencePieceModel(serialized: try AtomicFile.read(file), file: file) }
      }
    }
    var json = try TokenizerJSON(file: file)
    declared.note(
      "tokenizer.json", "model.type", json.root["model"]?["type"]?.text ?? "none",
      "the truth about pieces, ids and steps")
    let known = json.addedTokens
    try addTokens(to: &json, file)
    try override(&json)
    let tokenizer = try json.tokenizer(options)
    let comparison = PieceComparison(file, tokenizer)
    if names.contains("vocab.txt") {
      try comparison.check(vocabulary: path("vocab.txt"))
      declared.note("vocab.txt", "(whole file)", "", "not needed: the same ids as tokenizer.json")
    }
    if names.contains("vocab.json") {
      try comparison.check(object: path("vocab.json"))
      declared.note("vocab.json", "(whole file)", "", "not needed: the same ids as tokenizer.json")
    }
    if let model, let beside {
      let shift = try comparison.check(
        model: try model.value.get(), beside, declared.family)
      declared.note(
        models[0], "(whole file)", "",
        "not needed: the same ids as tokenizer.json, its numbers plus \(shift)")
    }
    if known.count > 0 {
      declared.note("tokenizer.json", "added_tokens", "\(known.count) tokens", "found in texts")
    }
    return tokenizer
  }

  private mutating func addTokens(to json: inout TokenizerJSON, _ file: String) throws {
    let tokens = try DeclaredTokens(&declared)
    let model = json.modelPieces()
    let merged = try tokens.merged(
      into: json.addedTokens, count: model.count, declared, first: file, idOf: model.id)
    if merged != json.addedTokens {
      json.replaceAddedTokens(merged)
      json.contentHash = Self.hash(json.contentHash, merged)
    }
  }

  private mutating func override(_ json: inout TokenizerJSON) throws {
    var said: [String] = []
    for key in FolderDeclarations.roles {
      if let token = declared.token(key) { json.overrides.roles[key] = token }
    }
    if declared.configuration["model_max_length"] != nil {
      json.overrides.hasMaximumLength = true
      json.overrides.maximumLength = declared.maximumLength
    }
    for (key, part) in [("truncation", "max_length"), ("padding", "strategy")] {
      guard let node = json.root[key], node != .null else { continue }
      declared.note(
        "tokenizer.json", key, (node[part] ?? node).declared, "not applied: whoever encodes decides"
      )
    }
    if declared.family == .wordPiece, options.lowercase == nil { said += try overrideBert(&json) }
    if declared.family == .gpt2 || declared.family == .roberta,
      let value = try declared.flag("add_prefix_space"),
      let own = json.root["pre_tokenizer"]?["add_prefix_space"], own != .bool(value)
    {
      json.overrides.spaceAhead = value
      said.append("space ahead \(value)")
      contradict("add_prefix_space", "\(value)", "pre_tokenizer.add_prefix_space \(own.declared)")
    }
    if declared.family == .siglip2,
      !(try json.steps(json.root["normalizer"] ?? .null, "normalizers")).contains(where: {
        $0["type"]?.text == "Lowercase"
      })
    {
      json.overrides.lowercase = true
      said.append("lower case")
      contradict("tokenizer_class", "Siglip2Tokenizer, which lower-cases", "no Lowercase")
    }
    if !said.isEmpty {
      json.contentHash = Digest.of(Data((json.contentHash + said.joined(separator: "\n")).utf8))
    }
  }

  /// What the configuration says of BERT's normalizer otherwise than the file.
  private mutating func overrideBert(_ json: inout TokenizerJSON) throws -> [String] {
    var said: [String] = []
    let normalizer = json.root["normalizer"] ?? .null
    for (key, name) in [
      ("do_lower_case", "lowercase"), ("strip_accents", "strip_accents"),
      ("tokenize_chinese_chars", "handle_chinese_chars"),
    ] {
      guard let value = try declared.flag(key) else { continue }
      if normalizer[name] == .bool(value) { continue }
      let effective = name == "strip_accents" ? try declared.flag("do_lower_case") : nil
      if normalizer[name] == .null, effective == value { continue }
      json.overrides.bert[name] = value
      said.append("\(name) \(value)")
      contradict(key, "\(value)", "normalizer.\(name) \((normalizer[name] ?? .null).declared)")
    }
    return said
  }

  private mutating func contradict(_ key: String, _ value: String, _ other: String) {
    declared.note(
      FolderDeclarations.configurationName, key, value,
      "\(Declaration.contradicts) tokenizer.json (\(other)): the configuration counts, as in transformers"
    )
  }

  private static func hash(_ base: String, _ tokens: [JSONAddedToken]) -> String {
    Digest.of(Data((base + tokens.map { "\n\($0)" }.joined()).utf8))
  }

  // MARK: vocab.txt

  private mutating func wordPiece() throws -> any Tokenizer {
    let file = path("vocab.txt")
    let hasConfiguration = names.contains(FolderDeclarations.configurationName)
    if options.scheme != nil {
      throw TokenizerFailure.uselessOption(
        option: "a SentencePiece scheme", path: file, kind: "a WordPiece vocabulary")
    }
    // A tower's type alone says nothing of a vocabulary of another kind.
    switch declared.family {
    case .wordPiece, .plain: break
    case _ where !declared.isFamilyByClass: break
    default:
      throw TokenizerFailure.unknownFamily(
        path: folder, name: "of \(declared.family.name)", found: "a vocab.txt")
    }
    var configuration = BertConfiguration()
    if hasConfiguration {
      configuration = try BertConfiguration(
        json: try AtomicFile.read(path(FolderDeclarations.configurationName)),
        file: path(FolderDeclarations.configurationName), tokens: declared.map)
    } else if options.lowercase == nil {
      throw TokenizerFailure.lowercaseUnknown(file: file)
    }
    if let lowercase = options.lowercase { configuration.lowercase = lowercase }
    configuration.unicode = options.unicode
    let vocabulary = try WordPieceVocabulary(
      text: try AtomicFile.read(file), configuration: configuration, file: file)
    let base = try BertTokenizer(vocabulary, file: file)
    declared.note(
      "vocab.txt", "(whole file)", "\(base.vocabularySize) pieces",
      "WordPiece, \(configuration.lowercase ? "lower-cased" : "case kept")")
    let own = base.addedTokens.tokens.map {
      JSONAddedToken(utf8: $0.utf8, id: $0.id, isNormalized: false, isSpecial: true)
    }
    let tokens = try DeclaredTokens(&declared).merged(
      into: own, count: base.vocabularySize, declared, first: file, idOf: base.index.id)
    if tokens.allSatisfy({ $0.isPlain && own.contains($0) }) { return base }
    if configuration.normalization != .none, tokens.contains(where: \.isNormalized) {
      throw TokenizerFailure.unsupported(
        file: path(FolderDeclarations.configurationName), part: BertConfiguration.normalizationKey,
        found: "it beside normalized added tokens", supported: "tokens that are found in raw text")
    }
    let inner = try BertTokenizer(
      base.index, configuration: configuration, special: base.special, unknown: base.unknown,
      addedTokens: [], contentHash: base.contentHash)
    var tokenizer = try PipelineTokenizer(
      .wordPiece(inner), words: PieceList(base.index.pieces), tokens: tokens, special: base.special,
      contentHash: Self.hash(base.contentHash, tokens), maximumLength: configuration.maximumLength,
      file: file)
    tokenizer.spellsMatches = false
    return tokenizer
  }

  // MARK: A SentencePiece model

  private mutating func sentencePiece(_ name: String) throws -> any Tokenizer {
    let file = path(name)
    try options.refuseWordPiece(file, "a SentencePiece model")
    var family = declared.family
    // A tower's type alone says nothing of a model that lies in another family's place.
    if family.scheme == nil, !declared.isFamilyByClass { family = .plain }
    guard let scheme = options.scheme ?? family.scheme else {
      throw TokenizerFailure.unknownFamily(path: folder, name: "of \(family.name)", found: name)
    }
    if family == .siglip, options.scheme == nil {
      declared.note(name, "(whole file)", "", "SentencePiece of canonicalized text")
      return try SiglipTokenizer(model: file, declared)
    }
    let base = try SentencePieceTokenizer(
      model: file, scheme: scheme, maximumLength: declared.maximumLength)
    declared.note(
      name, "(whole file)", "\(base.vocabularySize) ids", "SentencePiece, ids of \(scheme.rawValue)"
    )
    let own = options.scheme == nil ? Self.tokens(of: scheme, base) : []
    let tokens = try DeclaredTokens(&declared).merged(
      into: own, count: base.vocabularySize, declared, first: file
    ) { text in
      (0..<Int32(base.vocabularySize)).first { base.piece($0) == text }
    }
    if tokens.isEmpty { return base }
    var tokenizer = try PipelineTokenizer(
      .sentencePiece(base), words: PieceList((0..<Int32(base.vocabularySize)).lazy.map(base.piece)),
      tokens: tokens, special: base.special, contentHash: Self.hash(base.contentHash, tokens),
      maximumLength: base.maximumLength, file: file)
    tokenizer.spellsMatches = false
    return tokenizer
  }

  /// What a family's class finds in texts whatever the files beside it say.
  private static func tokens(
    of scheme: SentencePieceScheme, _ base: SentencePieceTokenizer
  ) -> [JSONAddedToken] {
    let special = base.special
    var ids: [Int32?] = [special.start, special.padding, special.end, special.unknown]
    switch scheme {
    case .sentencepiece: return []
    case .xlmRoberta, .camembert: break
    case .t5:
      ids += (0..<Int32(base.vocabularySize)).filter {
        base.piece($0).starts(with: "<extra_id_".utf8)
      }
    }
    var tokens = ids.compactMap { $0 }.map {
      JSONAddedToken(utf8: base.piece($0), id: $0, isNormalized: false, isSpecial: true)
    }
    if let mask = special.mask {
      tokens.append(
        JSONAddedToken(
          utf8: base.piece(mask), id: mask, stripsLeft: true, isNormalized: false, isSpecial: true))
    }
    return tokens
  }

  // MARK: vocab.json and merges.txt

  private mutating func byteLevel() throws -> any Tokenizer {
    var json = try ByteLevelFiles(folder, declared).json()
    declared.note(
      "vocab.json", "(whole file)", "",
      "byte-level merges of \(declared.family.name), with merges.txt")
    try addTokens(to: &json, path("vocab.json"))
    for key in FolderDeclarations.roles {
      if let token = declared.token(key) { json.overrides.roles[key] = token }
    }
    json.overrides.hasMaximumLength = true
    json.overrides.maximumLength = declared.maximumLength
    if declared.family == .clip, names.contains("open_clip_config.json") {
      declared.note(
        "open_clip_config.json", "text_cfg", "SimpleTokenizer",
        "as CLIPTokenizer: ftfy's mending of texts and HTML's entities are left out")
    }
    return try json.tokenizer(options)
  }
}

extension Declaration {
  /// How the use of a declaration begins that another one contradicts.
  static let contradicts = "contradicts"
}

extension Tokenizer {
  /// Declarations of its folder that contradict one another, and which one counts.
  public var contradictions: [Declaration] {
    declarations.filter { $0.use.hasPrefix(Declaration.contradicts) }
  }

  /// The same tokenizer with what its folder declares.
  func declaring(_ declarations: [Declaration]) -> any Tokenizer {
    switch self {
    case var tokenizer as BertTokenizer:
      tokenizer.declarations = declarations
      return tokenizer
    case var tokenizer as SentencePieceTokenizer:
      tokenizer.declarations = declarations
      return tokenizer
    case var tokenizer as PipelineTokenizer:
      tokenizer.declarations = declarations
      return tokenizer
    case var tokenizer as SiglipTokenizer:
      tokenizer.declarations = declarations
      return tokenizer
    default: return self
    }
  }
}
