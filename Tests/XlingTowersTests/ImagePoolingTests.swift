import Foundation
import Testing
import XlingCore
import XlingTensor
import XlingTestSupport
import XlingTowers

/// How a picture's hidden states become a vector, on a tower with everything that a family may have.
struct ImagePoolingTests {
  private func tower(
    _ change: (inout ViTConfiguration) -> Void = { _ in }
  ) -> ImageTower {
    var configuration = ViTConfiguration(
      imageSize: 8, patchSize: 4, hiddenSize: 8, layers: 2, heads: 2, intermediateSize: 12)
    change(&configuration)
    let tower = ImageTower(configuration)
    tower.initialize(seed: 3, deviation: 0.4)
    return tower
  }

  private func pixels(_ count: Int) -> Pixels {
    Pixels((0..<count * 3 * 64).map { Float(($0 * 37) % 29) / 29 - 0.5 })
  }

  /// The mean is over patches: neither class token nor registers.
  @Test func theMeanLeavesRegistersOut() throws {
    let tower = tower { $0.registers = 3 }
    let workspace = Workspace()
    let pixels = pixels(2)
    let activations = tower.forward(pixels.batch(of: tower), in: workspace, training: false)
    let states = tower.normalized(activations, in: workspace)
    #expect(states.rows == 2 * (1 + 3 + 4))
    tower.pooling = .mean
    let mean = tower.pool(activations, in: workspace).vectors
    for picture in 0..<2 {
      for column in 0..<8 {
        let wanted = (4..<8).reduce(Float(0)) { $0 + states[picture * 8 + $1, column] } / 4
        #expect(abs(mean[picture, column] - wanted) < 1e-6)
      }
    }
    tower.pooling = .clsMean
    let both = tower.pool(activations, in: workspace).vectors
    #expect(both.columns == 16 && tower.outputWidth == 16)
    #expect(both[1, 3] == states[8, 3] && both[1, 8 + 3] == mean[1, 3])
  }

  /// What a tower lacks is refused by name.
  @Test func whatATowerLacksIsRefused() throws {
    let plain = tower().configuration
    let failure = #expect(throws: TowerFailure.self) { try plain.check(.head, path: "t") }
    #expect(failure?.description.contains("head is no pooling of this tower") == true)
    var bare = plain
    bare.hasClassToken = false
    #expect(throws: TowerFailure.self) { try bare.check(.clsMean, path: "t") }
    try bare.check(.mean, path: "t")
  }

  /// Gradients of a mean agree with differences of the loss.
  @Test(arguments: [ImagePooling.mean, .clsMean])
  func gradientsAgreeWithDifferences(pooling: ImagePooling) throws {
    let tower = tower {
      $0.registers = 2
      $0.isGated = true
      $0.activation = .silu
      $0.hasEmbeddingNorm = true
      $0.hasLayerScale = true
    }
    tower.pooling = pooling
    let pixels = pixels(1)
    func loss() -> Float {
      let workspace = Workspace()
      let activations = tower.forward(
        pixels.batch(of: tower), reading: .pooled, in: workspace, training: false)
      let vectors = tower.pool(activations, in: workspace).vectors
      return (0..<vectors.columns).reduce(0) { $0 + vectors[0, $1] * Float($1 % 5 - 2) }
    }
    tower.train { _ in true }
    let workspace = Workspace()
    let activations = tower.forward(
      pixels.batch(of: tower), reading: .pooled, in: workspace, training: true)
    let pooled = tower.pool(activations, in: workspace)
    let direction = workspace.matrix(
      (0..<tower.outputWidth).map { Float($0 % 5 - 2) }, columns: tower.outputWidth)
    tower.backward(activations, pooled, dPooled: direction, in: workspace)
    for parameter in tower.parameters.all {
      let gradient = parameter.gradients[0]
      let value = parameter.value[0]
      let step: Float = 1e-2
      parameter.value[0] = value + step
      let above = loss()
      parameter.value[0] = value - step
      let below = loss()
      parameter.value[0] = value
      let slope = (above - below) / (2 * step)
      #expect(abs(slope - gradient) < 2e-2 * max(1, abs(gradient)), "\(parameter.name)")
    }
  }

  /// Every family comes back from the folder that it is saved to, bit for bit.
  @Test(arguments: FamilyFolder.pictures.filter { $0.information.kind == "image" })
  func whatIsSavedIsRead(family: FamilyFolder) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/saved"
    let tower = try ImageTower.load(family.model)
    try tower.save(to: path, storage: .float32)
    let again = try ImageTower.load(path)
    #expect(again.parameters.all.map(\.name) == tower.parameters.all.map(\.name))
    for (one, other) in zip(again.parameters.all, tower.parameters.all) {
      #expect(one.values.map(\.bitPattern) == other.values.map(\.bitPattern), "\(one.name)")
    }
  }
}
