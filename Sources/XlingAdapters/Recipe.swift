import XlingCore
import XlingTensor
import XlingTowers

/// A method as data: for each tower where it starts, what thaws, what is inserted, what head it
/// ends in. Heads and temperature are trained under every recipe.
public struct Recipe: Codable, Sendable, Equatable {
  /// What can be inserted in a tower.
  public enum Module: String, Codable, Sendable, CaseIterable {
    case layerwiseAdapters = "lwa"
    case deepAdapter = "da"
    case compacter
    case lowRank = "lora"
    case prompt
  }

  /// A tower's weights before training.
  public enum Start: String, Codable, Sendable, CaseIterable {
    case pretrained, random
  }

  /// What stands between a tower and the common space.
  public enum Head: String, Codable, Sendable, CaseIterable {
    /// A trained linear layer on the pooled vector.
    case linear
    /// A trained MLP on every token, its outputs averaged (APE, Rosenfeld et al. 2022); text only.
    case tokens
    /// The pooled vector itself.
    case none
    /// Two trained linear layers on the pooled vector, with an activation between them.
    case hidden
  }

  public var name: String
  /// One line for lists and reports.
  public var summary: String
  public var text: Side
  public var image: Side

  public init(name: String, summary: String, text: Side, image: Side) {
    self.name = name
    self.summary = summary
    self.text = text
    self.image = image
  }

  /// Freezes both towers, inserts the modules with fresh weights and marks what is trained.
  /// The weights depend on `seed`, the tower and the parameter's name only. Throws
  /// ``AdapterFailure``; towers must be as loaded.
  public func apply(text: TextTower, image: ImageTower, seed: UInt64) throws(AdapterFailure) {
    guard self.image.head != .tokens else {
      throw .doesNotFit(
        tower: "image", expected: "a head linear, hidden or none",
        found: "tokens, a head for captions")
    }
    for (side, label) in [(self.text, "text"), (self.image, "image")]
    where side.options.headInput == .standardized && ![.linear, .hidden].contains(side.head) {
      throw .doesNotFit(
        tower: label, expected: "a head linear or hidden, whose input head_input standardizes",
        found: "head \(side.head.rawValue)")
    }
    guard
      !(self.text.isLocked && self.image.isLocked && self.text.head == .none
        && self.image.head == .none)
    else { throw .trainsNothing(recipe: name) }
    for (index, side) in [(self.text, text as any Tower, "text"), (self.image, image, "image")]
      .enumerated()
    {
      // Both towers use the same parameter names: without seeds of their own they would start
      // from the same weights.
      var stream = RandomStream(seed: seed, "recipe", index)
      let application = SideApplication(
        side: side.0, tower: side.1, label: side.2, seed: stream.next())
      try application.run()
    }
  }
}
