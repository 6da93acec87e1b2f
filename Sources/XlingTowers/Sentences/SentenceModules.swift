import Foundation
import XlingCore

/// `modules.json`: the modules that sentence-transformers runs one after another, by the last name of their
/// class, which older and newer versions write alike, and the folders of what they need.
struct SentenceModules {
  enum Kind: String, CaseIterable {
    case transformer = "Transformer"
    case pooling = "Pooling"
    case dense = "Dense"
    case normalize = "Normalize"
    /// CLIP whole, in one module.
    case clip = "CLIPModel"
    /// Leaves out activations in training alone.
    case dropout = "Dropout"
  }

  struct Module {
    let kind: Kind
    /// As the file has it.
    let type: String
    /// Relative to the folder; "" is the folder itself.
    let path: String
  }

  static let fileName = "modules.json"

  let path: String
  let modules: [Module]

  /// nil where the folder has no such file. Throws ``TowerFailure/configuration(path:reason:)`` for a
  /// module that is not computed here, and for modules in an order that is none.
  init?(_ folder: String) throws {
    path = folder + "/" + Self.fileName
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let fields = try ConfigurationFields.list(path)
    modules = try fields.map(Self.module)
    try checkOrder()
  }

  private static func module(_ fields: ConfigurationFields) throws -> Module {
    guard let type = try fields.text("type"), let path = try fields.text("path") else {
      throw fields.refuse("a module without \"type\" or \"path\"")
    }
    let parts = type.split(separator: ".")
    guard parts.first == "sentence_transformers", let name = parts.last,
      let kind = Kind(rawValue: String(name))
    else {
      throw fields.refuse(
        "the module \"\(type)\" is not computed here; Transformer, Pooling, Dense and Normalize of "
          + "sentence-transformers are. Nothing is left out in silence")
    }
    guard !path.split(separator: "/").contains(".."), !path.hasPrefix("/") else {
      throw fields.refuse("the path \"\(path)\" of \(name) leads out of the folder")
    }
    return Module(kind: kind, type: type, path: path == "." ? "" : path)
  }

  private func checkOrder() throws(TowerFailure) {
    let kinds = modules.map(\.kind)
    if kinds == [.clip] { return }
    let behind: Set<Kind> = [.dense, .normalize, .dropout]
    guard kinds.starts(with: [.transformer, .pooling]),
      kinds.dropFirst(2).allSatisfy(behind.contains)
    else {
      throw .configuration(
        path: path,
        reason: "expected Transformer, Pooling, and behind them Dense and Normalize, found "
          + kinds.map(\.rawValue).joined(separator: ", "))
    }
  }

  /// Where the tower with its tokenizer lies, relative to the folder.
  var tower: String { modules.first?.path ?? "" }

  /// The folder in which a tower, its tokenizer and its `config.json` lie: the one given, or that which its
  /// `modules.json` names ("0_Transformer"). Throws as ``init(_:)``.
  static func towerFolder(in folder: String) throws -> String {
    guard let modules = try SentenceModules(folder), !modules.tower.isEmpty else { return folder }
    return folder + "/" + modules.tower
  }
}

/// Where the parts of a tower's folder lie.
public enum TowerPlace {
  /// The folder of a tower's `config.json` and tokenizer: the one given, or that which its `modules.json`
  /// names; a file's own folder. Throws ``TowerFailure``, ``FileFailure``.
  public static func folder(of path: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return path }
    guard isFolder.boolValue else { return PathParts.folder(of: path) }
    return try SentenceModules.towerFolder(in: path)
  }

  /// Whether a tower is one file, not a folder.
  public static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }

  /// The file that says which tower a folder holds: open_clip's where there is no other.
  public static func configuration(in folder: String) -> String {
    folder + "/"
      + (Checkpoint.isOpenCLIP(folder) ? Checkpoint.openCLIPFile : "config.json")
  }

  /// Folders in a folder that its `modules.json` names. Throws as ``folder(of:)``.
  public static func parts(of folder: String) throws -> [String] {
    try SentenceModules(folder)?.modules.map(\.path).filter { !$0.isEmpty } ?? []
  }

  /// What holds a tower's weights: a file, or the folder in which they lie. Throws as ``folder(of:)``, and
  /// ``TowerFailure/adapter(path:base:)``.
  static func weights(of path: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return path }
    let folder = try SentenceModules.towerFolder(in: path)
    try AdapterFolder.refuse(folder)
    return folder
  }
}
