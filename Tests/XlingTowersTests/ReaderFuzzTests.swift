import Foundation
import Testing
import XlingCore
import XlingTensor
import XlingTestSupport

@testable import XlingTowers

/// What a folder of sentence-transformers declares, mutated file by file.
struct ReaderFuzzTests {
  private static let files = [
    "modules.json":
      #"[{"idx": 0, "type": "sentence_transformers.models.Transformer", "path": ""}, {"type": "#
      + #""sentence_transformers.models.Pooling", "path": "1_Pooling"}, {"type": "#
      + #""sentence_transformers.models.Dense", "path": "2_Dense"}, {"type": "#
      + #""sentence_transformers.models.Normalize", "path": "3_Normalize"}]"#,
    "1_Pooling/config.json":
      #"{"word_embedding_dimension": 8, "pooling_mode_mean_tokens": true, "include_prompt": true}"#,
    "2_Dense/config.json":
      #"{"in_features": 8, "out_features": 3, "bias": true, "activation_function": "#
      + #""torch.nn.modules.activation.Tanh"}"#,
    "sentence_bert_config.json": #"{"max_seq_length": 12, "do_lower_case": false}"#,
    "config_sentence_transformers.json":
      #"{"prompts": {"query": "q: ", "passage": "p: "}, "default_prompt_name": "query"}"#,
    "config.json":
      #"{"model_type": "bert", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 1, "#
      + #""num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 12, "#
      + #""type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu"}"#,
  ]

  @Test(arguments: files.keys.sorted())
  func sentenceFolders(name: String) throws {
    let folder = try TemporaryFolder()
    let tower = TextTower(
      BERTConfiguration(
        vocabularySize: 11, hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 16,
        maximumPositions: 12))
    tower.initialize(seed: 1)
    try tower.save(to: folder.path, storage: .float32)
    for (name, text) in Self.files {
      try AtomicFile.createFolder(PathParts.folder(of: folder.path + "/" + name))
      try AtomicFile.write(text, to: folder.path + "/" + name)
    }
    let dense = Linear("linear", from: 8, to: 3)
    try Safetensors.write(dense.parameters, to: folder.path + "/2_Dense/model.safetensors")
    _ = try TowerCheckpoint(folder.path).text()
    // Files are written and read: fewer rounds.
    let rounds = max(200, Mutations.rounds / 10)
    let seed = Array((Self.files[name] ?? "").utf8)
    let refused = try Mutations.refusals(
      of: [seed], at: folder.path + "/" + name, name, rounds: rounds
    ) {
      _ = try TowerCheckpoint(folder.path).text()
      _ = try Inspection(folder.path)
    }
    #expect(refused > 0 && refused < rounds)
  }
}
