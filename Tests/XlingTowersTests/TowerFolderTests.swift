import Foundation
import Testing
import XlingCore
import XlingTensor
import XlingTestSupport
import XlingTowers

/// Towers as Hugging Face folders: saved, loaded, and refused with what is wrong.
struct TowerFolderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// `XLING_SAVED_TOWERS` keeps the folders, for `scripts/generate_goldens.py check`.
  private func place(_ name: String) -> String {
    (ProcessInfo.processInfo.environment["XLING_SAVED_TOWERS"] ?? folder.path) + "/" + name
  }

  @Test func savedTowersComeBackBitForBit() throws {
    let text = try TextRun()
    try text.tower.save(to: place("bert"), storage: .float32)
    try same(try TextTower.load(place("bert")), text.tower)
    let image = try ImageRun()
    try image.tower.save(to: place("vit"), storage: .float32)
    try same(try ImageTower.load(place("vit")), image.tower)
    #expect(
      try ImageTower.load(place("vit")).configuration == image.tower.configuration)
  }

  private func same(_ loaded: some Tower, _ original: some Tower) throws {
    #expect(loaded.parameters.all.map(\.name) == original.parameters.all.map(\.name))
    for parameter in original.parameters.all {
      let other = try #require(loaded.parameters[parameter.name])
      #expect(
        other.values.map(\.bitPattern) == parameter.values.map(\.bitPattern), "\(parameter.name)")
    }
  }

  @Test func halfTheBytesAreWithinRounding() throws {
    let tower = try TextRun().tower
    let path = folder.path + "/half"
    try tower.save(to: path, storage: .bfloat16)
    let loaded = try TextTower.load(path)
    for parameter in tower.parameters.all {
      let other = try #require(loaded.parameters[parameter.name])
      #expect(Distance.relative(Array(other.values), Array(parameter.values)) < 1.0 / 256)
    }
  }

  @Test func initializationDependsOnTheSeedOnly() throws {
    let configuration = BERTConfiguration(
      vocabularySize: 11, hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 16)
    func values(_ seed: UInt64) -> [Float] {
      let tower = TextTower(configuration)
      tower.initialize(seed: seed)
      return tower.parameters.all.flatMap { Array($0.values) }
    }
    #expect(values(3) == values(3))
    #expect(values(3) != values(4))
    #expect(values(3).allSatisfy { abs($0) <= 0.04 || $0 == 1 })
  }

  /// What is changed in a folder's config.json, and what is said of it.
  static let configurations: [(key: String, value: String?, reason: String)] = [
    ("hidden_size", nil, #"the key "hidden_size" is missing"#),
    ("hidden_size", #""32""#, #""hidden_size" is not of type Int"#),
    ("hidden_size", "null", #""hidden_size" is null, expected Int"#),
    ("hidden_size", "33", "hidden_size 33 is not a multiple of 4 heads"),
    ("num_hidden_layers", "0", "num_hidden_layers is 0, expected a positive size"),
    ("vocab_size", "-1", "vocab_size is -1, expected a positive size"),
    (
      "hidden_act", #""mish""#,
      #"hidden_act is "mish"; "gelu" (erf), "gelu_new" (tanh), "quick_gelu", "relu" and "#
        + #""silu" are supported"#
    ),
    (
      "model_type", #""gpt2""#,
      #"model_type is "gpt2", which is not supported. Expected one of M-CLIP, bert, camembert, "#
        + "clip, clip_text_model, clip_vision_model, deit, dinov2, dinov2_with_registers, "
        + "dinov3_vit, distilbert, eurobert, modernbert, mt5, roberta, siglip, siglip_text_model, "
        + "siglip_vision_model, t5, vit, vit_mae, xlm-roberta"
    ),
    ("model_type", #""vit""#, #"the key "image_size" is missing"#),
    ("num_hidden_layers", "1001", "num_hidden_layers is 1001, expected at most 1000"),
    ("is_decoder", "true", "is_decoder is true: a decoder is no text tower"),
    (
      "position_embedding_type", #""relative_key""#,
      #"position_embedding_type is "relative_key"; only "absolute" is supported"#
    ),
  ]

  @Test(arguments: configurations)
  func aConfigurationThatDoesNotFitIsRefused(key: String, value: String?, reason: String) throws {
    let original = try Data(
      contentsOf: URL(fileURLWithPath: Fixtures.path("parity/bert/config.json")))
    var object = try JSONSerialization.jsonObject(with: original) as? [String: Any] ?? [:]
    object[key] = try value.map {
      try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
    }
    let path = folder.path + "/config.json"
    try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
    #expect(throws: TowerFailure.configuration(path: path, reason: reason)) {
      try TextTower.load(folder.path)
    }
  }

  @Test func aConfigurationThatIsNoJSONIsRefused() throws {
    let path = folder.path + "/config.json"
    try Data("{".utf8).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: TowerFailure.self) { try ImageTower.load(folder.path) }
    #expect(error?.description.hasPrefix("\(path): not valid JSON: ") == true)
  }

  @Test func aMissingFolderIsMissingInput() {
    let failure = #expect(throws: FileFailure.self) {
      try TextTower.load(folder.path + "/nowhere")
    }
    #expect(failure?.exitStatus == .missingInput)
  }

  @Test func everyTensorIsAccountedFor() throws {
    let tower = try TextRun().tower
    try tower.save(to: folder.path, storage: .float32)
    let path = folder.path + "/model.safetensors"
    var parameters = tower.parameters.all
    let bias = "encoder.layer.0.output.dense.bias"
    parameters.removeAll { $0.name == bias || $0.name == "embeddings.LayerNorm.weight" }
    parameters += [Parameter(bias, [31]), Parameter("encoder.layer.3.extra", [2])]
    // A pooler and a task's head are no part of the encoder.
    parameters += [Parameter("pooler.dense.bias", [32]), Parameter("cls.predictions.bias", [61])]
    try Safetensors.write(parameters, to: path)
    let failure = #expect(throws: TowerFailure.self) { try TextTower.load(folder.path) }
    #expect(
      failure
        == .tensors(
          path: path,
          problems: [
            "missing: embeddings.LayerNorm.weight [32]",
            "\(bias): shape [31], expected [32]",
            "unexpected: encoder.layer.3.extra [2]",
          ]))
    #expect(
      failure?.description.hasPrefix("\(path) does not fit its config.json:\n  missing: ") == true)
  }

  @Test func namesUnderThePrefixOfATaskLoad() throws {
    let tower = try TextRun().tower
    try tower.save(to: folder.path, storage: .float32)
    let path = folder.path + "/model.safetensors"
    let renamed = tower.parameters.all.map { (name: "bert." + $0.name, $0.shape, $0.values) }
    try Safetensors.write(renamed, to: path)
    try same(try TextTower.load(folder.path), tower)
    let both = renamed + [("embeddings.LayerNorm.bias", [32], renamed[4].2)]
    try Safetensors.write(both, to: path)
    #expect(
      throws: TowerFailure.tensors(
        path: path,
        problems: ["twice: embeddings.LayerNorm.bias and bert.embeddings.LayerNorm.bias"])
    ) { try TextTower.load(folder.path) }
  }
}
