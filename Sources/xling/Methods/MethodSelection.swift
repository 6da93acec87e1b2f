import ArgumentParser
import XlingAdapters
import XlingAlignment

/// Which recipe: a method by name, a preset, a file, or a composition, and what changes in it.
struct MethodSelection: ParsableArguments {
  @Option(help: "A method's name: see `xling methods`.")
  var method: String?

  @Option(help: "A published recipe, its whole training with it: see `xling methods`.")
  var preset: String?

  @Option(help: "A recipe of your own, a TOML file as in methods/.")
  var recipe: String?

  @Option(
    help: ArgumentHelp(
      "The text tower's part: locked, full, random, or modules joined by + (lwa+layernorm).",
      valueName: "composition"))
  var text: String?

  @Option(
    help: ArgumentHelp(
      "The image tower's part; where one of both is given, the other is locked.",
      valueName: "composition"))
  var image: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Layers that stay as they were: text:0-3, image:2, or 0-3 for both. Repeatable.",
      valueName: "layers"))
  var lock: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A size or place: reduction=2, text:bottleneck=64, head=none. Repeatable.",
      discussion: Recipe.ModuleOptions.table.map { "\($0.key): \($0.help), \($0.range)" }
        .joined(separator: "; ") + ".", valueName: "key=value"))
  var option: [String] = []

  func validate() throws {
    let bases = [method, preset, recipe].compactMap { $0 }
    if bases.count > 1 {
      throw ValidationError("--method, --preset and --recipe exclude each other; give one of them")
    }
  }

  /// The card with its changes. Throws `AdapterFailure`, `FileFailure`.
  ///
  /// `usual` is the method where none is named.
  func card(usual: String? = nil) throws -> MethodCard {
    let base = try base(usual)
    var recipe = base.recipe
    var changes: [String] = []
    if let text {
      recipe.text = try Composition.side(text)
      changes.append("text=\(text)")
    }
    if let image {
      recipe.image = try Composition.side(image)
      changes.append("image=\(image)")
    }
    for range in lock {
      try RecipeChange(key: "lock", text: range).apply(to: &recipe)
      changes.append("lock=\(range)")
    }
    for text in option {
      try RecipeChange(assignment: text).apply(to: &recipe)
      changes.append(text)
    }
    guard !changes.isEmpty else { return base }
    let isComposed = method == nil && preset == nil && self.recipe == nil
    recipe.name = (isComposed ? changes : [recipe.name] + changes).joined(separator: ",")
    recipe.summary =
      isComposed
      ? "composed: " + changes.joined(separator: ", ")
      : recipe.summary + "; changed: " + changes.joined(separator: ", ")
    return MethodCard(recipe: recipe, training: base.training)
  }

  /// Nothing says what is trained.
  var isEmpty: Bool {
    method == nil && preset == nil && recipe == nil && text == nil && image == nil
  }

  private func base(_ usual: String?) throws -> MethodCard {
    if isEmpty {
      if let usual { return try MethodCards.named(usual) }
      throw ValidationError(
        "name what is trained: --method NAME, --preset NAME, --recipe FILE, or --text and --image")
    }
    if let method { return try MethodCards.named(method) }
    if let preset { return try MethodCards.named(preset, .preset) }
    if let recipe { return try MethodCard.read(recipe) }
    return MethodCard(
      recipe: Recipe(name: "composed", summary: "", text: .locked, image: .locked))
  }
}
