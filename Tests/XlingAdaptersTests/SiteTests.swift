import Testing
import XlingTensor
import XlingTowers

@testable import XlingAdapters

/// Where modules go, which layers stay locked, what does not fit.
@Suite struct SiteTests {
  private func text() -> TextTower {
    let tower = TextTower(
      BERTConfiguration(
        vocabularySize: 20, hiddenSize: 16, layers: 4, heads: 2, intermediateSize: 32,
        maximumPositions: 8))
    tower.initialize(seed: 1)
    return tower
  }

  private func apply(
    _ side: Recipe.Side, to tower: TextTower, image: Recipe.Side = .locked
  ) throws {
    let other = ImageTower(
      ViTConfiguration(
        imageSize: 16, patchSize: 8, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 32))
    try Recipe(name: "test", summary: "", text: side, image: image)
      .apply(text: tower, image: other, seed: 3)
  }

  @Test func lockedLayersStayAsTheyWere() throws {
    var side = try Composition.side("lwa+layernorm+lora")
    side.lock = ["0-1", "3"].compactMap(Recipe.LayerRange.init)
    let tower = text()
    try apply(side, to: tower)
    for (index, layer) in tower.encoder.layers.enumerated() {
      let trained = (layer.parameters + layer.adapterParameters).contains(where: \.isTrainable)
      #expect(trained == (index == 2))
      #expect(layer.adapterParameters.isEmpty == (index != 2))
    }
    #expect(tower.embeddingNorm?.gamma.isTrainable == true)
  }

  @Test func placementAndDepth() throws {
    var side = try Composition.side("lwa+da")
    side.options.placement = .attention
    side.options.depth = 2
    side.options.bottleneck = 3
    let tower = text()
    try apply(side, to: tower)
    let layers = tower.encoder.layers
    #expect(layers.map(\.name).suffix(2) == ["deep_adapter.0", "deep_adapter.1"])
    #expect(layers.prefix(4).allSatisfy { Array($0.adapters.keys) == [.attention] })
    #expect(
      tower.parameters["encoder.layer.0.attention_adapter.down.weight"]?.shape == [3, 16])
  }

  @Test func partsOfLayers() throws {
    let tower = text()
    try apply(try Composition.side("attention"), to: tower)
    #expect(tower.parameters.trainableCount == 4 * 4 * (16 * 16 + 16))
    let other = text()
    try apply(try Composition.side("mlp"), to: other)
    #expect(other.parameters.trainableCount == 4 * (2 * 16 * 32 + 32 + 16))
  }

  @Test func aRandomTowerForgetsItsWeights() throws {
    let tower = text()
    let before = Array(tower.wordEmbeddings.values)
    try apply(try Composition.side("random"), to: tower)
    #expect(Array(tower.wordEmbeddings.values) != before)
  }

  @Test(arguments: [
    ("last-5", "at most 4 layers, found last-5"), ("lwa+compacter", "one adapter a site"),
    ("da+da", "each module once"),
  ])
  func whatDoesNotFitIsTold(_ composition: String, _ part: String) throws {
    let error = #expect(throws: AdapterFailure.self) {
      try apply(try Composition.side(composition), to: text())
    }
    #expect(error?.description.contains(part) == true, "\(String(describing: error))")
  }

  @Test func sizesThatDoNotFitAreTold() throws {
    let wide = try #require(Recipe.LayerRange(rawValue: "2-4"))
    for (change, part): ((inout Recipe.Side) -> Void, String) in [
      ({ $0.lock = [wide] }, "from 0 to 3, found 2-4"),
      ({ $0.options.terms = 3 }, "terms that divide its width 16, found 3"),
      ({ $0.options.bottleneck = 17 }, "a bottleneck from 1 to its width 16, found 17"),
      ({ $0.options.depth = 0 }, "depth from 1"),
    ] {
      var side = try Composition.side("compacter")
      change(&side)
      let error = #expect(throws: AdapterFailure.self) { try apply(side, to: text()) }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
  }

  @Test func aRecipeThatTrainsNothingIsRefused() throws {
    #expect(throws: AdapterFailure.trainsNothing(recipe: "test")) {
      try apply(Recipe.Side(head: .none), to: text(), image: Recipe.Side(head: .none))
    }
  }
}
