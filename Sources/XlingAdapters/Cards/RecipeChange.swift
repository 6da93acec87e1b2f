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
    case "placement":
      side.options.placement = try word(Self.all(Recipe.ModuleOptions.Placement.self))
    case "reduction": side.options.reduction = try number()
    case "bottleneck": side.options.bottleneck = try number()
    case "depth": side.options.depth = try number()
    case "rank": side.options.rank = try number()
    case "prompt_length": side.options.promptLength = try number()
    case "terms": side.options.terms = try number()
    case "head_layers": side.options.headLayers = try number()
    case "head_width": side.options.headWidth = try number()
    case "head_activation":
      side.options.headActivation = try word(Self.all(TokenMLP.Activation.self))
    case "alpha":
      guard let alpha = Double(value), alpha.isFinite else {
        throw .composition(given: given, expected: "a number", found: "\"\(value)\"")
      }
      side.options.alpha = alpha
    default:
      throw .composition(
        given: given,
        expected: "one of " + Recipe.Side.keys.dropFirst(3).joined(separator: ", "),
        found: "\"\(key)\"")
    }
  }

  private func number() throws(AdapterFailure) -> Int {
    guard let number = Int(value), number > 0 else {
      throw .composition(given: given, expected: "a number from 1 up", found: "\"\(value)\"")
    }
    return number
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
