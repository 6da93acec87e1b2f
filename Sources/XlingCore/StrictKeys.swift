/// A container whose unknown keys are errors.
public struct StrictKeys {
  public struct Key: CodingKey {
    public let stringValue: String
    public var intValue: Int? { nil }
    public init(_ name: String) { stringValue = name }
    public init?(stringValue: String) { self.init(stringValue) }
    public init?(intValue: Int) { nil }
  }

  /// What is wrong with a table, before it is known which file it is in.
  public struct Mistake: Error {
    /// The outermost table that was read strictly.
    public let path: [any CodingKey]
    public let expected: String
    public let found: String

    public init(at path: [any CodingKey] = [], expected: String, found: String) {
      self.path = path
      self.expected = expected
      self.found = found
    }
  }

  private let values: KeyedDecodingContainer<Key>
  private let path: String
  private let place: [any CodingKey]

  /// `named` tells which table it is in messages; "" for the card itself. Throws ``Mistake``.
  public init(_ decoder: any Decoder, named path: String, known: [String]) throws {
    values = try decoder.container(keyedBy: Key.self)
    self.path = path
    // What is told by `named` is not told again.
    place = path.isEmpty ? decoder.codingPath : decoder.codingPath.dropLast()
    let unknown = values.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted().first
    if let unknown {
      let place = path.isEmpty ? "" : " of [\(path)]"
      throw Mistake(
        at: self.place, expected: "the keys \(known.joined(separator: ", "))\(place)",
        found: "\"\(unknown)\"")
    }
  }

  /// The value of a key, or `other` where there is none.
  public func value<Value: Decodable>(_ name: String, else other: Value) throws -> Value {
    try value(name) ?? other
  }

  public func value<Value: Decodable>(_ name: String) throws -> Value? {
    guard values.contains(Key(name)) else { return nil }
    do {
      return try values.decode(Value.self, forKey: Key(name))
    } catch let mistake as Mistake {
      throw mistake
    } catch {
      throw Mistake(
        at: place, expected: shown(name) + " = \(Self.kind(Value.self))", found: "another kind")
    }
  }

  public func required<Value: Decodable>(_ name: String) throws -> Value {
    guard let value: Value = try value(name) else {
      throw Mistake(at: place, expected: shown(name), found: "no such key")
    }
    return value
  }

  /// A word of an enumeration, told with all that it may be.
  public func word<Value: RawRepresentable & CaseIterable>(_ name: String, else other: Value) throws
    -> Value where Value.RawValue == String
  {
    guard let text: String = try value(name) else { return other }
    guard let word = Value(rawValue: text) else {
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw Mistake(at: place, expected: shown(name) + ", one of \(known)", found: "\"\(text)\"")
    }
    return word
  }

  /// A list of words, told with an example of each.
  public func words<Value: RawRepresentable>(
    _ name: String, known: String
  ) throws -> [Value] where Value.RawValue == String {
    let texts: [String] = try value(name, else: [])
    return try texts.map { text in
      guard let word = Value(rawValue: text) else {
        throw Mistake(at: place, expected: shown(name) + ", of \(known)", found: "\"\(text)\"")
      }
      return word
    }
  }

  /// What is wrong with the value of a key.
  public func mistake(_ name: String, expected: String, found: String) -> Mistake {
    Mistake(at: place, expected: "\(shown(name)), \(expected)", found: found)
  }

  private func shown(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  private static func kind(_ type: Any.Type) -> String {
    switch type {
    case is Int.Type, is Int?.Type, is UInt64.Type: "a whole number"
    case is Double.Type, is Float.Type: "a number"
    case is Bool.Type: "true or false"
    case is String.Type: "a text"
    case is [String].Type: "a list of texts"
    default: "a table"
    }
  }
}
