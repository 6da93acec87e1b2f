import Foundation
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTowers

/// A finished run for other machines and other programs.
public struct RunExport {
  public enum Format: String, CaseIterable, Sendable {
    /// A run's folder that holds its towers and tokenizer, too: every command takes it as a run.
    case folder
    /// `model.safetensors` under the names of LilT's code.
    case lilt
    /// The text side as a model of sentence-transformers.
    case sentenceTransformers = "sentence-transformers"
    /// Both sides as a model of open_clip.
    case openCLIP = "open_clip"
  }

  private let run: RunFolder
  private let record: RunRecord

  /// Throws ``RunFailure`` for what is no finished run.
  public init(run path: String) throws {
    run = RunFolder(path)
    record = try run.record()
    _ = try run.modelFile(record, allowUnfinished: false)
  }

  /// Writes `output`, whole or not at all. Throws ``RunFailure``, `TowerFailure`,
  /// `FileFailure`.
  public func write(_ format: Format, to output: String) throws {
    try NewFolder.writeNew(output) { folder in
      switch format {
      case .folder: try writeFolder(folder)
      case .lilt: try writeLilT(folder)
      case .sentenceTransformers:
        try SentenceTransformersFolder(try DualEncoder.load(run: run.path), record)
          .write(to: folder)
      case .openCLIP:
        try OpenCLIPFolder(
          try DualEncoder.load(run: run.path), record.identity.configuration,
          tokenizer: try record.identity.tokenizerFiles()
        ).write(to: folder)
      }
    }
  }

  private func writeFolder(_ folder: String) throws {
    try record.identity.text.verify()
    try record.identity.image.verify()
    var moved = record
    moved.identity.text = record.identity.text.moved(to: "towers/text")
    let image = record.identity.image
    let file = TowerPlace.isFile(image.folder) ? "/" + PathParts.name(of: image.folder) : ""
    moved.identity.image = image.moved(to: "towers/image" + file)
    for (old, new) in [
      (record.identity.text, moved.identity.text), (record.identity.image, moved.identity.image),
    ] {
      guard !TowerPlace.isFile(old.folder) else {
        try copy(old.folder, to: folder + "/" + new.folder)
        continue
      }
      try copyFiles(of: old.folder, to: folder + "/" + new.folder)
      for part in try TowerPlace.parts(of: old.folder)
      where FileManager.default.fileExists(atPath: old.folder + "/" + part) {
        try copyFiles(of: old.folder + "/" + part, to: folder + "/" + new.folder + "/" + part)
      }
    }
    try AtomicFile.write(try AtomicFile.read(run.weights), to: folder + "/model.safetensors")
    try ContentSums.write(["model.safetensors"], in: folder)
    try AtomicFile.write(
      try record.identity.configuration.recipe.toml(), to: folder + "/recipe.toml")
    if record.identity.configuration.mix != nil {
      try AtomicFile.write(try AtomicFile.read(run.path + "/mix.json"), to: folder + "/mix.json")
    }
    try RunFolder(folder).write(moved)
  }

  /// A tower's one file, with the configuration beside it where there is one.
  private func copy(_ file: String, to target: String) throws {
    try AtomicFile.createFolder(PathParts.folder(of: target))
    try AtomicFile.write(try AtomicFile.read(file), to: target)
    let configuration = TowerPlace.configuration(in: PathParts.folder(of: file))
    guard FileManager.default.fileExists(atPath: configuration) else { return }
    try AtomicFile.write(
      try AtomicFile.read(configuration),
      to: PathParts.folder(of: target) + "/" + PathParts.name(of: configuration))
  }

  /// The files of a tower's folder, its tokenizer among them, without folders in it.
  private func copyFiles(of source: String, to target: String) throws {
    try AtomicFile.createFolder(target)
    for name in try FolderNames.read(source) {
      var isFolder: ObjCBool = false
      let path = source + "/" + name
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
        !isFolder.boolValue
      else { continue }
      try AtomicFile.write(try AtomicFile.read(path), to: target + "/" + name)
    }
  }

  private func writeLilT(_ folder: String) throws {
    let state = try LilTStateDict(try DualEncoder.load(run: run.path))
    let tensors = state.tensors.map { tensor in
      let parameter = Parameter(tensor.name, tensor.shape)
      for (index, value) in tensor.values.enumerated() { parameter.value[index] = value }
      return parameter
    }
    try Safetensors.write(
      tensors, to: folder + "/model.safetensors", metadata: ["format": "pt"])
    try AtomicFile.write(
      try record.identity.configuration.recipe.toml(), to: folder + "/recipe.toml")
  }
}
