/// A container whose unknown keys are errors.
struct StrictKeys {
  struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  /// What is wrong with a card, before it is known which file it is.
  struct Mistake: Error {
    let expected: String
    let found: String
  }

  private let values: KeyedDecodingContainer<Key>
  private let path: String

  /// `named` tells which table it is in messages; "" for the card itself. Throws ``Mistake``.
  init(_ decoder: any Decoder, named path: String, known: [String]) throws {
    values = try decoder.container(keyedBy: Key.self)
    self.path = path
    let unknown = values.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted().first
    if let unknown {
      let place = path.isEmpty ? "" : " of [\(path)]"
      throw Mistake(
        expected: "the keys \(known.joined(separator: ", "))\(place)", found: "\"\(unknown)\"")
    }
  }

  /// The value of a key, or `other` where there is none.
  func value<Value: Decodable>(_ name: String, else other: Value) throws -> Value {
    try value(name) ?? other
  }

  func value<Value: Decodable>(_ name: String) throws -> Value? {
    guard values.contains(Key(name)) else { return nil }
    do {
      return try values.decode(Value.self, forKey: Key(name))
    } catch let mistake as Mistake {
      throw mistake
    } catch {
      throw Mistake(expected: shown(name) + " = \(Self.kind(Value.self))", found: "another kind")
    }
  }

  func required<Value: Decodable>(_ name: String) throws -> Value {
    guard let value: Value = try value(name) else {
      throw Mistake(expected: shown(name), found: "no such key")
    }
    return value
  }

  /// A word of an enumeration, told with all that it may be.
  func word<Value: RawRepresentable & CaseIterable>(_ name: String, else other: Value) throws
    -> Value where Value.RawValue == String
  {
    guard let text: String = try value(name) else { return other }
    guard let word = Value(rawValue: text) else {
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw Mistake(expected: shown(name) + ", one of \(known)", found: "\"\(text)\"")
    }
    return word
  }

  /// A list of words, told with an example of each.
  func words<Value: RawRepresentable>(
    _ name: String, known: String
  ) throws -> [Value] where Value.RawValue == String {
    let texts: [String] = try value(name, else: [])
    return try texts.map { text in
      guard let word = Value(rawValue: text) else {
        throw Mistake(expected: shown(name) + ", of \(known)", found: "\"\(text)\"")
      }
      return word
    }
  }

  private func shown(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  private static func kind(_ type: Any.Type) -> String {
    switch type {
    case is Int.Type, is UInt64.Type: "a whole number"
    case is Double.Type, is Float.Type: "a number"
    case is Bool.Type: "true or false"
    case is String.Type: "a text"
    case is [String].Type: "a list of texts"
    default: "a table"
    }
  }
}
