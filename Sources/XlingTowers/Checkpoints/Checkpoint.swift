import Foundation
import XlingCore

/// The tensors of a checkpoint by the names in its files, whatever the container: safetensors, whole
/// or in shards, or a PyTorch file. Opening reads headers only.
public struct Checkpoint {
  /// The file that names the tensors: the one file, or the index of the shards.
  public let path: String
  /// "safetensors", "PyTorch zip" and the like.
  public let container: String
  /// All files that hold tensors, in order.
  public let files: [String]
  public let tensors: [String: StoredTensor]
  /// The entry that was taken where a file holds several things ("model", "teacher"), and what else
  /// lies there; nil and empty for a file of tensors alone.
  public let part: String?
  public let besides: [String]

  /// In the order in which a folder is searched.
  static let names = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
  ]

  static let openCLIPFile = "open_clip_config.json"

  /// Whether a folder is open_clip's alone: with its configuration and no other.
  static func isOpenCLIP(_ folder: String) -> Bool {
    !FileManager.default.fileExists(atPath: folder + "/config.json")
      && FileManager.default.fileExists(atPath: folder + "/" + openCLIPFile)
  }

  /// In the order in which open_clip searches.
  static let openCLIPNames = [
    "open_clip_model.safetensors", "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.safetensors",
  ]

  /// Opens a file, or the checkpoint of a Hugging Face, timm or open_clip folder. Throws ``TowerFailure`` or
  /// ``FileFailure``.
  public init(_ path: String) throws {
    try self.init(at: Self.locate(path))
  }

  private init(at file: String) throws {
    if file.hasSuffix(".index.json") {
      try self.init(index: file)
      return
    }
    let opened = try Opened(file)
    self.init(
      path: file, container: opened.container, files: [file], tensors: opened.tensors,
      part: opened.part, besides: opened.besides)
  }

  private init(
    path: String, container: String, files: [String], tensors: [String: StoredTensor],
    part: String? = nil, besides: [String] = []
  ) {
    (self.path, self.container, self.files) = (path, container, files)
    (self.tensors, self.part, self.besides) = (tensors, part, besides)
  }

  /// Whether it holds both towers under the names of LilT's code.
  var isLilTRun: Bool {
    ["visual_encoder.", "text_encoder."].allSatisfy { prefix in
      tensors.keys.contains { $0.hasPrefix(prefix) }
    }
  }

  /// SHA-256 of the files of tensors, one after another; of one file, the file's own.
  public func contentHash() throws -> String {
    let digest = Digest()
    for path in files {
      let file = try MappedFile(path: path)
      file.readOnce { digest.update($0) }
    }
    return digest.hexadecimal()
  }

  /// The file that a path stands for.
  static func locate(_ path: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileFailure.missing(path: path, hint: "A checkpoint was expected there.")
    }
    guard isFolder.boolValue else { return path }
    let found = names.map { path + "/" + $0 }.first(where: FileManager.default.fileExists)
    guard let found else {
      if isOpenCLIP(path),
        let own = openCLIPNames.map({ path + "/" + $0 })
          .first(where: FileManager.default.fileExists)
      {
        return own
      }
      throw FileFailure.missing(
        path: path + "/model.safetensors",
        hint: "A tower's folder holds config.json and " + names.joined(separator: ", or ") + ".")
    }
    return found
  }

  /// One file of tensors.
  private struct Opened {
    let container: String
    let tensors: [String: StoredTensor]
    var part: String?
    var besides: [String] = []

    init(_ path: String) throws {
      let file = try MappedFile(path: path)
      guard TorchFile.isZip(file) || TorchFile.isPickle(file) else {
        if let kind = ForeignFile(path: path), kind != .safetensors {
          throw ForeignFileFailure(
            path: path, expected: "weights (safetensors or a PyTorch file)", found: kind)
        }
        container = "safetensors"
        tensors = try Safetensors(file).entries
        return
      }
      let torch = try TorchFile(file)
      container = "PyTorch " + torch.format
      let chosen = try StateDictionary(torch)
      (part, besides) = (chosen.part, chosen.besides)
      tensors = try torch.tensors(chosen.value)
    }
  }

  private struct Index: Decodable {
    let files: [String: String]
    enum CodingKeys: String, CodingKey { case files = "weight_map" }
  }

  /// Shards: every tensor of the index lies in the shard it names, and no other tensor anywhere.
  private init(index path: String) throws {
    func refuse(_ reason: String) -> TowerFailure { .shards(path: path, reason: reason) }
    let json = try JSONFile.read(path)
    guard let index = try? JSONDecoder().decode(Index.self, from: json) else {
      throw refuse("it is not JSON with a weight_map from tensors to files")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var tensors: [String: StoredTensor] = [:]
    var container = "safetensors"
    let shards = Set(index.files.values).sorted()
    for shard in shards {
      guard !shard.contains("/"), !shard.isEmpty else {
        throw refuse("the shard \"\(shard)\" is not a file name in the same folder")
      }
      let opened = try Opened(folder + "/" + shard)
      container = opened.container
      for (name, tensor) in opened.tensors {
        guard index.files[name] == shard else {
          throw refuse("\(shard) holds \"\(name)\", which the index does not expect there")
        }
        tensors[name] = tensor
      }
    }
    for (name, shard) in index.files.sorted(by: { $0.key < $1.key }) where tensors[name] == nil {
      throw refuse("\(shard) lacks \"\(name)\"")
    }
    self.init(
      path: path, container: "\(container), \(shards.count) shards",
      files: shards.map { folder + "/" + $0 }, tensors: tensors)
  }
}

/// The state dict among what `torch.save` was given.
private struct StateDictionary {
  let value: Pickle.Value
  let part: String?
  let besides: [String]

  /// Where training code puts the weights, most specific first. DINO's full checkpoint has a teacher
  /// and a student; the teacher is what its authors evaluate (Caron et al. 2021, section 3.1).
  private static let parts = ["model", "teacher", "state_dict", "model_state_dict", "module"]

  /// Throws ``TowerFailure/notPyTorch(path:reason:)``.
  init(_ torch: TorchFile) throws(TowerFailure) {
    let pickle = torch.pickle
    guard let root = pickle.entries(pickle.root) else {
      throw .notPyTorch(path: torch.file.path, reason: "it holds no dictionary")
    }
    if root.contains(where: { pickle.tensor($0.value) != nil }) {
      (value, part, besides) = (
        pickle.root, nil, root.filter { pickle.tensor($0.value) == nil }.map(\.name)
      )
      return
    }
    for part in Self.parts {
      guard let entry = root.first(where: { $0.name == part }),
        pickle.entries(entry.value)?.contains(where: { pickle.tensor($0.value) != nil }) == true
      else { continue }
      value = entry.value
      self.part = part
      besides = root.map(\.name).filter { $0 != part }
      return
    }
    throw .notPyTorch(
      path: torch.file.path,
      reason: "no tensors lie in it or in its "
        + Self.parts.joined(separator: ", ") + "; it has "
        + root.prefix(10).map(\.name).joined(separator: ", "))
  }
}
