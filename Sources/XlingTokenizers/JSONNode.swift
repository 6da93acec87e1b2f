/// A JSON value (RFC 8259) with its strings as bytes and its keys in order: a vocabulary's pieces
/// are keys, and two spellings that are canonically equivalent are one `String` but two pieces.
indirect enum JSONNode: Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string([UInt8])
  case array([JSONNode])
  /// A long list of pairs of a string and a number.
  case scored(ScoredPieces)
  case object([Member])

  struct Member: Equatable {
    let key: [UInt8]
    let value: JSONNode
  }

  /// The value of a key; nil where there is none.
  subscript(key: String) -> JSONNode? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.elementsEqual(key.utf8) }?.value
  }

  var text: String? {
    guard case .string(let bytes) = self else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A token is written plainly or as an object with its text under "content".
  var tokenText: String? { text ?? self["content"]?.tokenText }

  /// Nil for anything that is no whole number.
  var integer: Int? {
    guard case .number(let value) = self else { return nil }
    return Int(exactly: value)
  }

  /// For errors: what was found.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): "the number \(value)"
    case .string(let bytes): "\"\(String(decoding: bytes.prefix(60), as: UTF8.self))\""
    case .array, .scored: "a list"
    case .object: "an object"
    }
  }

  /// A text as JSON writes it.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
