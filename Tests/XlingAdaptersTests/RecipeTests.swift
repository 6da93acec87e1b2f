import Testing
import XlingAdapters
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
private let layer = 4 * (width * width + width) + 2 * width * inner + inner + width + 4 * width

@Suite struct RecipeTests {
  /// What METHODS says of each method, counted by formula.
  static let expected: [(name: String, text: Int, image: Int)] = [
    ("projection", 0, 0),
    ("layernorm", norms, norms),
    // BERT's embedding norm has a bias; the ViT's patches and final norm have one each.
    ("bitfit", layers * layerBiases + width, layers * layerBiases + 2 * width),
    ("lwa", norms + 2 * layers * adapter, norms + 2 * layers * adapter),
    ("da", layer, layer + 2 * width),
    ("lit", (40 + 8 + 2) * width + 2 * width + layers * layer, 0),
    (
      "full", (40 + 8 + 2) * width + 2 * width + layers * layer,
      width + 5 * width + 3 * 64 * width + width + 2 * width + layers * layer
    ),
  ]

  @Test(arguments: expected.indices)
  func trainsAsManyParametersAsTheFormulaSays(_ index: Int) throws {
    let (name, text, image) = Self.expected[index]
    let pair = towers()
    try Recipe.named(name).apply(text: pair.text, image: pair.image, seed: 7)
    #expect(pair.text.parameters.trainableCount == text)
    #expect(pair.image.parameters.trainableCount == image)
  }

  @Test func everyCardIsCounted() {
    #expect(Recipe.cards.map(\.name) == Self.expected.map(\.name))
  }

  @Test func everyModuleIsUsedByACard() {
    let used = Set(Recipe.cards.flatMap { $0.text.modules + $0.image.modules })
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
    for name in ["lwa", "da"] {
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
    recipe.text.reductionFactor = 17
    #expect(throws: AdapterFailure.reduction(factor: 17, width: 16)) {
      try recipe.apply(text: pair.text, image: pair.image, seed: 7)
    }
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
