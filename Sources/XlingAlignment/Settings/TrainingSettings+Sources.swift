import XlingCore

/// Where settings come from: tables of cards and of `xling.toml`, and assignments of a command line.
extension TrainingSettings: Decodable {
  public static var keys: [String] { options.map(\.key) }

  /// Of a [training] table. Throws `StrictKeys.Mistake` for an unknown key, and for a value that is none.
  public init(from decoder: any Decoder) throws {
    self.init()
    let keys = try StrictKeys(decoder, named: "training", known: Self.keys)
    for option in Self.options { try option.read(keys, &self) }
    if steps != nil, epochs != nil {
      throw StrictKeys.Mistake(expected: "training.steps or training.epochs", found: "both")
    }
  }

  /// Of "key=value" each. One key with two values, steps beside epochs, an unknown key and a value that is
  /// none are ``AlignmentFailure/assignment(given:expected:found:)``.
  public init(assignments: [String]) throws(AlignmentFailure) {
    self.init()
    for given in assignments {
      let parts = given.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw .assignment(given: given, expected: "key=value", found: "no value")
      }
      guard let option = Self.option(parts[0]) else {
        let near = Spelling.nearest(to: parts[0].lowercased(), among: Self.keys)
        throw .assignment(
          given: given, expected: "one of " + Self.keys.joined(separator: ", "),
          found: "\"\(parts[0])\"" + (near.map { " (did you mean \"\($0)\"?)" } ?? ""))
      }
      let before = option.text(self)
      do {
        try option.parse(parts[1], &self)
      } catch {
        let expected = (error as? NumberFailure)?.expected ?? option.range
        throw .assignment(given: given, expected: expected, found: "\"\(parts[1])\"")
      }
      if let before, before != option.text(self) {
        throw .assignment(
          given: given, expected: "one value of \(option.key)", found: "\(before), too")
      }
    }
    if steps != nil, epochs != nil {
      throw .assignment(given: "steps", expected: "steps or epochs", found: "both")
    }
  }

  /// The row of a key; nil where there is none.
  public static func option(_ key: String) -> TrainingOption? { options.first { $0.key == key } }

  /// Fills in one value as a text has it. Throws `NumberFailure` for one that it may not be.
  public mutating func set(_ key: String, _ text: String) throws {
    try Self.option(key)?.parse(text, &self)
  }

  /// What is said, by key, as a table would have it.
  public var said: [(key: String, value: String)] {
    Self.options.compactMap { option in option.text(self).map { (option.key, $0) } }
  }

  /// What `others` say goes before what was said. Steps and epochs stand for each other.
  public mutating func take(_ others: TrainingSettings) {
    if others.steps != nil { epochs = nil }
    if others.epochs != nil { steps = nil }
    for option in Self.options { option.take(others, &self) }
  }
}
