import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData

/// What a cell trains: everything that its factors decide.
public struct CellTraining: Sendable, Equatable {
  public var recipe: Recipe
  /// The method's card's, with the cell's before it; without the rate that is to be chosen.
  public var settings: TrainingSettings
  /// Folders; nil is the shipped tower.
  public var textTower: String?
  public var imageTower: String?
}

/// What can be an axis, or be the same for all cells: a method, a tower, what changes in a recipe, any setting of
/// training.
public enum StudyFactor {
  static let method = "method"
  static let textTower = "text_tower"
  static let imageTower = "image_tower"
  static let lock = "lock"
  /// The language of which few-shot pairs are mixed in, the same for all cells, and how many.
  static let target = "target"
  static let targetCaptions = "target_captions"
  /// A recipe as its card has it.
  static let unlocked = "none"

  private static let changes = [lock, "head"] + Recipe.ModuleOptions.table.map(\.key)

  /// Every name, besides the seed.
  public static let names =
    [method, textTower, imageTower, target, targetCaptions] + changes
    + TrainingSettings.keys.filter { !["seed", "checkpoint_every"].contains($0) }

  /// Names of axes: a study has one target language, since without captions all of them are one cell.
  static let axes = names.filter { $0 != target }

  public static func isSetting(_ name: String) -> Bool { TrainingSettings.option(name) != nil }

  /// The value as its setting writes it. Throws what the value is refused with.
  static func canonical(_ name: String, _ value: String) throws -> String {
    if name == method { return try MethodCards.named(value).name }
    if let option = TrainingSettings.option(name) {
      var settings = TrainingSettings()
      try settings.set(name, value)
      return settings.said.first { $0.key == option.key }?.value ?? value
    }
    if name == targetCaptions { return "\(try NumberRange.whole(from: 0)(value))" }
    if changes.contains(name) {
      var recipe = Recipe(name: "", summary: "", text: .locked, image: .locked)
      try change(name, value, &recipe)
    }
    return value
  }

  private static func change(_ name: String, _ value: String, _ recipe: inout Recipe) throws {
    guard value != unlocked else { return }
    // "text:0-1 image:0-2": both towers differently.
    for word in value.split(separator: " ") {
      try RecipeChange(key: name, text: String(word)).apply(to: &recipe)
    }
  }

  /// What `factors` (values by name) train, over the cards of `methods`. Throws `AdapterFailure`,
  /// `NumberFailure`.
  static func training(
    _ factors: [String: String], _ methods: (String) throws -> MethodCard
  ) throws -> CellTraining {
    let card = try methods(factors[method] ?? "")
    var training = CellTraining(recipe: card.recipe, settings: card.training)
    for name in changes {
      if let value = factors[name] { try change(name, value, &training.recipe) }
    }
    training.textTower = factors[textTower]
    training.imageTower = factors[imageTower]
    var given = TrainingSettings()
    for (name, value) in factors where isSetting(name) { try given.set(name, value) }
    given.mix = try mix(factors) ?? given.mix
    training.settings.take(given)
    // Without pairs it is the run that it would be otherwise.
    if try training.settings.mix.map({ try FewShotCounts($0).isEmpty }) ?? true {
      (training.settings.mix, training.settings.mixShare) = (nil, nil)
      training.settings.mixSeed = nil
    }
    return training
  }

  /// As the setting `mix` has it; nil without a target.
  static func mix(_ factors: [String: String]) throws -> String? {
    guard let language = factors[target], let captions = factors[targetCaptions] else { return nil }
    return try FewShotCounts.parse("\(language)=\(captions)")
  }

  /// What contradicts itself among the names of axes and settings, as expected and found; nil: nothing does.
  static func contradiction(_ names: [String]) -> (name: String, expected: String, found: String)? {
    let (hasTarget, hasCaptions) = (names.contains(target), names.contains(targetCaptions))
    if hasTarget != hasCaptions {
      let (one, other) = hasTarget ? (target, targetCaptions) : (targetCaptions, target)
      return (one, "\(other), too", "\(one) alone")
    }
    if hasTarget, names.contains("mix") { return ("mix", "mix or \(target)", "both") }
    if let lost = ["mix_share", "mix_seed"].first(where: names.contains), !hasTarget,
      !names.contains("mix")
    {
      return (lost, "mix, or \(target) and \(targetCaptions)", "\(lost) alone")
    }
    return nil
  }
}
