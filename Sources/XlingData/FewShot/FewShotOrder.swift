import Foundation
import XlingCore

/// Training pictures in the order in which few-shot pairs are drawn: of a language the first so many that have
/// a caption in it. Fewer pairs lie within more, and all languages draw the same pictures where they can.
///
/// A file of it can be committed; `datasets/few-shot/` has those of the embedded datasets.
public struct FewShotOrder: Codable, Sendable, Equatable {
  public var version = Self.version
  /// What the dataset was called; it decides nothing.
  public let data: String
  /// Of the rule; nil where somebody chose the pictures.
  public let seed: UInt64?
  /// SHA-256 over the pictures' names and bytes.
  public let sha256: String
  /// Their names in captions.jsonl.
  public let pictures: [String]

  public static let version = 1

  /// The first `count` of the rule's order. Throws ``FewShotFailure/noTraining(data:)``.
  public init(of dataset: Dataset, seed: UInt64, count: Int) throws(FewShotFailure) {
    let items = try Self.byRule(dataset, seed: seed).prefix(count)
    (data, self.seed) = (dataset.name, seed)
    pictures = items.map(\.image)
    sha256 = Self.hash(pictures, dataset.pictureDigests())
  }

  /// The rule: train pictures by the SHA-256 of "few-shot SEED NAME". It looks at nothing else, so another
  /// picture more moves none of the others. Throws ``FewShotFailure/noTraining(data:)``.
  static func byRule(_ dataset: Dataset, seed: UInt64) throws(FewShotFailure) -> [Dataset.Item] {
    let items = dataset.items(in: .train)
    guard !items.isEmpty else { throw .noTraining(data: dataset.folder) }
    return items.map { ($0, Digest.of("few-shot \(seed) \($0.image)")) }
      .sorted { ($0.1, $0.0.image) < ($1.1, $1.0.image) }.map(\.0)
  }

  static func hash(_ pictures: [String], _ digests: [String: String]) -> String {
    Digest.of(pictures.map { "\($0)\t\(digests[$0] ?? "")\n" }.joined())
  }

  /// Reads a file as ``json`` has it. Throws `JSONFailure`, `FileFailure`.
  public init(reading path: String) throws {
    self = try JSONFile.decode(
      FewShotOrder.self, from: path, version: Self.version, strictBut: [])
  }

  public var json: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(self) + Data("\n".utf8)
    }
  }

  static func shippedName(_ data: String, _ seed: UInt64) -> String {
    "datasets/few-shot/\(data)-\(seed).json"
  }

  /// The shipped file of a dataset's name and a seed; nil where there is none. Throws as ``init(reading:)``.
  static func shipped(_ data: String, seed: UInt64) throws -> FewShotOrder? {
    guard let path = try? Assets.path(shippedName(data, seed)) else { return nil }
    return try FewShotOrder(reading: path)
  }

  /// Its pictures in a dataset. Throws ``FewShotFailure`` where one is not there, is no training picture or
  /// stands twice, or where the pictures are others than the file was made of.
  func items(in dataset: Dataset, file: String) throws(FewShotFailure) -> [Dataset.Item] {
    let known = Dictionary(dataset.items.map { ($0.image, $0) }) { first, _ in first }
    var seen: Set<String> = []
    var items: [Dataset.Item] = []
    for name in pictures {
      guard seen.insert(name).inserted else {
        throw .badFile(path: file, expected: "each picture once", found: "\"\(name)\" twice")
      }
      guard let item = known[name] else {
        throw .badFile(
          path: file, expected: "pictures of \(dataset.folder)",
          found: "\"\(name)\", which is none of them")
      }
      guard item.split == .train else {
        throw .badFile(
          path: file, expected: "training pictures",
          found: "\"\(name)\", which is of \(item.split.rawValue)")
      }
      items.append(item)
    }
    let found = Self.hash(pictures, dataset.pictureDigests())
    guard found == sha256 else {
      throw .badFile(
        path: file, expected: "pictures whose SHA-256 is \(sha256)",
        found: "\(found): the pictures of \(dataset.folder) are others than this file was made of")
    }
    return items
  }
}
