import Foundation

/// What the normalizer and the pre-tokenizer of a SentencePiece model say: its charsmap, and what
/// becomes of spaces.
struct JSONSpaces {
  enum Prefix { case always, first, never }

  private(set) var charsmap: [UInt8] = []
  private(set) var removesExtra = false
  private(set) var prefix = Prefix.never
  /// Whether text is split at white space before ▁ is put ahead of each word.
  private(set) var splitsWords = false
  /// Whether the normalizer itself turns spaces into ▁.
  private var escapes = false
  private let json: TokenizerJSON

  private static let mark = "\u{2581}"

  /// Throws ``TokenizerFailure`` naming what cannot be followed.
  init(_ json: TokenizerJSON) throws(TokenizerFailure) {
    self.json = json
    let normalizer = json.root["normalizer"] ?? .null
    for step in try Self.steps(normalizer, "normalizers", json) { try readNormalizer(step) }
    let preTokenizer = json.root["pre_tokenizer"] ?? .null
    for step in try Self.steps(preTokenizer, "pretokenizers", json) { try readPreTokenizer(step) }
    if !escapes {
      throw json.unsupported(
        "pre_tokenizer", preTokenizer["type"]?.kind ?? "none",
        "Metaspace, or a normalizer that replaces spaces by \"\(Self.mark)\"")
    }
  }

  /// The parts of a Sequence, or the one part itself.
  private static func steps(
    _ node: JSONNode, _ key: String, _ json: TokenizerJSON
  ) throws(TokenizerFailure) -> [JSONNode] {
    if node == .null { return [] }
    guard node["type"]?.text == "Sequence" else { return [node] }
    guard case .array(let parts) = node[key] else { throw json.bad(key, "a list", node[key]) }
    return parts
  }

  private mutating func readNormalizer(_ step: JSONNode) throws(TokenizerFailure) {
    switch step["type"]?.text {
    case "Precompiled":
      guard let text = step["precompiled_charsmap"]?.text, let data = Data(base64Encoded: text)
      else {
        throw json.bad("normalizer.precompiled_charsmap", "base64", step["precompiled_charsmap"])
      }
      charsmap = [UInt8](data)
    case "Replace": try readReplace(step)
    case "Prepend" where step["prepend"]?.text == Self.mark: prefix = .always
    // SentencePiece strips both ends where it removes extra spaces at all.
    case "Strip" where step["strip_right"] == .bool(true): removesExtra = true
    default:
      throw json.unsupported(
        "normalizer", step["type"]?.kind ?? step.kind,
        "Precompiled, Strip on the right, Replace of spaces, Prepend of \"\(Self.mark)\" for a "
          + "SentencePiece model")
    }
  }

  private mutating func readReplace(_ step: JSONNode) throws(TokenizerFailure) {
    let content = step["content"]?.text
    if step["pattern"]?["Regex"]?.text == " {2,}", content == " " || content == Self.mark {
      removesExtra = true
    } else if step["pattern"]?["String"]?.text == " ", content == Self.mark {
      escapes = true
    } else {
      throw json.unsupported(
        "normalizer", "Replace of another pattern",
        "Replace of \" {2,}\" by a space, and of a space by \"\(Self.mark)\"")
    }
  }

  private mutating func readPreTokenizer(_ step: JSONNode) throws(TokenizerFailure) {
    switch step["type"]?.text {
    case "WhitespaceSplit":
      removesExtra = true
      splitsWords = true
    case "Metaspace":
      guard step["replacement"]?.text == Self.mark else {
        throw json.unsupported(
          "pre_tokenizer.replacement", step["replacement"]?.kind ?? "none", "\"\(Self.mark)\"")
      }
      escapes = true
      switch step["prepend_scheme"]?.text {
      case nil: prefix = step["add_prefix_space"] == .bool(false) ? .never : .always
      case "always": prefix = .always
      case "first": prefix = .first
      case "never": prefix = .never
      case .some(let other):
        throw json.unsupported("pre_tokenizer.prepend_scheme", other, "always, first, never")
      }
    // Pieces of these models hold a space at their beginning only: cutting there changes nothing.
    case "Split"
    where step["pattern"]?["String"]?.text == " "
      && step["behavior"]?.text == "MergedWithPrevious":
      break
    default:
      throw json.unsupported(
        "pre_tokenizer", step["type"]?.kind ?? step.kind,
        "Metaspace and WhitespaceSplit for a SentencePiece model")
    }
  }
}
