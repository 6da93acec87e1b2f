import XlingTowers

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

    /// Thaws and inserts in a tower as an aligned run has it, `label` being "text" or "image": what the run
    /// inserted stays. Throws ``AdapterFailure/hasModules(tower:)``, ``AdapterFailure/doesNotFit(tower:expected:found:)``.
    public func applyFurther(
      to tower: any Tower, label: String, seed: UInt64
    ) throws(AdapterFailure) {
      try SideApplication(side: self, tower: tower, label: label, seed: seed).runFurther()
    }

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
}
