import XlingCore
import XlingTensor
import XlingTowers

/// A method as data: for each tower what thaws and what is inserted. The projections and the
/// temperature are trained under every recipe and therefore not named.
public struct Recipe: Codable, Sendable, Equatable {
  /// What can be inserted in a tower.
  public enum Module: String, Codable, Sendable, CaseIterable {
    case layerwiseAdapters = "lwa"
    case deepAdapter = "da"
  }

  /// One tower; without rules and modules it is locked.
  public struct Side: Codable, Sendable, Equatable {
    public var thaw: [ThawRule]
    public var modules: [Module]
    /// The layerwise adapters' bottleneck is width / this.
    public var reductionFactor: Int

    public init(thaw: [ThawRule] = [], modules: [Module] = [], reductionFactor: Int = 4) {
      self.thaw = thaw
      self.modules = modules
      self.reductionFactor = reductionFactor
    }

    public static let locked = Side()
    public var isLocked: Bool { thaw.isEmpty && modules.isEmpty }
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
    for (index, side) in [(self.text, text as any Tower, "text"), (self.image, image, "image")]
      .enumerated()
    {
      let (rules, tower, label) = side
      // Both towers use the same parameter names: without seeds of their own they would start
      // from the same weights.
      var stream = RandomStream(seed: seed, "recipe", index)
      try Self.apply(rules, to: tower, label, seed: stream.next())
    }
  }

  private static func apply(
    _ side: Side, to tower: any Tower, _ label: String, seed: UInt64
  ) throws(AdapterFailure) {
    guard
      tower.encoder.layers.allSatisfy({ $0.adapters.isEmpty && !$0.name.hasPrefix("deep_") })
    else { throw .alreadyAdapted(tower: label) }
    for parameter in tower.parameters.all {
      parameter.isTrainable = side.thaw.contains { $0.thaws(parameter) }
    }
    for module in side.modules {
      let inserted =
        switch module {
        case .layerwiseAdapters:
          try LayerwiseAdapter.install(
            in: tower, reductionFactor: side.reductionFactor, seed: seed)
        case .deepAdapter: DeepAdapter.install(in: tower, seed: seed)
        }
      for parameter in inserted { parameter.isTrainable = true }
    }
  }
}
