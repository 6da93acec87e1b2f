import XlingCore

/// What the small files of a tokenizer's folder declare.
struct FolderDeclarations {
  let folder: String
  let names: Set<String>
  /// tokenizer_config.json; null where there is none.
  let configuration: JSONNode
  /// special_tokens_map.json.
  let map: JSONNode
  let family: TokenizerFamily
  /// Whether a class names the family, not the tower's type alone.
  let isFamilyByClass: Bool
  private(set) var found: [Declaration] = []

  static let configurationName = "tokenizer_config.json"
  static let mapName = "special_tokens_map.json"
  static let addedName = "added_tokens.json"

  /// Throws ``FileFailure`` or ``TokenizerFailure``.
  init(_ folder: String, _ names: [String]) throws {
    self.folder = folder
    self.names = Set(names)
    func read(_ name: String) throws -> JSONNode {
      guard names.contains(name) else { return .null }
      let root = try JSONReader.document(folder + "/" + name)
      guard case .object = root else {
        throw TokenizerFailure.badConfiguration(
          file: folder + "/" + name, key: "(whole file)", expected: "an object", found: root.kind)
      }
      return root
    }
    configuration = try read(Self.configurationName)
    map = try read(Self.mapName)
    let tower = try read("config.json")
    (family, found) = Self.family(configuration, tower)
    isFamilyByClass = found.last?.key == "tokenizer_class"
    if let length = configuration["model_max_length"] {
      note("model_max_length", length, maximumLength == nil ? "no limit" : "the longest input")
    }
  }

  private static func family(
    _ configuration: JSONNode, _ tower: JSONNode
  ) -> (TokenizerFamily, [Declaration]) {
    var found: [Declaration] = []
    var result = TokenizerFamily.plain
    for (file, root, key) in [
      (configurationName, configuration, "tokenizer_class"),
      ("config.json", tower, "tokenizer_class"),
      ("config.json", tower, "model_type"),
    ] {
      guard let text = root[key]?.text else { continue }
      let family =
        key == "model_type" ? TokenizerFamily(modelType: text) : TokenizerFamily(class: text)
      guard let family else { continue }
      guard result == .plain else { break }
      result = family
      found.append(
        Declaration(file: file, key: key, value: text, use: "the family: \(family.name)"))
    }
    return (result, found)
  }

  mutating func note(_ key: String, _ value: JSONNode, _ use: String) {
    found.append(
      Declaration(file: Self.configurationName, key: key, value: value.declared, use: use))
  }

  mutating func note(_ file: String, _ key: String, _ value: String, _ use: String) {
    found.append(Declaration(file: file, key: key, value: value, use: use))
  }

  /// Nil where none is stated, or one beyond any model.
  var maximumLength: Int? {
    guard case .number(let length) = configuration["model_max_length"], length >= 2, length < 1e9
    else { return nil }
    return Int(length)
  }

  /// `key` of tokenizer_config.json; nil where it is not there or null.
  func flag(_ key: String) throws(TokenizerFailure) -> Bool? {
    switch configuration[key] {
    case nil, .null: return nil
    case .bool(let value): return value
    case .some(let other):
      throw .badConfiguration(
        file: path(Self.configurationName), key: key, expected: "true or false", found: other.kind)
    }
  }

  func path(_ name: String) -> String { folder + "/" + name }

  /// The text of a token with a role: `pad_token` and so on.
  func token(_ key: String) -> String? {
    (configuration[key] ?? .null).tokenText ?? (map[key] ?? .null).tokenText
  }

  static let roles = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// Tokens that a list declares special besides: `additional_special_tokens`, and its newer name.
  var additional: [JSONNode] {
    for root in [configuration, map] {
      for key in ["additional_special_tokens", "extra_special_tokens"] {
        if case .array(let tokens) = root[key], !tokens.isEmpty { return tokens }
      }
    }
    return []
  }
}

extension JSONNode {
  /// A value as a declaration shows it.
  var declared: String {
    switch self {
    case .string(let bytes): String(decoding: bytes, as: UTF8.self)
    case .number(let value): integer.map { "\($0)" } ?? "\(value)"
    case .array(let items): "\(items.count) entries"
    case .scored(let pairs): "\(pairs.count) entries"
    case .object(let members): "\(members.count) entries"
    default: kind
    }
  }
}
