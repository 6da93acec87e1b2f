import Foundation
import XlingCore
import XlingTensor

/// Reading and writing towers as folders.
extension TextTower {
  /// `config.json` alone, for a program that keeps the weights elsewhere. Throws ``FileFailure``.
  package func saveConfiguration(to folder: String) throws {
    try TowerFolder.save(configuration.saved.json, to: folder)
  }

  /// The tower of a Hugging Face folder by itself: pooled as its family is, whatever the folder declares
  /// (``TowerCheckpoint/text(pooling:withHead:)`` honours that). Float32 weights are mapped, not copied.
  /// Throws ``TowerFailure`` or ``FileFailure``; nothing is loaded in part.
  public static func load(_ folder: String) throws -> TextTower {
    let checkpoint = try TowerCheckpoint(folder)
    guard let configuration = checkpoint.configuration.text else {
      return try checkpoint.text()
    }
    return try checkpoint.text(pooling: configuration.pooling, withHead: false)
  }

  /// A Hugging Face folder of the family that the tower was loaded from.
  public func save(to folder: String, storage: Safetensors.Storage) throws {
    var saved = configuration.saved
    // Behind a tower of Hugging Face's names lies no more than its family has there.
    let ownHead =
      saved.projections.isEmpty ? [] : head?.isOfCheckpoint == true ? head?.parameters ?? [] : []
    if ownHead.isEmpty, saved.family == .clip { saved.projections = [] }
    let others = Set((head?.parameters ?? []).map(\.name)).subtracting(ownHead.map(\.name))
    try TowerFolder.save(
      saved.json, saved.keyMap, checkpointParameters.filter { !others.contains($0.name) },
      to: folder,
      storage: storage)
  }
}

extension ImageTower {
  /// A Hugging Face or timm folder, or a bare checkpoint of a published size. Float32 weights are
  /// mapped, not copied. Throws ``TowerFailure`` or ``FileFailure``; nothing is loaded in part.
  public static func load(_ folder: String) throws -> ImageTower {
    try TowerCheckpoint(folder).image()
  }

  /// A folder for `transformers`, or for timm where the tower came from there. Throws
  /// ``TowerFailure/configuration(path:reason:)`` for a tower of open_clip, which has no folder of pictures
  /// alone.
  public func save(to folder: String, storage: Safetensors.Storage) throws {
    switch configuration.naming {
    case .openCLIP, .openCLIPTrunk:
      throw TowerFailure.configuration(
        path: folder,
        reason:
          "open_clip has no folder of an image tower alone; it is exported with its text tower")
    default: break
    }
    try TowerFolder.save(
      configuration.json, configuration.keyMap, checkpointParameters, to: folder, storage: storage)
  }
}

enum TowerFolder {
  static let weights = "model.safetensors"

  static func save(_ configuration: [String: any Sendable], to folder: String) throws {
    try AtomicFile.createFolder(folder)
    let text = try JSONSerialization.data(
      withJSONObject: configuration, options: [.prettyPrinted, .sortedKeys])
    try AtomicFile.write(text + Data("\n".utf8), to: folder + "/config.json")
  }

  static func save(
    _ configuration: [String: any Sendable], _ map: KeyMap, _ parameters: [Parameter],
    to folder: String, storage: Safetensors.Storage
  ) throws {
    try save(configuration, to: folder)
    let joined = FusedTensors(parameters, map)
    try withExtendedLifetime(joined) {
      try Safetensors.write(
        joined.tensors, to: folder + "/" + weights, storage: storage, metadata: ["format": "pt"])
    }
  }
}

/// Parameters under a family's names, queries, keys and values stacked where it has them so.
private final class FusedTensors {
  private(set) var tensors: [Safetensors.Tensor] = []
  private var stacked: [Parameter] = []

  init(_ parameters: [Parameter], _ map: KeyMap) {
    let byName = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
    for parameter in parameters {
      guard let (name, parts) = map.fusion(of: parameter.name) else {
        let name = map.savedName(map.fileName(of: parameter.name))
        tensors.append((name, parameter.shape, parameter.values))
        continue
      }
      // The first brings the others along.
      guard parts.first == parameter.name else { continue }
      let whole = Parameter(
        name, [parts.count * parameter.shape[0]] + parameter.shape.dropFirst())
      for (index, part) in parts.compactMap({ byName[$0] }).enumerated() {
        (whole.value + index * part.count).update(from: part.value, count: part.count)
      }
      stacked.append(whole)
      tensors.append((map.savedName(name), whole.shape, whole.values))
    }
  }
}
