import Foundation
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTokenizers
import XlingTowers

/// A run's text side as sentence-transformers (Reimers and Gurevych 2019) lays models out: the tower
/// with its tokenizer, pooling, the head as a dense layer, rows of unit length.
struct SentenceTransformersFolder {
  private static let program = "sentence-transformers"
  private let tower: TextTower
  private let head: Linear?
  private let tokenizer: String

  /// Throws ``RunFailure/configuration(reason:)`` for what its modules do not compute.
  init(_ model: DualEncoder, _ record: RunRecord) throws(RunFailure) {
    try record.identity.configuration.captions.checkIsPlain(for: Self.program)
    switch model.textHead {
    case .linear(let linear): head = linear
    case .none: head = nil
    case .tokens:
      throw .configuration(
        reason: "\(Self.program) has no MLP on every token: a head linear or none can be exported")
    }
    tower = try PlainTower.text(model, for: Self.program)
    tokenizer = try record.identity.text.place()
  }

  /// Throws `TowerFailure`, `FileFailure`.
  func write(to folder: String) throws {
    try tower.save(to: folder, storage: .float32)
    for name in try TokenizerSource.files(in: tokenizer) {
      try AtomicFile.write(try AtomicFile.read(tokenizer + "/" + name), to: folder + "/" + name)
    }
    var modules = ["Transformer", "Pooling"]
    try Self.write(
      ["max_seq_length": tower.configuration.maximumTokens, "do_lower_case": false],
      to: folder + "/sentence_bert_config.json")
    // As the tower pools: T5 has no [CLS].
    let isMean = tower.t5 != nil
    try Self.write(
      [
        "word_embedding_dimension": tower.width, "pooling_mode_cls_token": !isMean,
        "pooling_mode_mean_tokens": isMean, "pooling_mode_max_tokens": false,
        "pooling_mode_mean_sqrt_len_tokens": false,
      ], to: folder + "/1_Pooling/config.json")
    if let head {
      modules.append("Dense")
      try Self.write(
        [
          "in_features": tower.width, "out_features": head.outputs, "bias": true,
          "activation_function": "torch.nn.modules.linear.Identity",
        ], to: folder + "/2_Dense/config.json")
      try Safetensors.write(
        head.parameters.map {
          ("linear." + ($0.name.split(separator: ".").last ?? ""), $0.shape, $0.values)
        }, to: folder + "/2_Dense/model.safetensors", metadata: ["format": "pt"])
    }
    modules.append("Normalize")
    try Self.write(
      modules.enumerated().map { index, name in
        [
          "idx": index, "name": "\(index)", "path": index == 0 ? "" : "\(index)_\(name)",
          "type": "sentence_transformers.models.\(name)",
        ] as [String: any Sendable]
      }, to: folder + "/modules.json")
    try AtomicFile.createFolder(folder + "/\(modules.count - 1)_Normalize")
    try Self.write(
      ["similarity_fn_name": "cosine"], to: folder + "/config_sentence_transformers.json")
  }

  private static func write(_ object: Any, to path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try AtomicFile.createFolder(folder)
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    try AtomicFile.write(data + Data("\n".utf8), to: path)
  }
}
