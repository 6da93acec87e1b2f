import Foundation
import XlingCore

/// `tokenizer_config.json` of a BERT tokenizer, in Hugging Face's keys, and one of our own for
/// normalization ahead of BERT's own steps (Hugging Face's readers pass over it; on text already
/// in NFC they give the same ids).
public struct BertConfiguration: Sendable, Equatable {
  public enum Normalization: String, Sendable, CaseIterable { case none, nfc, nfkc }

  public var normalization: Normalization = .none
  public var lowercase = true
  /// Nil: as `lowercase`.
  public var stripAccents: Bool?
  public var stripsAccents: Bool { stripAccents ?? lowercase }
  public var tokenizeChineseCharacters = true
  /// Whether control characters go and white space becomes spaces; said by a tokenizer.json only.
  public var cleansText = true
  /// Not part of the file: a choice of whoever encodes.
  public var unicode = UnicodeData.reference
  /// Nil when the file states none, or one beyond any model (Hugging Face writes 1e30).
  public var maximumLength: Int?
  /// Padding, unknown, start, end, mask.
  public var specialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

  /// BERT's defaults.
  public init() {}

  /// What the tokenizers shipped with this project use: NFC, lower case, accents kept, since vowel
  /// signs of Devanagari and Thai and Turkish dots are no ornament.
  public static var multilingual: BertConfiguration {
    var configuration = BertConfiguration()
    configuration.normalization = .nfc
    configuration.stripAccents = false
    configuration.maximumLength = 512
    return configuration
  }

  static let specialKeys = ["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"]
  static let normalizationKey = "xling_normalization"
  /// Keys that change no encoding.
  private static let inert: Set<String> = [
    "tokenizer_class", "name_or_path", "special_tokens_map_file", "clean_up_tokenization_spaces",
    "padding_side", "truncation_side", "processor_class", "added_tokens_decoder", "use_fast",
    "backend", "is_local", "extra_special_tokens", "tokenizer_file", "max_len", "local_files_only",
    "additional_special_tokens", "model_input_names", "bos_token", "eos_token", "auto_map",
    "max_length", "stride", "truncation_strategy", "pad_to_multiple_of", "pad_token_type_id",
    "full_tokenizer_file",
  ]

  /// Reads the file's bytes; `file` names it in errors. Throws
  /// ``TokenizerFailure/badConfiguration(file:key:expected:found:)`` on unknown keys too.
  public init(json: Data, file: String) throws {
    try self.init(json: json, file: file, tokens: .null)
  }

  /// The same; special tokens that the file does not name are those of `tokens`, which is
  /// special_tokens_map.json, else those of the class.
  init(json: Data, file: String, tokens: JSONNode) throws {
    let root: JSONNode
    do {
      root = try json.withUnsafeBytes { try JSONReader.read($0) }
    } catch let error as JSONReader.Malformed {
      throw TokenizerFailure.badConfiguration(
        file: file, key: "(whole file)", expected: "a JSON object",
        found: error.found ?? "no \(error.expected) at byte \(error.offset)")
    }
    guard case .object(let members) = root else {
      throw TokenizerFailure.badConfiguration(
        file: file, key: "(whole file)", expected: "a JSON object", found: root.kind)
    }
    if root["tokenizer_class"]?.text?.hasPrefix("MPNetTokenizer") == true {
      specialTokens = ["<pad>", "[UNK]", "<s>", "</s>", "<mask>"]
    }
    for (at, key) in Self.specialKeys.enumerated() {
      if let token = (tokens[key] ?? .null).tokenText { specialTokens[at] = token }
    }
    for member in members {
      try read(String(decoding: member.key, as: UTF8.self), member.value, file)
    }
    let names = Set(specialTokens.map { Array($0.utf8) })
    guard names.count == specialTokens.count, !names.contains([]) else {
      throw TokenizerFailure.badConfiguration(
        file: file, key: "pad_token, unk_token, cls_token, sep_token, mask_token",
        expected: "five different tokens", found: specialTokens.joined(separator: " "))
    }
  }

  private mutating func read(_ key: String, _ value: JSONNode, _ file: String) throws {
    func fail(_ expected: String) -> TokenizerFailure {
      .badConfiguration(file: file, key: key, expected: expected, found: value.kind)
    }
    func flag() throws -> Bool {
      guard case .bool(let flag) = value else { throw fail("true or false") }
      return flag
    }
    switch key {
    case "do_lower_case": lowercase = try flag()
    case "strip_accents": stripAccents = value == .null ? nil : try flag()
    case "tokenize_chinese_chars": tokenizeChineseCharacters = try flag()
    case "do_basic_tokenize":
      guard try flag() else { throw fail("true (text is always cut into words)") }
    case "never_split":
      guard value == .null || value == .array([]) else { throw fail("null") }
    case "model_max_length":
      guard case .number(let length) = value, length >= 2 else { throw fail("a number >= 2") }
      maximumLength = length < 1e9 ? Int(length) : nil
    case Self.normalizationKey:
      guard let known = value.text.flatMap(Normalization.init) else {
        throw fail("\"none\", \"nfc\" or \"nfkc\"")
      }
      normalization = known
    case _ where Self.specialKeys.contains(key):
      guard let token = value.tokenText, let at = Self.specialKeys.firstIndex(of: key) else {
        throw fail("a token's text")
      }
      specialTokens[at] = token
    case _ where Self.inert.contains(key): break
    default: throw fail("no such key: it may change how text is cut")
    }
  }

  /// The file's text, keys in a fixed order.
  public var json: String {
    var lines = ["\"tokenizer_class\": \"BertTokenizer\"", "\"do_lower_case\": \(lowercase)"]
    lines.append("\"strip_accents\": \(stripAccents.map { "\($0)" } ?? "null")")
    lines.append("\"tokenize_chinese_chars\": \(tokenizeChineseCharacters)")
    if let maximumLength { lines.append("\"model_max_length\": \(maximumLength)") }
    for (key, token) in zip(Self.specialKeys, specialTokens) {
      lines.append("\"\(key)\": \(JSONNode.quoted(token))")
    }
    if normalization != .none {
      lines.append("\"\(Self.normalizationKey)\": \"\(normalization.rawValue)\"")
    }
    return "{\n  " + lines.joined(separator: ",\n  ") + "\n}\n"
  }
}
