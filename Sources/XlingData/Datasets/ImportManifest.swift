import Foundation
import XlingCore

/// `import.json` of an imported dataset: what it was made of, and the links to pictures elsewhere that
/// the import made itself. Readers follow these, and no others that lead out of the folder.
struct ImportManifest: Codable, Equatable {
  static let file = "import.json"

  var schema = "xling.import/1"
  let layout: String
  let files: [String]
  /// The folder that picture names began in.
  let images: String
  /// Name in `images/` -> absolute path.
  let links: [String: String]

  /// Nil where the folder has none: it was not imported, or by a version before manifests. Throws
  /// ``DataFailure/badDataset(path:reason:)``, `JSONFailure`, `FileFailure`.
  static func read(_ folder: String) throws -> ImportManifest? {
    let path = folder + "/" + file
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let data = try JSONFile.read(path)
    let manifest = try? JSONDecoder().decode(ImportManifest.self, from: data)
    guard let manifest, manifest.schema == "xling.import/1" else {
      throw DataFailure.badDataset(
        path: path, reason: "is not what `xling data import` writes. Import the data again.")
    }
    return manifest
  }

  func write(_ folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: folder + "/" + Self.file)
  }

  /// Whether imports before manifests made such a link: to an absolute path, named as its last parts
  /// joined by "_".
  static func isOfEarlierImport(_ name: String, to target: String) -> Bool {
    target.hasPrefix("/") && !target.split(separator: "/").contains("..")
      && target.replacingOccurrences(of: "/", with: "_").hasSuffix("_" + name)
  }
}
