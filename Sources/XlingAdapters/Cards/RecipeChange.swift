import XlingCore

/// One change of a recipe as the command line writes it: `text:reduction=2`, `depth=3`,
/// `lock=0-3`. Without a tower's name it is for both.
public struct RecipeChange {
  private let given: String
  private let text: Bool
  private let image: Bool
  private let key: String
  private let value: String

  /// "[text:|image:]key=value". Throws ``AdapterFailure/composition(given:expected:found:)``.
  public init(assignment: String) throws(AdapterFailure) {
    let parts = assignment.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else {
      throw .composition(
        given: assignment, expected: "key=value or text:key=value", found: "no value")
    }
    let sided = Composition.sided(parts[0])
    (given, text, image, key, value) = (
      assignment, sided.text, sided.image, sided.value, parts[1]
    )
  }

  /// "[text:|image:]value" of a key.
  public init(key: String, text: String) {
    let sided = Composition.sided(text)
    (given, self.text, image, self.key, value) = (
      text, sided.text, sided.image, key, sided.value
    )
  }

  /// Throws ``AdapterFailure/composition(given:expected:found:)`` for an unknown key or value.
  public func apply(to recipe: inout Recipe) throws(AdapterFailure) {
    if text { try change(&recipe.text) }
    if image { try change(&recipe.image) }
  }

  private func change(_ side: inout Recipe.Side) throws(AdapterFailure) {
    switch key {
    case "lock": side.lock.append(try word("layers such as 2 or 0-3"))
    case "head": side.head = try word(Self.all(Recipe.Head.self))
    default:
      guard let option = Recipe.ModuleOptions.table.first(where: { $0.key == key }) else {
        throw .composition(
          given: given,
          expected: "one of " + Recipe.Side.keys.dropFirst(3).joined(separator: ", "),
          found: "\"\(key)\"")
      }
      do { try option.parse(value, &side.options) } catch {
        let expected = (error as? NumberFailure)?.expected ?? option.range
        throw .composition(given: given, expected: expected, found: "\"\(value)\"")
      }
    }
  }

  private func word<Value: RawRepresentable>(_ known: String) throws(AdapterFailure) -> Value
  where Value.RawValue == String {
    guard let word = Value(rawValue: value) else {
      throw .composition(given: given, expected: known, found: "\"\(value)\"")
    }
    return word
  }

  private static func all<Value: RawRepresentable & CaseIterable>(_: Value.Type) -> String
  where Value.RawValue == String {
    "one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")
  }
}
