import Foundation
import XlingCore
import XlingTensor

/// Reading and writing towers as Hugging Face folders.
extension TextTower {
  /// Throws ``TowerFailure`` or ``FileFailure``; nothing is loaded in part.
  public static func load(_ folder: String) throws -> TextTower {
    let tower = TextTower(try .read(folder + "/config.json"))
    try TowerFolder.load(
      tower.checkpointParameters, from: folder, prefix: "bert.",
      // Heads of other tasks and a buffer of old checkpoints: no part of the encoder.
      ignoring: ["pooler.", "cls.", "embeddings.position_ids"])
    return tower
  }

  public func save(to folder: String, storage: Safetensors.Storage) throws {
    try TowerFolder.save(
      configuration, extra: ["architectures": ["BertModel"], "pad_token_id": 0],
      checkpointParameters, to: folder, storage: storage)
  }
}

extension ImageTower {
  /// Throws ``TowerFailure`` or ``FileFailure``; nothing is loaded in part.
  public static func load(_ folder: String) throws -> ImageTower {
    let configuration = try ViTConfiguration.read(folder + "/config.json")
    guard configuration.imageSize % configuration.patchSize == 0 else {
      throw TowerFailure.configuration(
        path: folder + "/config.json",
        reason: "image_size \(configuration.imageSize) is not a multiple of patch_size "
          + "\(configuration.patchSize)")
    }
    let tower = ImageTower(configuration)
    try TowerFolder.load(
      tower.checkpointParameters, from: folder, prefix: "vit.",
      ignoring: ["pooler.", "classifier."])
    return tower
  }

  public func save(to folder: String, storage: Safetensors.Storage) throws {
    try TowerFolder.save(
      configuration, extra: ["architectures": ["ViTModel"]], checkpointParameters, to: folder,
      storage: storage)
  }
}

enum TowerFolder {
  static let weights = "model.safetensors"

  /// Every tensor of the file is accounted for: loaded, or named in `ignoring`.
  static func load(
    _ parameters: [Parameter], from folder: String, prefix: String, ignoring: [String]
  ) throws {
    let file = try Safetensors(path: folder + "/" + weights)
    var names: [String: String] = [:]
    var problems: [String] = []
    for name in file.entries.keys.sorted(by: >) {
      let short = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
      if let other = names[short] { problems.append("twice: \(other) and \(name)") }
      names[short] = name
    }
    for parameter in parameters {
      guard let name = names[parameter.name] else {
        problems.append("missing: \(parameter.name) \(parameter.shape)")
        continue
      }
      let shape = file.entries[name]!.shape
      if shape != parameter.shape {
        problems.append("\(name): shape \(shape), expected \(parameter.shape)")
      }
    }
    let known = Set(parameters.map(\.name))
    for (short, name) in names.sorted(by: { $0.key < $1.key })
    where !known.contains(short) && !ignoring.contains(where: short.hasPrefix) {
      problems.append("unexpected: \(name) \(file.entries[name]!.shape)")
    }
    guard problems.isEmpty else {
      throw TowerFailure.tensors(path: file.path, problems: problems)
    }
    for parameter in parameters { try file.read(names[parameter.name]!, into: parameter) }
  }

  static func save(
    _ configuration: some Encodable, extra: [String: any Sendable], _ parameters: [Parameter],
    to folder: String, storage: Safetensors.Storage
  ) throws {
    try AtomicFile.createFolder(folder)
    let encoded = try JSONEncoder().encode(configuration)
    var object = try JSONSerialization.jsonObject(with: encoded) as? [String: Any] ?? [:]
    for (key, value) in extra { object[key] = value }
    let text = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
    try AtomicFile.write(text + Data("\n".utf8), to: folder + "/config.json")
    try Safetensors.write(
      parameters, to: folder + "/" + weights, storage: storage, metadata: ["format": "pt"])
  }
}
