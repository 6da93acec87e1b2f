import Foundation
import Testing
import XlingCore
import XlingTensor
import XlingTestSupport
import XlingTowers

/// Checkpoints with their configuration: what fits, what is saved, what is refused.
struct TowerCheckpointTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let set = Fixtures.path("parity/towers")
  static let folders = [
    "bert", "bert_quick_gelu", "xlmr", "distilbert", "mt5", "deit", "vit_noqkvbias", "timm_vit",
    "timm_deit3",
  ]

  /// `XLING_SAVED_TOWERS` keeps the folders, for `scripts/generate_tower_goldens.py check`.
  private func place(_ name: String) -> String {
    (ProcessInfo.processInfo.environment["XLING_SAVED_TOWERS"] ?? folder.path) + "/" + name
  }

  @Test(arguments: folders)
  func savedTowersComeBackBitForBit(name: String) throws {
    let original = try TowerCheckpoint(Self.set + "/" + name)
    let saved = place(name)
    switch original.configuration {
    case .text(let configuration):
      try original.text().save(to: saved, storage: .float32)
      let loaded = try TextTower.load(saved)
      #expect(loaded.configuration == configuration)
      same(loaded, try original.text())
    case .image(let configuration):
      try original.image().save(to: saved, storage: .float32)
      let loaded = try ImageTower.load(saved)
      #expect(loaded.configuration == configuration)
      same(loaded, try original.image())
    case .whole: Issue.record("a tower was expected, this is a model of both")
    }
    let names = try Checkpoint(saved).tensors.keys
    let before = original.checkpoint.tensors.keys
    #expect(Set(names).isSubset(of: before), "names of the same framework")
  }

  private func same(_ one: some Tower, _ two: some Tower) {
    #expect(one.parameters.all.map(\.name) == two.parameters.all.map(\.name))
    for (a, b) in zip(one.parameters.all, two.parameters.all) {
      #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern), "\(a.name)")
    }
  }

  /// Training a tower whose weights are mapped leaves its file as it is.
  @Test func mappedWeightsAreWrittenToACopy() throws {
    let path = folder.path + "/bert"
    try FileManager.default.copyItem(atPath: Self.set + "/bert", toPath: path)
    let before = try AtomicFile.read(path + "/model.safetensors")
    let tower = try TextTower.load(path)
    for parameter in tower.parameters.all {
      parameter.value.update(repeating: 7, count: parameter.count)
    }
    #expect(tower.parameters.all.allSatisfy { $0.values.allSatisfy { $0 == 7 } })
    #expect(try AtomicFile.read(path + "/model.safetensors") == before)
  }

  @Test func nonFiniteWeightsAreNamed() throws {
    let tower = try TextTower.load(Self.set + "/bert")
    #expect(tower.nonFiniteParameters.isEmpty)
    tower.parameters["encoder.layer.1.output.dense.weight"]?.value[5] = .nan
    tower.parameters["embeddings.LayerNorm.bias"]?.value[0] = -.infinity
    #expect(
      tower.nonFiniteParameters == [
        "embeddings.LayerNorm.bias", "encoder.layer.1.output.dense.weight",
      ])
  }

  private func refusal(_ path: String) -> (any Failure)? {
    do { _ = try TowerCheckpoint(path).text() } catch { return error as? any Failure }
    return nil
  }

  /// A folder of the set with some keys of its configuration changed.
  private func changed(_ name: String, _ changes: [String: Any]) throws -> String {
    let path = folder.path + "/" + name
    try FileManager.default.copyItem(atPath: Self.set + "/" + name, toPath: path)
    let data = try AtomicFile.read(path + "/config.json")
    var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    object.merge(changes) { $1 }
    try JSONSerialization.data(withJSONObject: object)
      .write(to: URL(fileURLWithPath: path + "/config.json"))
    return path
  }

  @Test func aFolderWithoutConfigurationIsMissingInput() throws {
    try FileManager.default.copyItem(
      atPath: Self.set + "/bert/model.safetensors", toPath: folder.path + "/model.safetensors")
    let failure = try #require(refusal(folder.path))
    #expect(failure.exitStatus == .missingInput)
    #expect(failure.description.hasPrefix(folder.path + "/config.json does not exist."))
  }

  @Test func aConfigurationThatContradictsTheTensorsIsRefused() throws {
    func problems(_ changes: [String: Any]) throws -> [String] {
      let path = try changed("bert", changes)
      defer { try? FileManager.default.removeItem(atPath: path) }
      guard case .tensors(_, let problems)? = refusal(path) as? TowerFailure else { return [] }
      return problems
    }
    let wider = try problems(["hidden_size": 48])
    #expect(wider.contains("embeddings.LayerNorm.bias: shape [24], expected [48]"))
    #expect(wider.count == 35)
    let deeper = try problems(["num_hidden_layers": 3])
    #expect(deeper.contains("missing: encoder.layer.2.attention.self.query.weight [24, 24]"))
    #expect(deeper.count == 16)
    let shallower = try problems(["num_hidden_layers": 1])
    #expect(shallower.first == "unexpected: encoder.layer.1.attention.output.LayerNorm.bias [24]")
    #expect(shallower.count == 16)
  }

  @Test func aConfigurationBeyondMemoryIsRefusedBeforeAnyIsTaken() throws {
    let path = try changed("bert", ["hidden_size": 3 << 22, "vocab_size": 1 << 24])
    let failure = try #require(refusal(path))
    #expect(failure.exitStatus == .badData)
    #expect(failure.description.contains("million numbers, the checkpoint has 0 million"))
  }

  @Test func aTextTowerIsNoImageTower() throws {
    let failure = #expect(throws: TowerFailure.self) { try ImageTower.load(Self.set + "/bert") }
    #expect(
      failure
        == .configuration(
          path: Self.set + "/bert/config.json",
          reason: "this is a text tower (bert), expected an image tower"))
  }

  @Test func aBareFileNeedsItsHeads() throws {
    let file = Self.set + "/deit3_pth/deit_3_small_224_1k.pth"
    let failure = #expect(throws: TowerFailure.self) { try ImageTower.load(file) }
    #expect(failure?.description.contains("its heads are unknown: --heads") == true)
    #expect(throws: TowerFailure.self) { try TowerCheckpoint(file, heads: 5) }
    let tower = try TowerCheckpoint(file, heads: 3).image()
    #expect(tower.configuration.hasLayerScale && !tower.configuration.hasPrefixPositions)
  }

  @Test func shardsMustBeWhatTheIndexSays() throws {
    func refused(_ change: (inout [String: String]) -> Void) throws -> String {
      let path = folder.path + "/sharded"
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: Self.set + "/bert_sharded", toPath: path)
      let index = path + "/model.safetensors.index.json"
      let object = try JSONSerialization.jsonObject(with: try AtomicFile.read(index))
      var map = (object as? [String: Any])?["weight_map"] as? [String: String] ?? [:]
      change(&map)
      try JSONSerialization.data(withJSONObject: ["weight_map": map])
        .write(to: URL(fileURLWithPath: index))
      return #expect(throws: TowerFailure.self) { try Checkpoint(path) }?.description ?? ""
    }
    let name = "embeddings.LayerNorm.bias"
    #expect(try refused { $0[name] = nil }.contains("which the index does not expect there"))
    #expect(try refused { $0["extra"] = $0[name] }.contains("lacks \"extra\""))
    #expect(
      try refused { $0[name] = "../bert/model.safetensors" }
        .contains("is not a file name in the same folder"))
  }

  @Test func positionsFollowAnotherPictureSize() throws {
    let checkpoint = try TowerCheckpoint(Self.set + "/timm_deit3")
    let tower = try checkpoint.image(imageSize: 24, interpolation: .timm)
    #expect(tower.configuration.patches == 36)
    #expect(tower.positionEmbeddings.shape == [1, 36, 24])
    let failure = #expect(throws: TowerFailure.self) { try checkpoint.image(imageSize: 25) }
    #expect(failure?.description.contains("no whole number of patches of 4") == true)
  }

  @Test func inspectionReadsHeadersOnly() throws {
    let found = try Inspection(Self.set + "/bert_legacy_bin")
    #expect(found.kind == "text tower" && found.problems.isEmpty)
    #expect(found.container == "PyTorch legacy pickle")
    #expect(found.types == ["F32": 41, "I64": 1])
    #expect(
      found.tensors.filter { !$0.used }.map(\.name) == [
        "bert.embeddings.position_ids", "bert.pooler.dense.bias", "bert.pooler.dense.weight",
        "cls.predictions.bias", "cls.predictions.decoder.weight",
      ])
    let tower = try TextTower.load(Self.set + "/bert")
    #expect(found.towerParameters == tower.parameters.count)
    let part = try Inspection(Self.set + "/deit3_pth/deit_3_small_224_1k.pth", heads: 3)
    #expect(part.part == "model" && part.besides == ["args", "epoch"])
    #expect(try Inspection(Self.set + "/bert/inputs.safetensors").kind == "tensors")
  }
}

/// Gradients through the distillation token, layer scale and positions without a class slot.
struct ImageFamilyGradientTests {
  @Test(arguments: ["deit", "timm_deit3"])
  func everyParameter(name: String) throws {
    let folder = Fixtures.path("parity/towers/" + name)
    let golden = try TensorFile(path: folder + "/gradients_cls.safetensors")
    let tower = try ImageTower.load(folder)
    tower.train { _ in true }
    let inputs = try TensorFile(path: folder + "/inputs.safetensors")
    let pixels = Pixels(try inputs.floats("b0.pixel_values"))
    let workspace = Workspace(blockBytes: 1 << 16)
    let activations = tower.forward(pixels.batch(of: tower), in: workspace, training: true)
    let pooled = tower.pool(activations, in: workspace)
    let weights = workspace.matrix(try golden.floats("weight.cls"), columns: tower.width)
    tower.backward(activations, pooled, dPooled: weights, in: workspace)
    #expect(golden.names.filter { $0 != "weight.cls" } == tower.parameters.all.map(\.name).sorted())
    for parameter in tower.parameters.all {
      let expected = try golden.floats(parameter.name)
      // Softmax ignores what all keys share: the key bias has no gradient but rounding noise.
      if parameter.name.hasSuffix("key.bias") {
        #expect(Distance.largest(parameter.gradients, expected) < 1e-4, "\(parameter.name)")
      } else {
        #expect(Distance.relative(parameter.gradients, expected) < 1e-4, "\(parameter.name)")
      }
    }
  }
}
