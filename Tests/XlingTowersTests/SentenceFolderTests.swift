import Foundation
import Testing
import XlingCore
import XlingTensor
import XlingTestSupport

@testable import XlingTowers

/// What folders of sentence-transformers declare: honoured, or refused by name.
struct SentenceFolderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ text: String, _ name: String) throws {
    try AtomicFile.createFolder(PathParts.folder(of: folder.path + "/" + name))
    try AtomicFile.write(Data(text.utf8), to: folder.path + "/" + name)
  }

  /// A tower of width 8 in a folder, with modules of these kinds and places.
  private func tower(_ modules: [(String, String)], at place: String = "") throws {
    let tower = TextTower(
      BERTConfiguration(
        vocabularySize: 11, hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 16,
        maximumPositions: 12))
    tower.initialize(seed: 1)
    try tower.save(to: folder.path + "/" + place, storage: .float32)
    let list = modules.map { #"{"type": "\#($0.0)", "path": "\#($0.1)"}"# }
    try write("[" + list.joined(separator: ",") + "]", "modules.json")
  }

  private static let old = "sentence_transformers.models."

  private func load() throws -> TextTower { try TowerCheckpoint(folder.path).text() }

  private func refusal() -> String {
    do {
      _ = try load()
      return "nothing was refused"
    } catch {
      return (error as? any Failure)?.description ?? "\(error)"
    }
  }

  @Test func poolingInBothFormats() throws {
    try tower([(Self.old + "Transformer", ""), (Self.old + "Pooling", "1_Pooling")])
    try write(
      #"{"word_embedding_dimension": 8, "pooling_mode_lasttoken": true, "pooling_mode_cls_token": true}"#,
      "1_Pooling/config.json")
    #expect(try load().pooling.modes == [.cls, .last])
    try write(
      #"{"embedding_dimension": 8, "pooling_mode": ["lasttoken", "cls"], "include_prompt": false}"#,
      "1_Pooling/config.json")
    #expect(try load().pooling == TextPooling([.last, .cls], includesPrompt: false))
    #expect(try load().outputWidth == 16)
    try write(#"{"pooling_mode": "mean"}"#, "1_Pooling/config.json")
    #expect(try load().pooling == .mean)
    try write(#"{"pooling_mode_median_tokens": true}"#, "1_Pooling/config.json")
    #expect(refusal().contains("pooling_mode_median_tokens"))
    try write(#"{"pooling_mode": "mean"}"#, "1_Pooling/config.json")
    // The tower alone is what it was before folders were read.
    #expect(try TextTower.load(folder.path).pooling == .cls)
  }

  @Test func densesFollowEachOther() throws {
    try tower(
      [
        ("sentence_transformers.base.modules.transformer.Transformer", "0_T"),
        ("sentence_transformers.sentence_transformer.modules.pooling.Pooling", "p"),
        ("sentence_transformers.base.modules.dense.Dense", "wide"),
        ("sentence_transformers.base.modules.normalize.Normalize", "n"),
      ], at: "0_T")
    try write(#"{"pooling_mode": ["mean", "max"]}"#, "p/config.json")
    let dense = Linear("linear", from: 16, to: 3)
    for place in 0..<48 { dense.weight.value[place] = Float(place % 5) - 2 }
    try write(
      #"{"in_features": 16, "out_features": 3, "activation_function": "torch.nn.modules.activation.Tanh"}"#,
      "wide/config.json")
    try Safetensors.write(dense.parameters, to: folder.path + "/wide/model.safetensors")
    let loaded = try load()
    #expect(loaded.head?.description == "dense 3 tanh, normalize" && loaded.outputWidth == 3)
    #expect(
      loaded.parameters.all.map(\.name).suffix(2) == ["wide.linear.weight", "wide.linear.bias"])
    #expect(try TowerPlace.folder(of: folder.path) == folder.path + "/0_T")
    let workspace = Workspace(blockBytes: 1 << 16)
    let activations = loaded.forward(
      TokenBatch([[1, 2, 3], [4, 5]]), reading: .pooled, in: workspace, training: false)
    let rows = loaded.output(activations, in: workspace).vectors
    for row in 0..<2 {
      let square = (0..<3).reduce(Float(0)) { $0 + rows[row, $1] * rows[row, $1] }
      #expect(abs(square - 1) < 1e-5)
    }
    try write(
      #"{"in_features": 8, "out_features": 3, "activation_function": "torch.nn.modules.activation.Tanh"}"#,
      "wide/config.json")
    #expect(refusal().contains("in_features is 8, but vectors of width 16 come to it"))
    try write(
      #"{"in_features": 16, "out_features": 3, "activation_function": "torch.nn.Mish"}"#,
      "wide/config.json")
    #expect(refusal().contains("torch.nn.Mish"))
  }

  @Test(arguments: ["WordWeights", "LSTM", "StaticEmbedding"])
  func otherModulesAreRefusedByName(kind: String) throws {
    try tower([
      (Self.old + "Transformer", ""), (Self.old + kind, "1_X"), (Self.old + "Pooling", "2_Pooling"),
    ])
    #expect(refusal().contains(Self.old + kind))
  }

  @Test func modulesInNoOrderAreRefused() throws {
    try tower([(Self.old + "Pooling", "1_Pooling"), (Self.old + "Transformer", "")])
    #expect(refusal().contains("found Pooling, Transformer"))
    try tower([(Self.old + "Transformer", "")])
    #expect(refusal().contains("expected Transformer, Pooling"))
    try tower([(Self.old + "Transformer", ""), (Self.old + "Pooling", "../p")])
    #expect(refusal().contains("leads out of the folder"))
  }

  @Test func widthsThatContradict() throws {
    try tower([(Self.old + "Transformer", ""), (Self.old + "Pooling", "1_Pooling")])
    try write(
      #"{"word_embedding_dimension": 384, "pooling_mode_mean_tokens": true}"#,
      "1_Pooling/config.json")
    #expect(refusal().contains("/1_Pooling/config.json: it pools vectors of width 384"))
    #expect(throws: TowerFailure.self) { try Inspection(folder.path) }
  }

  @Test func lengthsAndPrompts() throws {
    try tower([(Self.old + "Transformer", ""), (Self.old + "Pooling", "1_Pooling")])
    try write(#"{"pooling_mode": "mean"}"#, "1_Pooling/config.json")
    try write(#"{"model_max_length": 1e30}"#, "tokenizer_config.json")
    var reading = try #require(try TowerCheckpoint(folder.path).reading)
    #expect(reading.maximumLength == nil && !reading.lowercases)
    #expect(try reading.prompt(named: nil) == nil && reading.prompt(named: "query") == nil)
    try write(#"{"model_max_length": 9}"#, "tokenizer_config.json")
    try write(
      #"{"prompts": {"query": "q: ", "other": "o"}, "default_prompt_name": "query"}"#,
      "config_sentence_transformers.json")
    reading = try #require(try TowerCheckpoint(folder.path).reading)
    #expect(reading.maximumLength == 9)
    #expect(try reading.prompt(named: nil) == "q: " && reading.prompt(named: "other") == "o")
    #expect(throws: TowerFailure.self) { try reading.prompt(named: "passage") }
    try write(#"{"max_seq_length": 7, "do_lower_case": true}"#, "sentence_distilbert_config.json")
    reading = try #require(try TowerCheckpoint(folder.path).reading)
    #expect(reading.maximumLength == 7 && reading.lowercases)
    try write(#"{"max_seq_length": 7, "reverse": true}"#, "sentence_bert_config.json")
    #expect(refusal().contains("\"reverse\""))
    try write(#"{"max_seq_length": null}"#, "sentence_bert_config.json")
    try write(#"{"default_prompt_name": "nix"}"#, "config_sentence_transformers.json")
    #expect(refusal().contains("document, query"))
  }

  @Test func everyDeclarationIsTold() throws {
    try tower([(Self.old + "Transformer", ""), (Self.old + "Pooling", "1_Pooling")])
    try write(
      #"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#,
      "1_Pooling/config.json")
    let told = try Inspection(folder.path).declarations
    func use(_ key: String) -> String? { told.first { $0.key == key }?.use }
    #expect(use("pooling_mode_cls_token") == "pooled: cls")
    #expect(use("pooling_mode_mean_tokens") == "not pooled")
    #expect(use("model_type") == "the family")
  }

  @Test func aTowerElsewhere() throws {
    try write(
      #"{"base_model_name_or_path": "intfloat/multilingual-e5-small"}"#, "adapter_config.json")
    #expect(refusal().contains("\"intfloat/multilingual-e5-small\""))
    try write("version https://git-lfs.github.com/spec/v1\n", "w/model.safetensors")
    #expect(throws: ForeignFileFailure.self) { try Checkpoint(folder.path + "/w") }
  }
}
