extension Recipe {
  /// Sizes and places of what is inserted. A new one is a property and a row of ``table``.
  public struct ModuleOptions: Sendable, Equatable {
    /// Which of a layer's sites get an adapter.
    public enum Placement: String, Codable, Sendable, CaseIterable {
      case both, attention
      case feedForward = "feed-forward"
    }

    /// What a linear or hidden head reads.
    public enum HeadInput: String, Codable, Sendable, CaseIterable {
      case asIs = "as-is"
      /// Each component less its mean, divided by its deviation, of the tower as it comes.
      case standardized
    }

    /// An adapter's bottleneck is width / this…
    public var reduction = 4
    /// …unless it is given outright.
    public var bottleneck: Int?
    public var placement = Placement.both
    /// Standard deviation of an adapter's first weights, cut at two deviations.
    public var deviation = 0.02
    /// Layers of a deep adapter.
    public var depth = 1
    /// Of LoRA's factors; its scale is alpha / rank.
    public var rank = 8
    public var alpha = 16.0
    /// Vectors of a prompt.
    public var promptLength = 16
    /// Kronecker products that Compacter sums.
    public var terms = 4
    /// Dense layers of a tokens head; a hidden head has two.
    public var headLayers = 4
    /// Inner width of a tokens or hidden head; nil is the tower's width.
    public var headWidth: Int?
    public var headActivation = MLP.Activation.gelu
    public var headInput = HeadInput.asIs

    public init() {}
  }
}

extension Recipe.ModuleOptions {
  /// Every option of what is inserted, in the order in which it is told.
  public static let table: [ModuleOption] = [
    ModuleOption(
      "reduction", \.reduction, nil,
      "an adapter's bottleneck is the tower's width divided by this (default: 4)"),
    ModuleOption("bottleneck", \.bottleneck, nil, "an adapter's bottleneck outright"),
    ModuleOption(
      "placement", \.placement, "the sites of a layer that get an adapter (default: both)"),
    ModuleOption(
      "deviation", \.deviation, 0...1,
      "the standard deviation of an lwa adapter's first weights (default: 0.02)"),
    ModuleOption("depth", \.depth, 1...65_536, "layers of a deep adapter (default: 1)"),
    ModuleOption("rank", \.rank, 1...65_536, "rank of LoRA's factors (default: 8)"),
    ModuleOption("alpha", \.alpha, nil, "LoRA's scale is this divided by the rank (default: 16)"),
    ModuleOption(
      "prompt_length", \.promptLength, 1...65_536, "learned vectors of a prompt (default: 16)"),
    ModuleOption(
      "terms", \.terms, 1...65_536, "Kronecker products that Compacter sums (default: 4)"),
    ModuleOption(
      "head_layers", \.headLayers, 1...65_536, "dense layers of a tokens head (default: 4)"),
    ModuleOption(
      "head_width", \.headWidth, 1...65_536,
      "inner width of a tokens or hidden head (default: the tower's width)"),
    ModuleOption(
      "head_activation", \.headActivation,
      "what stands between the layers of a tokens or hidden head (default: gelu)"),
    ModuleOption(
      "head_input", \.headInput,
      "what a linear or hidden head reads: the tower's vectors as they are, or standardized (default: as-is)"
    ),
  ]

  /// What is not usual, as an option would say it.
  public var said: [(key: String, value: String)] {
    Self.table.compactMap { row in row.text(self).map { (row.key, $0) } }
  }
}
