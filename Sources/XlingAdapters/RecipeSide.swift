/// One tower's part of a recipe; without rules and modules it is locked.
extension Recipe {
  public struct Side: Sendable, Equatable {
    public var start: Start
    public var thaw: [ThawRule]
    public var modules: [Module]
    /// Layers that stay as they were, whatever the rules say, and get no adapters (LilT, figure 5).
    public var lock: [LayerRange]
    public var head: Head
    public var options: ModuleOptions

    public init(
      start: Start = .pretrained, thaw: [ThawRule] = [], modules: [Module] = [],
      lock: [LayerRange] = [], head: Head = .linear, options: ModuleOptions = ModuleOptions()
    ) {
      self.start = start
      self.thaw = thaw
      self.modules = modules
      self.lock = lock
      self.head = head
      self.options = options
    }

    public static let locked = Side()
    public var isLocked: Bool { thaw.isEmpty && modules.isEmpty }

    func locks(_ layer: Int) -> Bool { lock.contains { $0.contains(layer) } }
  }

  /// Layers first...last, counted from 0: "0-3", or "2" alone.
  public struct LayerRange: Sendable, Hashable, RawRepresentable {
    public let first: Int
    public let last: Int

    public init?(rawValue: String) {
      let ends = rawValue.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first >= 0, first <= last
      else { return nil }
      self.first = first
      self.last = last
    }

    public var rawValue: String { first == last ? "\(first)" : "\(first)-\(last)" }

    func contains(_ layer: Int) -> Bool { layer >= first && layer <= last }
  }

  /// Sizes of what is inserted.
  public struct ModuleOptions: Sendable, Equatable {
    /// Which of a layer's sites get an adapter.
    public enum Placement: String, Codable, Sendable, CaseIterable {
      case both, attention
      case feedForward = "feed-forward"
    }

    /// An adapter's bottleneck is width / this…
    public var reduction = 4
    /// …unless it is given outright.
    public var bottleneck: Int?
    public var placement = Placement.both
    /// Layers of a deep adapter.
    public var depth = 1
    /// Of LoRA's factors; its scale is alpha / rank.
    public var rank = 8
    public var alpha = 16.0
    /// Vectors of a prompt.
    public var promptLength = 16
    /// Kronecker products that Compacter sums.
    public var terms = 4
    /// Dense layers of a tokens head, and their inner width; nil is the tower's width.
    public var headLayers = 4
    public var headWidth: Int?
    public var headActivation = TokenMLP.Activation.gelu

    public init() {}
  }
}
