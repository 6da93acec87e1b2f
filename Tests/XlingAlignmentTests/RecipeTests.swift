import Testing
import XlingAdapters
import XlingAlignment
import XlingTensor
import XlingTowers

/// W = 16, two layers, I = 32: small enough to count by hand.
private let width = 16
private let inner = 32
private let layers = 2

private func towers() -> (text: TextTower, image: ImageTower) {
  let text = TextTower(
    BERTConfiguration(
      vocabularySize: 40, hiddenSize: width, layers: layers, heads: 2, intermediateSize: inner,
      maximumPositions: 8))
  let image = ImageTower(
    ViTConfiguration(
      imageSize: 16, patchSize: 8, hiddenSize: width, layers: layers, heads: 2,
      intermediateSize: inner))
  text.initialize(seed: 1)
  image.initialize(seed: 2)
  return (text, image)
}

private let norms = 2 * width * (2 * layers + 1)
private let layerBiases = 4 * width + inner + width + 2 * width
private let adapter = 2 * width * (width / 4) + width / 4 + width
/// A rule of four [4, 4] and, an adapter, factors of rank one and biases both ways.
private let compacters =
  64 + 2 * layers * (2 * (width + width / 4) + width / 4 + width)
private let wholeText = (40 + 8 + 2) * width + 2 * width + layers * layer
private let wholeImage = width + 5 * width + 3 * 64 * width + width + 2 * width + layers * layer
private let layer = 4 * (width * width + width) + 2 * width * inner + inner + width + 4 * width

@Suite struct RecipeTests {
  /// What METHODS says of each method, counted by formula.
  static let expected: [(name: String, text: Int, image: Int)] = [
    // An APE head belongs to neither tower.
    ("ape", 0, 0),
    // BERT's embedding norm has a bias; the ViT's patches and final norm have one each.
    ("bitfit", layers * layerBiases + width, layers * layerBiases + 2 * width),
    ("compacter", norms + compacters, norms + compacters),
    ("da", layer, layer + 2 * width),
    ("full", wholeText, wholeImage),
    ("full-random", wholeText, wholeImage),
    ("full-random-text", wholeText, wholeImage),
    ("image-lwa", 0, norms + 2 * layers * adapter),
    ("last-layer", layer, layer + 2 * width),
    ("layernorm", norms, norms),
    ("lit", wholeText, 0),
    ("lit-da", layer, 0),
    ("lit-layernorm", norms, 0),
    ("lit-lwa", 2 * layers * adapter, 0),
    ("lit-random-text", wholeText, 0),
    // Of queries and values: A [8, 16] and B [16, 8].
    ("lora", layers * 2 * 2 * 8 * width, layers * 2 * 2 * 8 * width),
    ("lwa", norms + 2 * layers * adapter, norms + 2 * layers * adapter),
    ("projection", 0, 0),
    ("prompt", 16 * width, 16 * width),
  ]

  @Test(arguments: expected.indices)
  func trainsAsManyParametersAsTheFormulaSays(_ index: Int) throws {
    let (name, text, image) = Self.expected[index]
    let pair = towers()
    try Recipe.named(name).apply(text: pair.text, image: pair.image, seed: 7)
    #expect(pair.text.parameters.trainableCount == text)
    #expect(pair.image.parameters.trainableCount == image)
  }

  @Test func everyCardIsCounted() throws {
    #expect(try MethodCards.load().map(\.name) == Self.expected.map(\.name))
  }

  @Test func everyPresetSaysHowItIsTrained() throws {
    let presets = try MethodCards.load(.preset)
    #expect(presets.map(\.name) == ["ape", "clip", "lilt-da", "lilt-lwa", "lit"])
    for preset in presets {
      #expect(!preset.source.isEmpty && preset.training.optimizer != nil, "\(preset.name)")
    }
    #expect(try MethodCards.named("lilt-lwa", .preset).recipe.text == Recipe.named("lwa").text)
  }

  @Test func everyModuleIsUsedByACard() throws {
    let recipes = try MethodCards.load().map(\.recipe)
    let used = Set(recipes.flatMap { $0.text.modules + $0.image.modules })
    #expect(used == Set(Recipe.Module.allCases))
  }

  @Test func unknownMethodSuggestsTheNearest() {
    let error = #expect(throws: AdapterFailure.self) { try Recipe.named("lyernorm") }
    #expect(error?.description.contains("Did you mean \"layernorm\"?") == true)
    #expect(error?.exitStatus == .usage)
  }

  @Test func adaptersDependOnSeedAndTowerOnly() throws {
    func weights(_ seed: UInt64) throws -> [[Float]] {
      let pair = towers()
      try Recipe.named("lwa").apply(text: pair.text, image: pair.image, seed: seed)
      let name = "encoder.layer.0.attention_adapter.down.weight"
      return [pair.text.parameters[name], pair.image.parameters[name]].map {
        Array($0?.values ?? UnsafeBufferPointer(start: nil, count: 0))
      }
    }
    let first = try weights(7)
    #expect(try first == weights(7))
    #expect(try first != weights(8))
    #expect(first[0] != first[1])
    #expect(first[0].count == width * width / 4)
  }

  @Test func aTowerIsAdaptedOnce() throws {
    for name in ["lwa", "da", "lora", "prompt", "compacter"] {
      let pair = towers()
      let recipe = try Recipe.named(name)
      try recipe.apply(text: pair.text, image: pair.image, seed: 7)
      #expect(throws: AdapterFailure.alreadyAdapted(tower: "text")) {
        try recipe.apply(text: pair.text, image: pair.image, seed: 7)
      }
    }
  }

  @Test func tooNarrowABottleneckIsRefused() throws {
    let pair = towers()
    var recipe = try Recipe.named("lwa")
    recipe.text.options.reduction = 17
    let error = #expect(throws: AdapterFailure.self) {
      try recipe.apply(text: pair.text, image: pair.image, seed: 7)
    }
    #expect(error?.description.contains("a reduction from 1 to its width 16, found 17") == true)
  }

  @Test func firstWeightsFollowTheirDeviation() throws {
    let pair = towers()
    var recipe = try Recipe.named("lwa")
    recipe.text.options.deviation = 0
    try recipe.apply(text: pair.text, image: pair.image, seed: 7)
    func isZero(_ tower: any Tower) -> Bool {
      tower.encoder.layers.flatMap(\.adapterParameters).allSatisfy { adapter in
        (0..<adapter.count).allSatisfy { adapter.value[$0] == 0 }
      }
    }
    #expect(isZero(pair.text) && !isZero(pair.image))
  }

  @Test func adapterIsTheFormula() throws {
    let adapter = LayerwiseAdapter("a", width: 2, bottleneck: 1)
    adapter.down.weight.value[0] = 1
    adapter.down.weight.value[1] = -2
    adapter.up.weight.value[0] = 3
    adapter.up.weight.value[1] = 0.5
    adapter.up.bias?.value[1] = 10
    let workspace = Workspace(blockBytes: 1 << 12)
    let x = workspace.take(2, 2)
    (x[0, 0], x[0, 1], x[1, 0], x[1, 1]) = (3, 1, 0, 0)
    let y = workspace.take(2, 2)
    _ = adapter.forward(x, into: y, in: workspace, saving: false)
    // GELU(3 - 2) = 0.8413447
    #expect(abs(y[0, 0] - (3 + 3 * 0.8413447)) < 1e-5)
    #expect(abs(y[0, 1] - (1 + 0.5 * 0.8413447 + 10)) < 1e-5)
    #expect(y[1, 0] == 0 && y[1, 1] == 10)
  }
}
