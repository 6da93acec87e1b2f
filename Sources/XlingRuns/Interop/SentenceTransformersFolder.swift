import Foundation
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTokenizers
import XlingTowers

/// A run's text side as sentence-transformers (Reimers and Gurevych 2019) lays models out: the tower
/// with its tokenizer, pooling, what its folder had behind that, the run's head as a dense layer, rows of
/// unit length; prompts and lengths as the run reads captions.
struct SentenceTransformersFolder {
  private static let program = "sentence-transformers"
  private let tower: TextTower
  /// The run's head, layer by layer, each with what follows it.
  private let head: [(layer: Linear, activation: TextHead.Activation)]
  /// Files by name.
  private let tokenizer: [String: Data]
  private let captions: CaptionReading
  /// Of the tower's folder.
  private let prompts: [String: String]

  /// Throws ``RunFailure/configuration(reason:)`` for what its modules do not compute, what reading the
  /// tower's folder throws.
  init(_ model: DualEncoder, _ record: RunRecord) throws {
    captions = record.identity.configuration.captions
    try captions.checkIsPlain(for: Self.program, but: .prompts)
    switch model.textHead {
    case .linear(let linear):
      head = [(model.textStandardization?.folded(into: linear) ?? linear, .identity)]
    case .hidden(let mlp):
      let between: TextHead.Activation = mlp.activation == .gelu ? .gelu : .relu
      head = mlp.layers.enumerated().map { index, layer in
        let layer = index == 0 ? model.textStandardization?.folded(into: layer) ?? layer : layer
        return (layer, index == mlp.layers.count - 1 ? .identity : between)
      }
    case .none: head = []
    case .tokens:
      throw RunFailure.configuration(
        reason:
          "\(Self.program) has no MLP on every token: a head linear, hidden or none can be exported"
      )
    }
    tower = try PlainTower.text(model, for: Self.program)
    guard !tower.pooling.modes.contains(.end) else {
      throw RunFailure.configuration(
        reason:
          "\(Self.program) has no pooling at CLIP's end token: no text tower of CLIP can be exported"
      )
    }
    tokenizer = try record.identity.tokenizerFiles()
    prompts = try TowerCheckpoint(record.identity.text.folder).reading?.prompts ?? [:]
  }

  /// Throws `TowerFailure`, `FileFailure`, ``RunFailure/configuration(reason:)``.
  func write(to folder: String) throws {
    try tower.save(to: folder, storage: .float32)
    for (name, data) in tokenizer.sorted(by: { $0.key < $1.key }) {
      try AtomicFile.write(data, to: folder + "/" + name)
    }
    var modules = Modules(folder)
    try Self.write(
      [
        "max_seq_length": captions.evaluatedTokens ?? tower.configuration.maximumTokens,
        "do_lower_case": captions.lowercases ?? false,
      ], to: folder + "/sentence_bert_config.json")
    try modules.append("Transformer")
    try modules.append("Pooling", pooling)
    for step in tower.head?.steps ?? [] {
      switch step {
      case .normalize: try modules.append("Normalize")
      case .dense(let linear, let activation): try modules.append(linear, activation)
      }
    }
    for (layer, activation) in head { try modules.append(layer, activation) }
    if !modules.isNormalized { try modules.append("Normalize") }
    try modules.write()
    try Self.write(promptFile, to: folder + "/config_sentence_transformers.json")
  }

  private var pooling: [String: any Sendable] {
    let modes = Set(tower.pooling.modes)
    guard tower.pooling.modes.count == 1 else {
      // The order of the parts is that of a list only.
      return [
        "embedding_dimension": tower.width, "pooling_mode": tower.pooling.modes.map(\.rawValue),
        "include_prompt": tower.pooling.includesPrompt,
      ]
    }
    var file: [String: any Sendable] = ["word_embedding_dimension": tower.width]
    file["pooling_mode_cls_token"] = modes.contains(.cls)
    file["pooling_mode_mean_tokens"] = modes.contains(.mean)
    file["pooling_mode_max_tokens"] = modes.contains(.max)
    file["pooling_mode_mean_sqrt_len_tokens"] = modes.contains(.meanSquareRoot)
    if modes.contains(.weightedMean) { file["pooling_mode_weightedmean_tokens"] = true }
    if modes.contains(.last) { file["pooling_mode_lasttoken"] = true }
    if !tower.pooling.includesPrompt { file["include_prompt"] = false }
    return file
  }

  /// The run's prompt is the default one, under the folder's name for it where there is one.
  private var promptFile: [String: any Sendable] {
    var file: [String: any Sendable] = ["similarity_fn_name": "cosine"]
    var prompts = prompts.filter { !$0.value.isEmpty }
    if let prompt = captions.prompt {
      let name = prompts.sorted { $0.key < $1.key }.first { $0.value == prompt }?.key ?? "caption"
      prompts[name] = prompt
      file["default_prompt_name"] = name
    }
    if !prompts.isEmpty { file["prompts"] = prompts }
    return file
  }

  fileprivate static func write(_ object: Any, to path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try AtomicFile.createFolder(folder)
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    try AtomicFile.write(data + Data("\n".utf8), to: path)
  }
}

/// `modules.json` and the folders that it names, as they are written.
private struct Modules {
  private let folder: String
  private var names: [String] = []

  init(_ folder: String) { self.folder = folder }

  /// Whether the last module makes vectors of length one.
  var isNormalized: Bool { names.last == "Normalize" }

  /// The place of the next module of a kind.
  private func place(_ name: String) -> String { names.isEmpty ? "" : "\(names.count)_\(name)" }

  /// Throws `FileFailure`.
  mutating func append(_ name: String, _ file: [String: any Sendable]? = nil) throws {
    if let file {
      try SentenceTransformersFolder.write(file, to: "\(folder)/\(place(name))/config.json")
    } else if !names.isEmpty {
      try AtomicFile.createFolder("\(folder)/\(place(name))")
    }
    names.append(name)
  }

  /// Throws `FileFailure`, ``RunFailure/configuration(reason:)``.
  mutating func append(_ linear: Linear, _ activation: TextHead.Activation) throws {
    guard let name = activation.torchName else {
      throw RunFailure.configuration(
        reason:
          "no module of sentence-transformers computes \(activation.rawValue) behind a dense layer")
    }
    let path = "\(folder)/\(place("Dense"))"
    try append(
      "Dense",
      [
        "in_features": linear.weight.shape[1], "out_features": linear.outputs,
        "bias": linear.bias != nil, "activation_function": name,
      ])
    try Safetensors.write(
      linear.parameters.map {
        ("linear." + ($0.name.split(separator: ".").last ?? ""), $0.shape, $0.values)
      }, to: path + "/model.safetensors", metadata: ["format": "pt"])
  }

  /// Throws `FileFailure`.
  func write() throws {
    try SentenceTransformersFolder.write(
      names.enumerated().map { index, name in
        [
          "idx": index, "name": "\(index)", "path": index == 0 ? "" : "\(index)_\(name)",
          "type": "sentence_transformers.models.\(name)",
        ] as [String: any Sendable]
      }, to: folder + "/modules.json")
  }
}
