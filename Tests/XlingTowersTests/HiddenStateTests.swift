import Testing
import XlingTensor
import XlingTestSupport
import XlingTowers

/// Hidden states against PyTorch in float64. float32 code of the reference itself deviates by up to
/// 4e-6; the usual mistakes (epsilon, GELU, mask) by at least 2e-5.
struct HiddenStateTests {
  static let bound: Float = 1.5e-5
  let workspace = Workspace(blockBytes: 1 << 16)

  @Test func bert() throws {
    let fixture = try TowerFixture.own("bert")
    let tower = try TextTower.load(fixture.folder)
    let batch = try fixture.tokens()
    let activations = tower.forward(batch, in: workspace, training: false)
    #expect(activations.encoder.hidden.count == 4)
    for (index, hidden) in activations.encoder.hidden.enumerated() {
      let expected = try fixture.rows("hidden_\(index)", batch.layout)
      #expect(Distance.largest(hidden.array(), expected) < Self.bound, "layer \(index)")
    }
    let pooled = tower.pool(activations, in: workspace)
    #expect(
      Distance.largest(pooled.array(), try fixture.expected.floats("cls")) < Self.bound)
  }

  @Test func vit() throws {
    let fixture = try TowerFixture.own("vit")
    let tower = try ImageTower.load(fixture.folder)
    let pixels = try fixture.pixels()
    let activations = tower.forward(pixels.batch(of: tower), in: workspace, training: false)
    let layout = activations.encoder.layout
    // transformers gives the last hidden state after the final norm.
    for (index, hidden) in activations.encoder.hidden.dropLast().enumerated() {
      let expected = try fixture.rows("hidden_\(index)", layout)
      #expect(Distance.largest(hidden.array(), expected) < Self.bound, "layer \(index)")
    }
    let normal = tower.normalized(activations, in: workspace)
    let last = try fixture.rows("last_hidden_state", layout)
    #expect(Distance.largest(normal.array(), last) < Self.bound)
    let pooled = tower.pool(activations, in: workspace).vectors
    #expect(
      Distance.largest(pooled.array(), try fixture.expected.floats("cls")) < Self.bound)
  }

  @Test(arguments: [[61], [-1], [Int32](repeating: 1, count: 17), []])
  func inputOutsideTheTablesStopsTheProcess(ids: [Int32]) async throws {
    // The closure runs in a process of its own, to which a number can be handed.
    let found = await #expect(processExitsWith: .failure) { [ids] in
      let tower = try TextTower.load(TowerFixture.own("bert").folder)
      _ = tower.forward(TokenBatch([ids]), in: Workspace(), training: false)
    }
    #expect(found != nil)
  }

  /// Patches left out and given in another order: attention knows them by position only.
  @Test func chosenPatchesInAnyOrder() throws {
    let fixture = try TowerFixture.own("vit")
    let tower = try ImageTower.load(fixture.folder)
    let pixels = try fixture.pixels()
    func pooled(_ patches: [Int32]?) -> [Float] {
      let batch = PictureBatch(
        pixels: pixels.pointer, count: 2, patches: patches.map { [$0, $0] })
      let activations = tower.forward(batch, in: workspace, training: false)
      return tower.pool(activations, in: workspace).vectors.array()
    }
    let all = pooled(nil)
    #expect(pooled((0..<16).map { $0 }) == all)
    #expect(Distance.largest(pooled((0..<16).reversed()), all) < Self.bound)
    #expect(Distance.largest(pooled((0..<8).map { $0 }), all) > 1e-3)
  }
}

/// The shared towers: other sizes, epsilons and storage.
@Suite(
  .enabled(if: SharedData.exists(TowerFixture.shared), "needs ../shared/fixtures/parity/towers"))
struct SharedHiddenStateTests {
  static let bound = HiddenStateTests.bound
  let workspace = Workspace(blockBytes: 1 << 16)

  @Test(arguments: ["bert", "bert_bf16", "bert_f16"])
  func bertWithTokenTypes(name: String) throws {
    let fixture = try TowerFixture(SharedData.path(TowerFixture.shared + "/" + name))
    let tower = withTypesAsWords(try TextTower.load(fixture.folder))
    let words = tower.configuration.vocabularySize / 2
    for batch in fixture.inputs.names.filter({ $0.hasSuffix("input_ids") }) {
      let prefix = String(batch.dropLast("input_ids".count))
      let tokens = try fixture.tokens(prefix, typeShift: words)
      try compare(tower, tokens, fixture, prefix)
    }
  }

  @Test func bertOfOneTokenType() throws {
    let folder = SharedData.path(TowerFixture.shared + "/bert")
    let fixture = try TowerFixture(folder, expected: "expected_default_token_types")
    try compare(try TextTower.load(folder), try fixture.tokens("b0."), fixture, "b0.")
  }

  @Test func bertWithoutTokenTypes() throws {
    let folder = SharedData.path(TowerFixture.shared + "/bert")
    let fixture = try TowerFixture(folder, expected: "expected_no_token_types")
    let tower = try TextTower.load(folder)
    let types = tower.tokenTypeEmbeddings
    types.value.update(repeating: 0, count: types.count)
    try compare(tower, try fixture.tokens("b0."), fixture, "b0.")
  }

  @Test(arguments: ["vit_hf", "vit_hf_noqkvbias"])
  func vit(name: String) throws {
    let fixture = try TowerFixture(SharedData.path(TowerFixture.shared + "/" + name))
    let tower = try ImageTower.load(fixture.folder)
    for batch in fixture.inputs.names {
      let prefix = String(batch.dropLast("pixel_values".count))
      let pixels = try fixture.pixels(prefix)
      let activations = tower.forward(pixels.batch(of: tower), in: workspace, training: false)
      let layout = activations.encoder.layout
      for (index, hidden) in activations.encoder.hidden.dropFirst().enumerated() {
        let expected = try fixture.rows("\(prefix)layer_output_\(index)", layout)
        #expect(Distance.largest(hidden.array(), expected) < Self.bound, "layer \(index)")
      }
      let normal = tower.normalized(activations, in: workspace)
      let last = try fixture.rows(prefix + "last_hidden_state", layout)
      #expect(Distance.largest(normal.array(), last) < Self.bound)
    }
  }

  private func compare(
    _ tower: TextTower, _ batch: TokenBatch, _ fixture: TowerFixture, _ prefix: String
  ) throws {
    let activations = tower.forward(batch, in: workspace, training: false)
    for (index, hidden) in activations.encoder.hidden.enumerated() {
      let name = index == 0 ? "layer_input_0" : "layer_output_\(index - 1)"
      let expected = try fixture.rows(prefix + name, batch.layout)
      #expect(Distance.largest(hidden.array(), expected) < Self.bound, "\(prefix)\(name)")
    }
  }

  /// The tower knows the first token type only, as captions have no second segment. A second
  /// vocabulary that carries the difference of the types makes it compute any mixture.
  private func withTypesAsWords(_ tower: TextTower) -> TextTower {
    var configuration = tower.configuration
    configuration.vocabularySize *= 2
    let doubled = TextTower(configuration)
    for parameter in tower.parameters.all where parameter !== tower.wordEmbeddings {
      doubled.parameters[parameter.name]?.value.update(
        from: parameter.value, count: parameter.count)
    }
    let words = tower.wordEmbeddings
    let types = tower.tokenTypeEmbeddings.value
    for index in 0..<words.count {
      let column = index % tower.width
      doubled.wordEmbeddings.value[index] = words.value[index]
      doubled.wordEmbeddings.value[words.count + index] =
        words.value[index] + types[tower.width + column] - types[column]
    }
    return doubled
  }
}
