import XlingCore

/// A row of the table of training options (``TrainingSettings/options``): a key as cards spell it, the
/// setting that it fills, what it may be, what it is for, and what it does to a configuration.
public struct TrainingOption: Sendable {
  public let key: String
  /// What it does, with its default, as help and documentation say.
  public let help: String
  /// What it may be, in words.
  public let range: String
  /// Fills in the value of a text; throws `NumberFailure` for one that it may not be.
  let parse: @Sendable (String, inout TrainingSettings) throws -> Void
  /// Fills in the value of a table. Throws `StrictKeys.Mistake`.
  let read: @Sendable (StrictKeys, inout TrainingSettings) throws -> Void
  /// Takes over what other settings say.
  let take: @Sendable (TrainingSettings, inout TrainingSettings) -> Void
  /// As a table would have it; nil where nothing is said.
  let text: @Sendable (TrainingSettings) -> String?
  let apply: @Sendable (TrainingSettings, inout AlignmentConfiguration) -> Void

  typealias Setting<Value> = WritableKeyPath<TrainingSettings, Value?> & Sendable
  typealias Use<Value> = @Sendable (inout AlignmentConfiguration, Value) -> Void

  /// A number, by its range.
  init<Value: Decodable & Sendable>(
    _ key: String, _ setting: Setting<Value>,
    _ number: @escaping @Sendable (String) throws -> Value, _ help: String,
    use: @escaping Use<Value> = { _, _ in }
  ) {
    self.init(
      key, setting, help, range: Self.words(number), text: { "\($0)" },
      read: { keys in
        guard let value: Value = try keys.value(key) else { return nil }
        do { return try number("\(value)") } catch let failure as NumberFailure {
          throw keys.mistake(key, expected: failure.expected, found: failure.text)
        }
      }, parse: number, use: use)
  }

  /// A truth.
  init(
    _ key: String, _ setting: Setting<Bool>, _ help: String, use: @escaping Use<Bool>
  ) {
    let range = "true or false"
    self.init(
      key, setting, help, range: range, text: { "\($0)" }, read: { try $0.value(key) },
      parse: { text in
        guard let value = Bool(text) else { throw NumberFailure(text: text, expected: range) }
        return value
      }, use: use)
  }

  /// A word of an enumeration.
  init<Value: RawRepresentable & CaseIterable & Sendable>(
    _ key: String, _ setting: Setting<Value>, _ help: String, use: @escaping Use<Value>
  ) where Value.RawValue == String {
    let range = "one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")
    self.init(
      key, setting, help, range: range, text: \.rawValue,
      read: { keys in
        guard let text: String = try keys.value(key) else { return nil }
        guard let word = Value(rawValue: text) else {
          throw keys.mistake(key, expected: range, found: "\"\(text)\"")
        }
        return word
      },
      parse: { text in
        guard let word = Value(rawValue: text) else {
          throw NumberFailure(text: text, expected: range)
        }
        return word
      }, use: use)
  }

  /// A text.
  init(
    _ key: String, _ setting: Setting<String>, range: String, _ help: String,
    use: @escaping Use<String>
  ) {
    self.init(
      key, setting, help, range: range, text: { $0 }, read: { try $0.value(key) }, parse: { $0 },
      use: use)
  }

  private init<Value: Sendable>(
    _ key: String, _ setting: Setting<Value>, _ help: String, range: String,
    text: @escaping @Sendable (Value) -> String,
    read: @escaping @Sendable (StrictKeys) throws -> Value?,
    parse: @escaping @Sendable (String) throws -> Value, use: @escaping Use<Value>
  ) {
    self.key = key
    self.help = help
    self.range = range
    self.parse = { $1[keyPath: setting] = try parse($0) }
    self.read = { keys, settings in
      if let value = try read(keys) { settings[keyPath: setting] = value }
    }
    take = { other, settings in
      if let value = other[keyPath: setting] { settings[keyPath: setting] = value }
    }
    self.text = { $0[keyPath: setting].map(text) }
    apply = { settings, configuration in
      if let value = settings[keyPath: setting] { use(&configuration, value) }
    }
  }

  /// The range of a number as it is told of a text that is none.
  private static func words<Value>(_ number: (String) throws -> Value) -> String {
    do {
      _ = try number("")
      return ""
    } catch {
      return (error as? NumberFailure)?.expected ?? ""
    }
  }
}
