import XlingTensor
import XlingTowers

/// Applies one side of a recipe to a tower as loaded.
struct SideApplication {
  let side: Recipe.Side
  let tower: any Tower
  /// "text" or "image", for messages.
  let label: String
  let seed: UInt64

  func run() throws(AdapterFailure) {
    let encoder = tower.encoder
    guard
      encoder.prompt == nil,
      encoder.layers.allSatisfy({ $0.adapterParameters.isEmpty && !$0.isInserted })
    else { throw .alreadyAdapted(tower: label) }
    try check()
    if side.start == .random { tower.initialize(seed: seed) }
    try thawAndInsert()
  }

  /// On a tower that another recipe may have adapted: what that inserted stays, and is thawed by rules as
  /// the rest is; nothing is inserted beside it. Throws ``AdapterFailure/hasModules(tower:)``.
  func runFurther() throws(AdapterFailure) {
    let encoder = tower.encoder
    let isPlain =
      encoder.prompt == nil
      && encoder.layers.allSatisfy { $0.adapterParameters.isEmpty && !$0.isInserted }
    guard isPlain || side.modules.isEmpty else { throw .hasModules(tower: label) }
    try check()
    try thawAndInsert()
  }

  private func thawAndInsert() throws(AdapterFailure) {
    let layers = tower.encoder.layers.count
    for parameter in tower.parameters.all {
      let isLocked = parameter.role.layer.map(side.locks) ?? false
      parameter.isTrainable =
        !isLocked && side.thaw.contains { $0.thaws(parameter, layers: layers) }
    }
    // Whatever the method names: no pretrained tower knows these rows.
    (tower as? TextTower)?.addedWords?.rows.isTrainable = true
    for module in side.modules {
      for parameter in try insert(module) {
        parameter.isTrainable = true
        parameter.role.isInserted = true
      }
    }
  }

  private func insert(_ module: Recipe.Module) throws(AdapterFailure) -> [Parameter] {
    switch module {
    case .layerwiseAdapters: LayerwiseAdapter.install(sites, bottleneck: try bottleneck(), self)
    case .compacter: try Compacter.install(sites, bottleneck: try bottleneck(), self)
    case .lowRank: try LowRankModule.install(self)
    case .deepAdapter:
      DeepAdapter.install(in: tower, depth: side.options.depth, seed: seed)
    case .prompt: Prompt.install(in: tower, length: side.options.promptLength, seed: seed)
    }
  }

  /// The layers that may get adapters.
  var openLayers: [EncoderLayer] {
    tower.encoder.layers.enumerated().filter { !side.locks($0.offset) }.map(\.element)
  }

  private var sites: [AdapterSite] {
    switch side.options.placement {
    case .both: AdapterSite.allCases
    case .attention: [.attention]
    case .feedForward: [.feedForward]
    }
  }

  private func bottleneck() throws(AdapterFailure) -> Int {
    let options = side.options
    let width = tower.width
    if let bottleneck = options.bottleneck {
      guard (1...width).contains(bottleneck) else {
        throw unfit("a bottleneck from 1 to its width \(width)", "\(bottleneck)")
      }
      return bottleneck
    }
    guard (1...width).contains(options.reduction) else {
      throw unfit("a reduction from 1 to its width \(width)", "\(options.reduction)")
    }
    return width / options.reduction
  }

  private func check() throws(AdapterFailure) {
    let layers = tower.encoder.layers.count
    for range in side.lock where range.last >= layers {
      throw unfit("locked layers from 0 to \(layers - 1)", range.rawValue)
    }
    for rule in side.thaw {
      if case .lastLayers(let count) = rule, count > layers {
        throw unfit("at most \(layers) layers", rule.rawValue)
      }
    }
    let isAdapted: Set<Recipe.Module> = [.layerwiseAdapters, .compacter]
    if isAdapted.isSubset(of: side.modules) {
      throw unfit("one adapter a site", "lwa and compacter")
    }
    if Set(side.modules).count < side.modules.count {
      throw unfit("each module once", side.modules.map(\.rawValue).joined(separator: ", "))
    }
    if side.modules.contains(.prompt), (tower as? TextTower)?.takesPrompts == false {
      throw unfit(
        "position embeddings and no causal mask, since a prompt has no place otherwise", "prompt")
    }
    for option in Recipe.ModuleOptions.table {
      if let found = option.outside(side.options) {
        throw unfit("\(option.key) \(option.range)", found)
      }
    }
  }

  func unfit(_ expected: String, _ found: String) -> AdapterFailure {
    .doesNotFit(tower: label, expected: expected, found: found)
  }
}
