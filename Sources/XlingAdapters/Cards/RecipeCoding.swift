import XlingCore

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

extension Recipe {
  /// As `recipe.toml`, which `--recipe` reads.
  public func toml() throws -> String { try TOMLDocument.text(of: self) + "\n" }
}

extension Recipe.Side: Codable {
  /// Of a side itself, then of what is inserted in it.
  static let keys =
    ["start", "thaw", "insert", "lock", "head"] + Recipe.ModuleOptions.table.map(\.key)

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
    for option in Recipe.ModuleOptions.table { try option.read(keys, &options) }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: StrictKeys.Key.self)
    func put<Value: Encodable & Equatable>(_ name: String, _ value: Value, unless usual: Value?)
      throws
    {
      if value != usual { try container.encode(value, forKey: .init(name)) }
    }
    try put("start", start, unless: .pretrained)
    try put("thaw", thaw.map(\.rawValue), unless: [])
    try put("insert", modules, unless: [])
    try put("lock", lock.map(\.rawValue), unless: [])
    try put("head", head, unless: .linear)
    for option in Recipe.ModuleOptions.table { try option.write(options, &container) }
  }
}
