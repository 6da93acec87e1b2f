/// An entry of `added_tokens`.
struct JSONAddedToken: Equatable {
  let utf8: [UInt8]
  let id: Int32
  let stripsLeft: Bool
  let stripsRight: Bool
  let isWord: Bool
  let isNormalized: Bool
  let isSpecial: Bool

  var token: AddedToken {
    AddedToken(
      utf8: utf8, id: id, stripsLeft: stripsLeft, stripsRight: stripsRight, isWord: isWord)
  }

  static func read(_ root: JSONNode, _ file: String) throws(TokenizerFailure) -> [JSONAddedToken] {
    switch root["added_tokens"] ?? .null {
    case .null: return []
    case .array(let entries):
      var tokens: [JSONAddedToken] = []
      for (index, entry) in entries.enumerated() {
        tokens.append(try JSONAddedToken(entry, "added_tokens[\(index)]", file))
      }
      return tokens
    case let other:
      throw .badConfiguration(
        file: file, key: "added_tokens", expected: "a list", found: other.kind)
    }
  }

  init(
    utf8: [UInt8], id: Int32, stripsLeft: Bool = false, isNormalized: Bool, isSpecial: Bool
  ) {
    self.utf8 = utf8
    self.id = id
    self.stripsLeft = stripsLeft
    stripsRight = false
    isWord = false
    self.isNormalized = isNormalized
    self.isSpecial = isSpecial
  }

  /// Whether it is matched in raw text, letter for letter, and takes nothing with it.
  var isPlain: Bool { !stripsLeft && !stripsRight && !isWord && !isNormalized }

  /// `id` where the entry itself has none.
  init(
    _ entry: JSONNode, id given: Int32? = nil, _ key: String, _ file: String
  ) throws(TokenizerFailure) {
    func flag(_ name: String) throws(TokenizerFailure) -> Bool {
      switch entry[name] {
      case nil: return false
      case .bool(let value): return value
      case .some(let other):
        throw .badConfiguration(
          file: file, key: "\(key).\(name)", expected: "true or false", found: other.kind)
      }
    }
    guard case .string(let content) = entry["content"], !content.isEmpty,
      let id = given ?? entry["id"]?.integer.flatMap({ Int32(exactly: $0) }), id >= 0
    else {
      throw .badConfiguration(
        file: file, key: key, expected: "an object with content and id", found: entry.kind)
    }
    utf8 = content
    self.id = id
    isWord = try flag("single_word")
    stripsLeft = try flag("lstrip")
    stripsRight = try flag("rstrip")
    isNormalized = try flag("normalized")
    isSpecial = try flag("special")
  }
}
