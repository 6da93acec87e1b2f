/// A recipe as cards, run records and `recipe.toml` hold it: only what differs from a locked tower
/// with a linear head is written; unknown keys are errors.
extension Recipe {
  public init(from decoder: any Decoder) throws {
    let keys = try StrictKeys(decoder, named: "", known: ["name", "summary", "text", "image"])
    self.init(
      name: try keys.required("name"), summary: try keys.value("summary", else: ""),
      text: try keys.value("text", else: .locked), image: try keys.value("image", else: .locked))
  }
}

extension Recipe.Side: Codable {
  static let keys = [
    "start", "thaw", "insert", "lock", "head", "reduction", "bottleneck", "placement", "depth",
    "rank", "alpha", "prompt_length", "terms", "head_layers", "head_width",
    "head_activation",
  ]

  public init(from decoder: any Decoder) throws {
    let table = decoder.codingPath.last?.stringValue ?? "side"
    let keys = try StrictKeys(decoder, named: table, known: Self.keys)
    let rules = ThawRule.plain.map(\.rawValue).joined(separator: ", ") + ", last-N"
    let modules = Recipe.Module.allCases.map(\.rawValue).joined(separator: ", ")
    self.init(
      start: try keys.word("start", else: .pretrained),
      thaw: try keys.words("thaw", known: rules),
      modules: try keys.words("insert", known: modules),
      lock: try keys.words("lock", known: "layers such as \"2\" or \"0-3\""),
      head: try keys.word("head", else: .linear))
    options.reduction = try keys.value("reduction", else: options.reduction)
    options.bottleneck = try keys.value("bottleneck")
    options.placement = try keys.word("placement", else: options.placement)
    options.depth = try keys.value("depth", else: options.depth)
    options.rank = try keys.value("rank", else: options.rank)
    options.alpha = try keys.value("alpha", else: options.alpha)
    options.promptLength = try keys.value("prompt_length", else: options.promptLength)
    options.terms = try keys.value("terms", else: options.terms)
    options.headLayers = try keys.value("head_layers", else: options.headLayers)
    options.headWidth = try keys.value("head_width")
    options.headActivation = try keys.word("head_activation", else: options.headActivation)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: StrictKeys.Key.self)
    func put<Value: Encodable & Equatable>(_ name: String, _ value: Value, unless usual: Value?)
      throws
    {
      if value != usual { try container.encode(value, forKey: .init(name)) }
    }
    let usual = Recipe.ModuleOptions()
    try put("start", start, unless: .pretrained)
    try put("thaw", thaw.map(\.rawValue), unless: [])
    try put("insert", modules, unless: [])
    try put("lock", lock.map(\.rawValue), unless: [])
    try put("head", head, unless: .linear)
    try put("reduction", options.reduction, unless: usual.reduction)
    if let bottleneck = options.bottleneck { try put("bottleneck", bottleneck, unless: nil) }
    try put("placement", options.placement, unless: usual.placement)
    try put("depth", options.depth, unless: usual.depth)
    try put("rank", options.rank, unless: usual.rank)
    try put("alpha", options.alpha, unless: usual.alpha)
    try put("prompt_length", options.promptLength, unless: usual.promptLength)
    try put("terms", options.terms, unless: usual.terms)
    try put("head_layers", options.headLayers, unless: usual.headLayers)
    if let width = options.headWidth { try put("head_width", width, unless: nil) }
    try put("head_activation", options.headActivation, unless: usual.headActivation)
  }
}
