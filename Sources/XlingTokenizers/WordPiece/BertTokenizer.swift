import Foundation
import XlingCore

/// BERT WordPiece, equal to Hugging Face tokenizers 0.23.3 token for token (ids and offsets), with
/// ICU normalization ahead of it where the configuration asks for that.
public struct BertTokenizer: Tokenizer {
  public let configuration: BertConfiguration
  public let special: SpecialTokens
  public let contentHash: String
  public var declarations: [Declaration] = []
  let index: PieceIndex
  let codes: WordCodes
  let splitter: WordSplitter
  let addedTokens: AddedTokens
  let byteKinds: ByteKinds
  let unknown: Int32

  /// Words of more scalars are unknown as a whole (Hugging Face's limit; Google's code has 200).
  static let maximumScalarsPerWord = 100
  let maximumScalarsPerWord: Int
  /// Added tokens that are no pieces; their ids follow.
  private let addedPieces: [[UInt8]]

  public var vocabularySize: Int { index.pieces.count + addedPieces.count }
  public var maximumLength: Int? { configuration.maximumLength }
  public var byteCount: Int { index.byteCount + codes.byteCount }

  /// Reads `vocab.txt` and `tokenizer_config.json` of a folder. Throws ``FileFailure`` or
  /// ``TokenizerFailure``.
  public init(folder: String) throws {
    let hint = "A tokenizer is a folder with vocab.txt and tokenizer_config.json."
    let configFile = folder + "/tokenizer_config.json"
    let vocabularyFile = folder + "/vocab.txt"
    let configuration = try BertConfiguration(
      json: try AtomicFile.read(configFile, hint: hint), file: configFile)
    let vocabulary = try WordPieceVocabulary(
      text: try AtomicFile.read(vocabularyFile, hint: hint), configuration: configuration,
      file: vocabularyFile)
    try self.init(vocabulary, file: vocabularyFile)
  }

  /// `file` names the vocabulary in errors. Throws ``TokenizerFailure`` when a piece occurs twice
  /// or a special token is missing.
  public init(_ vocabulary: WordPieceVocabulary, file: String = "vocab.txt") throws {
    let index = try Self.index(vocabulary.pieces, file: file)
    var tokens: [AddedToken] = []
    for name in vocabulary.configuration.specialTokens {
      guard let id = index.id(of: Array(name.utf8)) else {
        throw TokenizerFailure.missingSpecialToken(file: file, token: name)
      }
      tokens.append(AddedToken(utf8: Array(name.utf8), id: id))
    }
    try self.init(
      index, configuration: vocabulary.configuration,
      special: SpecialTokens(
        padding: tokens[0].id, unknown: tokens[1].id, start: tokens[2].id, end: tokens[3].id,
        mask: tokens[4].id),
      unknown: tokens[1].id, addedTokens: tokens, contentHash: vocabulary.contentHash)
  }

  /// `addedTokens` have ids of pieces, or the ids that follow them.
  init(
    _ index: PieceIndex, configuration: BertConfiguration, special: SpecialTokens, unknown: Int32,
    addedTokens: [AddedToken], maximumScalarsPerWord: Int = Self.maximumScalarsPerWord,
    contentHash: String
  ) throws {
    self.index = index
    self.configuration = configuration
    self.special = special
    self.unknown = unknown
    self.maximumScalarsPerWord = maximumScalarsPerWord
    self.contentHash = contentHash
    self.addedTokens = AddedTokens(addedTokens)
    addedPieces = addedTokens.filter { $0.id >= index.pieces.count }
      .sorted { $0.id < $1.id }.map(\.utf8)
    splitter = try WordSplitter(configuration)
    codes = WordCodes(configuration, splitter.classes)
    byteKinds = ByteKinds(codes, self.addedTokens.reader) { index.id(of: [$0]) ?? unknown }
  }

  static func index(_ pieces: PackedPieces, file: String) throws(TokenizerFailure) -> PieceIndex {
    do throws(PieceIndex.Duplicate) {
      return try PieceIndex(pieces)
    } catch {
      throw .badVocabulary(
        file: file, line: error.id + 1, expected: "a piece not seen before",
        found: "\"\(String(decoding: pieces[error.id], as: UTF8.self))\" again "
          + "(line \(error.before + 1))")
    }
  }

  /// Words are cut at such white space before anything composes; an added token may hold it, or take it along.
  public var encodesWordByWord: Bool {
    addedTokens.tokens.allSatisfy { token in
      !token.stripsLeft && !token.stripsRight
        && !token.utf8.contains { BertSession.isSpace($0) }
    }
  }

  /// Whether no added token reaches across ASCII white space, so that the bytes between two such spaces tell
  /// all of what becomes of them. White space that a token takes along has no tokens to lose.
  var chunksStandAlone: Bool {
    addedTokens.tokens.allSatisfy { !$0.utf8.contains { BertSession.isSpace($0) } }
  }

  public func piece(_ id: Int32) -> [UInt8] {
    let id = Int(id)
    return id < index.pieces.count ? index.pieces[id] : addedPieces[id - index.pieces.count]
  }

  public func session(cacheLimit: Int) -> any TokenizerSession {
    BertSession(self, cacheLimit: cacheLimit)
  }

  public func kind(ofPiece id: Int32) -> PieceKind {
    .of(piece(id), id, special: special, hasBytes: false)
  }

  public func decode(_ ids: [Int32]) -> String {
    let silent = Set([special.padding, special.start, special.end].compactMap { $0 })
    var bytes: [UInt8] = []
    for id in ids where !silent.contains(id) {
      let piece = piece(id)
      if piece.count > 2, piece[0] == 0x23, piece[1] == 0x23 {
        bytes.append(contentsOf: piece.dropFirst(2))
      } else {
        if !bytes.isEmpty { bytes.append(0x20) }
        bytes.append(contentsOf: piece)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  public var summary: TokenizerSummary {
    let roles = [
      ("padding", special.padding), ("unknown", special.unknown), ("start", special.start),
      ("end", special.end), ("mask", special.mask),
    ]
    var steps: [String] = []
    if configuration.normalization != .none {
      steps.append(configuration.normalization.rawValue.uppercased())
    }
    if configuration.cleansText { steps.append("clean text") }
    if configuration.tokenizeChineseCharacters { steps.append("space CJK characters") }
    if configuration.stripsAccents { steps.append("strip accents") }
    if configuration.lowercase { steps.append("lower case") }
    return TokenizerSummary(
      model: "WordPiece",
      specialTokens: roles.compactMap { role, id in
        id.map { .init(role: role, text: pieceText($0), id: $0) }
      }, normalizer: steps, charsmapHash: nil, unicode: configuration.unicode.description)
  }
}
