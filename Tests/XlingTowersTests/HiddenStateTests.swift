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
