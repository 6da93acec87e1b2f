import Foundation
import XlingCore

/// `xling.toml`: the training settings of all runs below the folder that it lies in.
public struct ProjectSettings: Sendable {
  public static let fileName = "xling.toml"

  public let path: String
  public let training: TrainingSettings

  private struct File: Decodable {
    let training: TrainingSettings

    init(from decoder: any Decoder) throws {
      let keys = try StrictKeys(decoder, named: "", known: ["training"])
      training = try keys.value("training", else: TrainingSettings())
    }
  }

  /// The nearest file in a folder or above it; nil where there is none. Throws
  /// ``AlignmentFailure/badSettings(path:expected:found:)``, `FileFailure`.
  public static func nearest(from folder: String) throws -> ProjectSettings? {
    guard folder.hasPrefix("/") else { return nil }
    var folder = folder
    while true {
      let path = (folder == "/" ? "" : folder) + "/" + fileName
      if FileManager.default.fileExists(atPath: path) { return try ProjectSettings(path) }
      if folder == "/" { return nil }
      folder = PathParts.folder(of: folder)
    }
  }

  /// Throws as ``nearest(from:)`` does.
  public init(_ path: String) throws {
    self.path = path
    let bytes = try AtomicFile.read(path)
    do {
      training = try JSONDecoder().decode(File.self, from: try TOMLDocument.json(bytes)).training
    } catch let mistake as StrictKeys.Mistake {
      throw AlignmentFailure.badSettings(
        path: path, expected: mistake.expected, found: mistake.found)
    } catch {
      throw AlignmentFailure.badSettings(path: path, expected: "TOML", found: "\(error)")
    }
  }
}
