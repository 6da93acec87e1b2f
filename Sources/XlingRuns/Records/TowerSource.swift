import Foundation
import XlingCore
import XlingData
import XlingTowers

/// A pretrained tower by its folder and its content.
public struct TowerSource: Codable, Sendable, Equatable {
  /// Or the one file that holds an image tower.
  public let folder: String
  /// SHA-256 of model.safetensors, or of whatever files hold the weights.
  public let weightsHash: String
  /// SHA-256 of config.json; of nothing for a bare file that has none beside it.
  public let configurationHash: String

  /// Weights that were hashed before and have not changed since are not read, unless `anew`. Throws `TowerFailure` or
  /// `FileFailure`.
  public init(folder: String, anew: Bool = false) throws {
    self.folder = folder
    let place = try TowerPlace.folder(of: folder)
    let configuration = TowerPlace.configuration(in: place)
    guard !TowerPlace.isFile(folder) || FileManager.default.fileExists(atPath: configuration)
    else {
      weightsHash = try Self.sum(Checkpoint(folder), anew: anew)
      configurationHash = Digest.of(Data())
      return
    }
    let hint = "A tower is a folder with config.json and model.safetensors."
    weightsHash = try Self.sum(
      Checkpoint(TowerPlace.isFile(folder) ? folder : place), anew: anew)
    configurationHash = Digest.of(try AtomicFile.read(configuration, hint: hint))
  }

  private static func sum(_ checkpoint: Checkpoint, anew: Bool) throws -> String {
    try RememberedSum.of(
      checkpoint.files, in: PathParts.folder(of: checkpoint.path), anew: anew,
      checkpoint.contentHash)
  }

  /// Where the tower's own files and its tokenizer lie: the folder, or one in it that its `modules.json`
  /// names. Throws `TowerFailure`, `FileFailure`.
  public func place() throws -> String { try TowerPlace.folder(of: folder) }

  private init(_ folder: String, of other: TowerSource) {
    self.folder = folder
    weightsHash = other.weightsHash
    configurationHash = other.configurationHash
  }

  /// The same files in another place.
  func moved(to folder: String) -> TowerSource { TowerSource(folder, of: self) }

  /// An exported run names its towers from its own folder on.
  func resolved(from run: String) -> TowerSource {
    folder.hasPrefix("/") ? self : moved(to: run + "/" + folder)
  }

  /// The folder still holds the tower that was trained on; with `anew` every byte is read. Throws
  /// ``RunFailure/towerChanged(path:expected:found:)`` or `FileFailure`.
  func verify(anew: Bool = false) throws {
    let found = try TowerSource(folder: folder, anew: anew)
    for (expected, found) in [
      (weightsHash, found.weightsHash), (configurationHash, found.configurationHash),
    ] where expected != found {
      throw RunFailure.towerChanged(path: folder, expected: expected, found: found)
    }
  }
}
