import XlingCore

/// A row of the table of module options (``Recipe/ModuleOptions/table``): a key as cards and `--option`
/// spell it, the value that it fills, its range, and what it is for.
public struct ModuleOption: Sendable {
  public let key: String
  public let help: String
  /// What it may be, in words.
  public let range: String
  /// Fills in the value of a table. Throws `StrictKeys.Mistake`.
  let read: @Sendable (StrictKeys, inout Recipe.ModuleOptions) throws -> Void
  /// Writes the value where it is not the usual one.
  let write:
    @Sendable (
      Recipe.ModuleOptions, inout KeyedEncodingContainer<StrictKeys.Key>
    ) throws -> Void
  /// Fills in the value of a text; throws `NumberFailure` for one that it may not be.
  let parse: @Sendable (String, inout Recipe.ModuleOptions) throws -> Void
  /// The value; nil where it is the usual one.
  let text: @Sendable (Recipe.ModuleOptions) -> String?
  /// What is found out of the range.
  let outside: @Sendable (Recipe.ModuleOptions) -> String?

  typealias Place<Value> = WritableKeyPath<Recipe.ModuleOptions, Value> & Sendable

  /// A whole number; without a range, from 1 to the width of the tower that it is applied to.
  init(_ key: String, _ place: Place<Int>, _ range: ClosedRange<Int>?, _ help: String) {
    self.init(
      key, place, help, range: Self.words(range), parse: Self.whole, text: { "\($0)" },
      outside: { value in range.flatMap { $0.contains(value) ? nil : "\(value)" } })
  }

  /// A whole number that need not be given.
  init(_ key: String, _ place: Place<Int?>, _ range: ClosedRange<Int>?, _ help: String) {
    self.init(
      key, place, help, range: Self.words(range), parse: Self.whole,
      text: { $0.map { "\($0)" } ?? "" },
      outside: { value in
        guard let value, let range, !range.contains(value) else { return nil }
        return "\(value)"
      })
  }

  /// A number, of any size without a range.
  init(
    _ key: String, _ place: Place<Double>, _ range: ClosedRange<Double>?, _ help: String
  ) {
    let words = range.map { "a number from \($0.lowerBound) to \($0.upperBound)" } ?? "a number"
    self.init(
      key, place, help, range: words,
      parse: { text in
        guard let number = Double(text), number.isFinite else {
          throw NumberFailure(text: text, expected: words)
        }
        return number
      }, text: { "\($0)" },
      outside: { value in range.flatMap { $0.contains(value) ? nil : "\(value)" } })
  }

  /// A word of an enumeration.
  init<Word: RawRepresentable & CaseIterable & Codable & Equatable & Sendable>(
    _ key: String, _ place: Place<Word>, _ help: String
  ) where Word.RawValue == String {
    let range = "one of " + Word.allCases.map(\.rawValue).joined(separator: ", ")
    self.init(
      key, place, help, range: range,
      parse: { text in
        guard let word = Word(rawValue: text) else {
          throw NumberFailure(text: text, expected: range)
        }
        return word
      }, text: \.rawValue, read: { try $0.word(key, else: $1) })
  }

  private init<Value: Codable & Equatable & Sendable>(
    _ key: String, _ place: Place<Value>, _ help: String, range: String,
    parse: @escaping @Sendable (String) throws -> Value,
    text: @escaping @Sendable (Value) -> String,
    read: (@Sendable (StrictKeys, Value) throws -> Value)? = nil,
    outside: @escaping @Sendable (Value) -> String? = { _ in nil }
  ) {
    self.key = key
    self.help = help
    self.range = range
    self.parse = { $1[keyPath: place] = try parse($0) }
    self.read = { keys, options in
      let usual = options[keyPath: place]
      options[keyPath: place] = try read?(keys, usual) ?? keys.value(key, else: usual)
    }
    write = { options, container in
      let value = options[keyPath: place]
      guard value != Recipe.ModuleOptions()[keyPath: place] else { return }
      try container.encode(value, forKey: StrictKeys.Key(key))
    }
    self.text = { options in
      let value = options[keyPath: place]
      return value == Recipe.ModuleOptions()[keyPath: place] ? nil : text(value)
    }
    self.outside = { outside($0[keyPath: place]) }
  }

  private static func whole<Value>(_ text: String) throws -> Value where Value: Codable {
    guard let number = Int(text), number > 0, let value = number as? Value else {
      throw NumberFailure(text: text, expected: "a number from 1 up")
    }
    return value
  }

  private static func words(_ range: ClosedRange<Int>?) -> String {
    "from \(range?.lowerBound ?? 1) to " + (range.map { "\($0.upperBound)" } ?? "the tower's width")
  }
}
