import Foundation
import XlingCore

/// The datasets that are built from what packages of the system hold; they lie in `data/`.
public enum EmbeddedDataset: String, CaseIterable, Sendable {
  case scenes, emoji, stamps

  public var folder: String { "data/" + rawValue }

  /// The folder that a name leads to: an embedded dataset's, else the name itself. Throws
  /// `FileFailure.missing` with the command that builds an embedded one.
  public static func resolve(_ name: String) throws(FileFailure) -> String {
    guard let embedded = EmbeddedDataset(rawValue: name) else { return name }
    guard FileManager.default.fileExists(atPath: embedded.folder) else {
      throw .missing(path: embedded.folder, hint: "Build it: xling data build \(name)")
    }
    return embedded.folder
  }
}
