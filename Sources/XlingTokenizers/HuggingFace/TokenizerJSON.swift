import Foundation
import XlingCore

/// `tokenizer.json` of Hugging Face's tokenizers, for the models that this package knows. Every
/// part that would change an encoding is read; one that cannot be followed exactly is refused by
/// its name. `truncation` gives the model's maximum length only, `padding` its padding token, and
/// `decoder` nothing: they act behind what is encoded here.
struct TokenizerJSON {
  let file: String
  /// SHA-256 of what it was read from, and of what was said besides.
  var contentHash: String
  let root: JSONNode
  private(set) var addedTokens: [JSONAddedToken]
  let frame: JSONFrame
  /// What the folder says otherwise than the file.
  var overrides = Overrides()

  struct Overrides {
    /// Byte level: whether a space goes ahead.
    var spaceAhead: Bool?
    /// Lower case ahead of all steps.
    var lowercase = false
    var bert: [String: Bool] = [:]
    /// Of tokens by their roles.
    var roles: [String: String] = [:]
    var maximumLength: Int?
    var hasMaximumLength = false
  }

  /// Throws ``FileFailure`` or ``TokenizerFailure``.
  init(file: String) throws {
    try self.init(try AtomicFile.read(file), file: file)
  }

  /// `file` names the bytes in errors. Throws ``TokenizerFailure``.
  init(_ bytes: some ContiguousBytes & Sendable, file: String) throws {
    let hash = Meanwhile { bytes.withUnsafeBytes { Digest.of($0) } }
    let root = try JSONReader.document(bytes, file: file)
    try self.init(root, contentHash: hash.value, file: file)
  }

  /// Parts in place of a file's text. Throws ``TokenizerFailure``.
  init(_ root: JSONNode, contentHash: String, file: String) throws {
    self.file = file
    self.root = root
    self.contentHash = contentHash
    guard case .object(let members) = root else {
      throw TokenizerFailure.badConfiguration(
        file: file, key: "(whole file)", expected: "an object", found: root.kind)
    }
    let known: Set = [
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
      "post_processor", "decoder", "model",
    ]
    for member in members where !known.contains(String(decoding: member.key, as: UTF8.self)) {
      throw TokenizerFailure.unsupported(
        file: file, part: String(decoding: member.key, as: UTF8.self), found: "this key",
        supported: known.sorted().joined(separator: ", "))
    }
    addedTokens = try JSONAddedToken.read(root, file)
    frame = try JSONFrame(root["post_processor"] ?? .null, file)
  }

  /// Throws ``TokenizerFailure``.
  func tokenizer(_ options: TokenizerOptions) throws -> any Tokenizer {
    let tokenizer = try read(options)
    for id in tokenizer.special.all where !(0..<tokenizer.vocabularySize).contains(Int(id)) {
      throw bad(
        "post_processor, padding", "ids of tokens below \(tokenizer.vocabularySize)",
        .number(Double(id)))
    }
    return tokenizer
  }

  private func read(_ options: TokenizerOptions) throws -> any Tokenizer {
    let model = root["model"] ?? .null
    switch model["type"]?.text {
    case "WordPiece": return try wordPiece(model, options)
    case "Unigram", "BPE":
      let kind = model["type"]?.text ?? ""
      try options.refuseWordPiece(file, "a \(kind) model")
      return try pipelineTokenizer(model)
    default:
      throw unsupported(
        "model", model["type"]?.kind ?? "a model without a type", "WordPiece, Unigram, BPE")
    }
  }

  func unsupported(_ part: String, _ found: String, _ supported: String) -> TokenizerFailure {
    .unsupported(file: file, part: part, found: found, supported: supported)
  }

  func bad(_ key: String, _ expected: String, _ found: JSONNode?) -> TokenizerFailure {
    .badConfiguration(file: file, key: key, expected: expected, found: found?.kind ?? "nothing")
  }

  var maximumLength: Int? {
    overrides.hasMaximumLength
      ? overrides.maximumLength : root["truncation"]?["max_length"]?.integer
  }

  /// Puts other added tokens in the place of the file's.
  mutating func replaceAddedTokens(_ tokens: [JSONAddedToken]) { addedTokens = tokens }

  /// How many pieces the model has, and the id of one.
  func modelPieces() -> (count: Int, id: ([UInt8]) -> Int32?) {
    switch root["model"]?["vocab"] {
    case .object(let members):
      // Asked for a handful of tokens: a table of all would cost more.
      return (
        members.count,
        { piece in
          members.first { $0.key == piece }.map {
            Int32(truncatingIfNeeded: $0.value.integer ?? -1)
          }
        }
      )
    case .scored(let pairs):
      return (pairs.count, { piece in pairs.pieces.firstIndex(of: piece).map(Int32.init) })
    case .array(let entries):
      return (
        entries.count,
        { piece in
          entries.firstIndex { entry in
            guard case .array(let pair) = entry else { return false }
            return pair.first == .string(piece)
          }.map(Int32.init)
        }
      )
    default: return (0, { _ in nil })
    }
  }

  /// The id of the added token with one of these texts.
  func addedToken(_ texts: String...) -> Int32? {
    addedTokens.first { token in texts.contains { token.utf8 == Array($0.utf8) } }?.id
  }

  private func tokenId(_ text: String) -> Int32? {
    addedToken(text) ?? modelPieces().id(Array(text.utf8))
  }

  /// `id` is the model's own unknown token.
  func specialTokens(unknown: Int32?) -> SpecialTokens {
    let padding = root["padding"]?["pad_id"]?.integer.map(Int32.init(truncatingIfNeeded:))
    let declared = overrides.roles["pad_token"].flatMap { tokenId($0) }
    let mask = overrides.roles["mask_token"].flatMap { tokenId($0) }
    return SpecialTokens(
      padding: declared ?? padding ?? addedToken("[PAD]", "<pad>", "<|pad|>"), unknown: unknown,
      start: frame.start, end: frame.end,
      mask: mask ?? addedToken("[MASK]", "<mask>", "<|mask|>"))
  }

  /// The pieces of an object from pieces to ids, in the order of their ids, which must be
  /// 0, 1, 2 … without gaps.
  func pieces(_ vocabulary: JSONNode?) throws(TokenizerFailure) -> [[UInt8]] {
    guard case .object(let members) = vocabulary, !members.isEmpty else {
      throw bad("model.vocab", "an object from pieces to ids", vocabulary)
    }
    var pieces = [[UInt8]?](repeating: nil, count: members.count)
    for member in members {
      guard let id = member.value.integer, pieces.indices.contains(id), pieces[id] == nil else {
        throw bad(
          "model.vocab.\(String(decoding: member.key, as: UTF8.self))",
          "an id of its own below \(members.count)", member.value)
      }
      pieces[id] = member.key
    }
    return pieces.compactMap { $0 }
  }
}
