import Foundation
import XlingCore

/// All cards of `datasets/`.
public struct DatasetCards: Sendable {
  /// Sorted by name.
  public let all: [DatasetCard]

  /// Reads every card of `folder`, else of the shipped `datasets/` (`Assets`). Throws
  /// ``DataFailure/badCard(path:expected:found:)``, `FileFailure`.
  public static func load(folder: String? = nil) throws -> DatasetCards {
    let folder = try folder ?? Assets.path("datasets")
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw FileFailure.missing(path: folder, hint: "It holds one TOML card per dataset.")
    }
    return DatasetCards(
      all: try names.filter {
        $0.hasSuffix(".toml") && !FolderNames.isLeftover($0)
      }.sorted()
        .map { try DatasetCard.read(folder + "/" + $0) })
  }

  /// The card of a name; nil when there is none.
  public subscript(name: String) -> DatasetCard? { all.first { $0.name == name } }

  /// Throws ``DataFailure/unknownDataset(given:nearest:known:)``.
  public func find(_ name: String) throws(DataFailure) -> DatasetCard {
    if let card = self[name] { return card }
    let names = all.map(\.name)
    throw .unknownDataset(
      given: name, nearest: Spelling.nearest(to: name, among: names), known: names)
  }
}
