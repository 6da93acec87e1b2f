import ArgumentParser

/// Options that a command has, but that change nothing where they stand: they are refused by name, or
/// somebody believes that they did something.
enum GivenOptions {
  /// Names of those that were given.
  static func names(_ options: [(name: String, isGiven: Bool)]) -> [String] {
    options.filter(\.isGiven).map(\.name)
  }

  /// Throws `ValidationError` where some were given. `place`: "with --image-embeddings".
  static func refuse(_ names: [String], _ place: String) throws {
    guard let last = names.last else { return }
    let all = names.count == 1 ? last : names.dropLast().joined(separator: ", ") + " and " + last
    throw ValidationError("\(all) \(names.count == 1 ? "has" : "have") no use \(place)")
  }
}
