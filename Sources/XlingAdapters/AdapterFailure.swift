import XlingCore

/// What can be wrong with a method.
public enum AdapterFailure: Failure, Equatable {
  /// `kind` is "method" or "preset".
  case unknownMethod(kind: String, name: String, nearest: String?, known: [String])
  /// A card under methods/, or a file given by --recipe.
  case badCard(path: String, expected: String, found: String)
  /// A word of `--text "lwa+layernorm"` and the like.
  case composition(given: String, expected: String, found: String)
  /// Neither a head nor anything in a tower would learn.
  case trainsNothing(recipe: String)
  /// A recipe is applied once, to a tower as it was loaded.
  case alreadyAdapted(tower: String)
  /// Modules are to be inserted where a run inserted some already.
  case hasModules(tower: String)
  /// The recipe asks for what a tower of this size does not have.
  case doesNotFit(tower: String, expected: String, found: String)

  public var exitStatus: ExitStatus {
    if case .badCard = self { return .badData }
    return .usage
  }

  public var description: String {
    switch self {
    case .unknownMethod(let kind, let name, let nearest, let known):
      "there is no \(kind) \"\(name)\"."
        + (nearest.map { " Did you mean \"\($0)\"?" } ?? "")
        + " \(kind == "preset" ? "Presets" : "Methods"): " + MessageList.of(known) + "."
    case .badCard(let path, let expected, let found):
      "\(path): expected \(expected), found \(found). See docs/methods/README.md for the keys."
    case .composition(let given, let expected, let found):
      "\"\(given)\": expected \(expected), found \(found)."
    case .trainsNothing(let recipe):
      "the recipe \"\(recipe)\" trains nothing: both towers are locked and neither has a head. "
        + "Thaw a part, insert a module, or give one side a head."
    case .alreadyAdapted(let tower):
      "the \(tower) tower has adapters already. Load it afresh before a recipe is applied."
    case .hasModules(let tower):
      "the run's \(tower) tower has adapters, prompts or layers of its own already, and nothing is "
        + "inserted beside them. Take a method that thaws what is there (layernorm, linear-probe, full), or "
        + "a run aligned without modules in that tower (lit, layernorm, full)."
    case .doesNotFit(let tower, let expected, let found):
      "the recipe does not fit the \(tower) tower: expected \(expected), found \(found)."
    }
  }
}
