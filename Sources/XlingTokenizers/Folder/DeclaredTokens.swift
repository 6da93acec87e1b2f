/// The added tokens that a folder declares outside a tokenizer.json: `added_tokens_decoder` of
/// tokenizer_config.json, added_tokens.json, and lists of special tokens.
struct DeclaredTokens {
  /// By id.
  private(set) var tokens: [JSONAddedToken] = []
  /// Special ones that are declared without an id.
  private(set) var unnumbered: [[UInt8]] = []

  /// Throws ``FileFailure`` or ``TokenizerFailure``.
  init(_ folder: inout FolderDeclarations) throws {
    try readDecoder(&folder)
    try readAddedFile(&folder)
    let known = Set(tokens.map(\.utf8))
    for token in folder.additional {
      if let text = token.tokenText.map({ Array($0.utf8) }), !text.isEmpty, !known.contains(text) {
        unnumbered.append(text)
      }
    }
    tokens.sort { $0.id < $1.id }
  }

  private mutating func readDecoder(_ folder: inout FolderDeclarations) throws {
    let name = FolderDeclarations.configurationName
    switch folder.configuration["added_tokens_decoder"] ?? .null {
    case .null: return
    case .object(let members):
      for member in members {
        let key = "added_tokens_decoder.\(String(decoding: member.key, as: UTF8.self))"
        guard let id = Int32(String(decoding: member.key, as: UTF8.self)), id >= 0 else {
          throw TokenizerFailure.badConfiguration(
            file: folder.path(name), key: key, expected: "an id", found: "another key")
        }
        try take(
          JSONAddedToken(member.value, id: id, key, folder.path(name)), key, folder.path(name))
      }
      folder.note(name, "added_tokens_decoder", "\(members.count) tokens", "found in texts")
    case let other:
      throw TokenizerFailure.badConfiguration(
        file: folder.path(name), key: "added_tokens_decoder", expected: "an object",
        found: other.kind)
    }
  }

  private mutating func readAddedFile(_ folder: inout FolderDeclarations) throws {
    let name = FolderDeclarations.addedName
    guard folder.names.contains(name) else { return }
    guard case .object(let members) = try JSONReader.document(folder.path(name)) else {
      throw TokenizerFailure.badConfiguration(
        file: folder.path(name), key: "(whole file)", expected: "an object from tokens to ids",
        found: "something else")
    }
    let special = Set(
      (FolderDeclarations.roles.compactMap(folder.token)
        + folder.additional.compactMap(\.tokenText)).map { Array($0.utf8) })
    for member in members {
      let text = String(decoding: member.key, as: UTF8.self)
      guard let number = member.value.integer, let id = Int32(exactly: number), id >= 0,
        !member.key.isEmpty
      else {
        throw TokenizerFailure.badConfiguration(
          file: folder.path(name), key: text, expected: "an id", found: member.value.kind)
      }
      if tokens.contains(where: { $0.utf8 == member.key && $0.id == id }) { continue }
      let isSpecial = special.contains(member.key)
      try take(
        JSONAddedToken(
          utf8: member.key, id: id, isNormalized: !isSpecial, isSpecial: isSpecial),
        text, folder.path(name))
    }
    folder.note(name, "(whole file)", "\(members.count) tokens", "found in texts")
  }

  private mutating func take(
    _ token: JSONAddedToken, _ key: String, _ file: String
  ) throws(TokenizerFailure) {
    if let other = tokens.first(where: { $0.id == token.id || $0.utf8 == token.utf8 }) {
      throw .badConfiguration(
        file: file, key: key, expected: "every added token once",
        found: "\"\(String(decoding: token.utf8, as: UTF8.self))\" as \(token.id) and "
          + "\"\(String(decoding: other.utf8, as: UTF8.self))\" as \(other.id)")
    }
    tokens.append(token)
  }

  /// Adds these to tokens that are there: of one text the ids must be the same, and the flags here
  /// count. `idOf` is the model's, `count` its pieces; `first` names what has the other ids. Throws
  /// ``TokenizerFailure/contradiction(first:second:found:)``.
  func merged(
    into known: [JSONAddedToken], count: Int, _ folder: FolderDeclarations, first: String,
    idOf: ([UInt8]) -> Int32?
  ) throws(TokenizerFailure) -> [JSONAddedToken] {
    var all = known
    var next = Int32(max(count, (known.map { Int($0.id) + 1 }.max() ?? 0)))
    let file =
      folder.names.contains(FolderDeclarations.addedName)
      ? FolderDeclarations.addedName : FolderDeclarations.configurationName
    for token in tokens {
      let text = String(decoding: token.utf8, as: UTF8.self)
      let place = all.firstIndex { $0.utf8 == token.utf8 }
      let id = place.map { all[$0].id } ?? idOf(token.utf8)
      if let id, id != token.id {
        throw .contradiction(
          first: first, second: folder.path(file),
          found: "the token \"\(text)\" as \(id) and as \(token.id)")
      }
      if let place {
        all[place] = token
      } else if id != nil {
        all.append(token)
      } else if token.id == next {
        all.append(token)
        next += 1
      } else {
        throw .contradiction(
          first: first, second: folder.path(file),
          found: "\(next) ids, and the token \"\(text)\" as \(token.id)")
      }
    }
    for text in unnumbered where !all.contains(where: { $0.utf8 == text }) {
      let id = idOf(text) ?? next
      if id == next { next += 1 }
      all.append(JSONAddedToken(utf8: text, id: id, isNormalized: false, isSpecial: true))
    }
    return all
  }
}
