import Testing
import XlingTensor
import XlingTestSupport

@testable import XlingTowers

/// Image towers of every family against float64 results of transformers, timm and open_clip.
@Suite(.enabled(if: !FamilyFolder.pictures.isEmpty, "needs ../shared/fixtures/parity/families"))
struct FamilyPictureTests {
  @Test(arguments: FamilyFolder.pictures)
  func everyHiddenStateAndVector(family: FamilyFolder) throws {
    let checkpoint = try TowerCheckpoint(family.model)
    try family.compare(
      RawForward.run(
        family.image(checkpoint), on: Checkpoint(family.folder.file("inputs.safetensors")),
        readouts: checkpoint.readouts, named: checkpoint.pictureVectors,
        beside: RawForward.textInputs),
      of: "pixel_values")
  }

  /// The gradient of the sum of one embedding times a direction.
  @Test(arguments: FamilyFolder.pictureGradients)
  func everyGradient(family: FamilyFolder) throws {
    let loss = try #require(family.information.loss)
    let golden = try TensorFile(path: family.folder.file("expected_grads.safetensors"))
    let checkpoint = try TowerCheckpoint(family.model)
    let tower = try family.image(checkpoint, pooling: loss.of == "mean" ? .mean : nil)
    tower.train { _ in true }
    let inputs = try TensorFile(path: family.folder.file("inputs.safetensors"))
    let pixels = Pixels(try inputs.floats(loss.batch + ".pixel_values"))
    let workspace = Workspace()
    let activations = tower.forward(
      pixels.batch(of: tower), reading: .pooled, in: workspace, training: true)
    let pooled = tower.pool(activations, in: workspace)
    let direction = try workspace.matrix(
      golden.floats("direction"), columns: pooled.vectors.columns)
    #expect(direction.rows == pooled.vectors.rows)
    tower.backward(activations, pooled, dPooled: direction, in: workspace)
    try family.compareGradients(tower, tower.configuration.keyMap)
  }
}

/// Text towers likewise, with what their folders have behind the pooling.
@Suite(.enabled(if: !FamilyFolder.texts.isEmpty, "needs ../shared/fixtures/parity/families"))
struct FamilyTextTests {
  @Test(arguments: FamilyFolder.texts)
  func everyHiddenStateAndVector(family: FamilyFolder) throws {
    let checkpoint = try TowerCheckpoint(family.model)
    try family.compare(
      RawForward.run(
        checkpoint.text(), on: Checkpoint(family.folder.file("inputs.safetensors")),
        readouts: checkpoint.readouts, named: checkpoint.textVectors,
        beside: RawForward.pictureInputs),
      of: "input_ids")
  }

  /// The gradient of the sum of one embedding times a direction, with only those rows read that training
  /// reads, and with all.
  @Test(arguments: FamilyFolder.textGradients, [OutputRows.pooled, .all])
  func everyGradient(family: FamilyFolder, outputs: OutputRows) throws {
    let loss = try #require(family.information.loss)
    let golden = try TensorFile(path: family.folder.file("expected_grads.safetensors"))
    let tower = try family.text(TowerCheckpoint(family.model))
    tower.train { _ in true }
    let (batch, _) = try RawForward.tokens(
      Checkpoint(family.folder.file("inputs.safetensors")), loss.batch + ".", tower.configuration,
      withTypes: true)
    let workspace = Workspace()
    let activations = tower.forward(batch, reading: outputs, in: workspace, training: true)
    let output = tower.output(activations, in: workspace)
    let direction = try workspace.matrix(
      golden.floats("direction"), columns: output.vectors.columns)
    #expect(direction.rows == output.vectors.rows)
    tower.backward(activations, output, dOutput: direction, in: workspace)
    try family.compareGradients(tower, tower.configuration.keyMap)
  }

  /// A folder that is written has the tensors of the family's library, by their names there.
  @Test(arguments: FamilyFolder.texts.filter { $0.information.kind == "text" })
  func savedNames(family: FamilyFolder) throws {
    let checkpoint = try TowerCheckpoint(family.model)
    let configuration = try #require(checkpoint.configuration.text)
    guard configuration.naming == .huggingFace else { return }
    let folder = try TemporaryFolder()
    try checkpoint.text().save(to: folder.path, storage: .float32)
    let map = configuration.keyMap
    let there = Set(checkpoint.checkpoint.tensors.keys.map(map.shortName))
    let saved = try Checkpoint(folder.path).tensors.keys.map(map.shortName)
    #expect(saved.allSatisfy(there.contains), "\(Set(saved).subtracting(there).sorted())")
  }
}
