import Foundation
import XlingCore

/// What a built dataset depends on; equal definitions give equal bytes.
struct DatasetDefinition: Sendable {
  let name: String
  /// Of the datasets that are drawn from CLDR and the emoji font; nil of others.
  let cldrVersion: String?
  /// SHA-256 of the font file.
  let fontHash: String?
  /// SHA-256 of all of it.
  let hash: String

  init(name: String, cldr: CLDR, font: EmojiFont, details: [String]) throws {
    let fontHash = Digest.of(try AtomicFile.read(font.path))
    self.init(
      name: name, cldrVersion: cldr.version, fontHash: fontHash,
      parts: ["cldr \(cldr.version)", fontHash] + details)
  }

  /// `sources`: what names the contents of the files that it is built of.
  init(name: String, sources: [String]) {
    self.init(name: name, cldrVersion: nil, fontHash: nil, parts: sources)
  }

  private init(name: String, cldrVersion: String?, fontHash: String?, parts: [String]) {
    self.name = name
    self.cldrVersion = cldrVersion
    self.fontHash = fontHash
    let revision = "revision \(DatasetBuilder.revision)"
    hash = Digest.of(([name, revision] + parts).joined(separator: "\n"))
  }
}

/// What a builder made, before the captions are written.
struct DatasetContents {
  let items: [Dataset.Item]
  /// Those that the summary counts, with a caption or not.
  let languages: [String]
  let heldOut: [DatasetSummary.HeldOut]
  /// Pictures of the source that could not be taken.
  let leftOut: Int

  init(items: [Dataset.Item], catalogue: ConceptCatalogue) {
    self.items = items
    languages = catalogue.languages
    heldOut = catalogue.scenes.filter { catalogue.heldOut.contains($0.id) }
      .map { DatasetSummary.HeldOut(concept: $0.id, name: $0.name) }
    leftOut = 0
  }

  init(items: [Dataset.Item], leftOut: Int) {
    self.items = items
    languages = Set(items.flatMap(\.captions.keys)).sorted()
    heldOut = []
    self.leftOut = leftOut
  }
}

/// `dataset.json`: what was built, of what, and how much of it each language covers.
public struct DatasetSummary: Codable, Sendable, Equatable {
  public struct Language: Codable, Sendable, Equatable {
    /// Test pictures with a caption.
    public let n: Int
    /// Their share of all test pictures.
    public let share: Double
    /// Under 95 %.
    public let partial: Bool
  }

  public struct HeldOut: Codable, Sendable, Equatable {
    public let concept: String
    public let name: String
  }

  public let schema: Int
  public let name: String
  /// SHA-256 over builder, seed, counts and the versions of CLDR and font, or the source's files.
  public let definition: String
  public let cldr: String?
  public let font: String?
  /// split -> pictures.
  public let pictures: [String: Int]
  /// language -> coverage of the test split.
  public let languages: [String: Language]
  /// Words never shown as translations in pretraining.
  public let heldOut: [HeldOut]
  /// Pictures of the source that could not be taken; nil where none can be missing.
  public let leftOut: Int?
  /// False when an equal dataset was there already.
  public var isNew: Bool { built }
  private var built = false

  private enum CodingKeys: String, CodingKey {
    case schema, name, definition, cldr, font, pictures, languages, heldOut, leftOut
  }

  init(_ definition: DatasetDefinition, _ contents: DatasetContents) {
    schema = 1
    name = definition.name
    self.definition = definition.hash
    cldr = definition.cldrVersion
    font = definition.fontHash
    var pictures: [String: Int] = [:]
    for split in Split.allCases { pictures[split.rawValue] = 0 }
    for item in contents.items { pictures[item.split.rawValue, default: 0] += 1 }
    self.pictures = pictures
    let test = contents.items.filter { $0.split == .test }
    var languages: [String: Language] = [:]
    for code in contents.languages {
      let n = test.count { $0.captions[code] != nil }
      let coverage = Dataset.Coverage(n: n, total: test.count)
      languages[code] = Language(n: n, share: coverage.share, partial: coverage.isPartial)
    }
    self.languages = languages
    heldOut = contents.heldOut
    leftOut = contents.leftOut > 0 ? contents.leftOut : nil
    built = true
  }

  /// Reads `dataset.json` of a built dataset. Throws ``DataFailure``, `JSONFailure`
  /// or `FileFailure`.
  public static func load(_ folder: String) throws -> DatasetSummary {
    let path = folder + "/dataset.json"
    let data = try JSONFile.read(path, hint: "Only built datasets have one.")
    do {
      return try JSONDecoder().decode(DatasetSummary.self, from: data)
    } catch {
      throw DataFailure.badDataset(
        path: path, reason: "is not what building a dataset writes. Build the dataset again.")
    }
  }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}

/// A folder that comes into being whole: built under another name beside it, then renamed.
struct DatasetFolder {
  let path: String

  init(_ path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  func build(
    _ definition: DatasetDefinition, _ fill: (String) throws -> DatasetContents
  ) throws -> DatasetSummary {
    if let existing = try existing(definition) { return existing }
    // Another process may be at it, and then has built it.
    let lock = try FileLock.awaiting(output: path)
    defer { lock.release() }
    if let existing = try existing(definition) { return existing }
    return try NewFolder.write(path) { partial in
      try AtomicFile.createFolder(partial + "/images")
      let contents = try fill(partial)
      let lines = try concurrently(contents.items, grain: 256) { CaptionLine.json($0) }
      try AtomicFile.write(to: partial + "/captions.jsonl") { append in
        for line in lines {
          try Data(line.utf8).withUnsafeBytes { try append($0) }
        }
      }
      let summary = DatasetSummary(definition, contents)
      try AtomicFile.write(try summary.json(), to: partial + "/dataset.json")
      return summary
    }
  }

  /// The summary of an equal dataset that is there already; nil when nothing is in the way.
  private func existing(_ definition: DatasetDefinition) throws -> DatasetSummary? {
    let names = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard let names else {
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      throw DataFailure.folderInTheWay(path: path, reason: "is a file, or cannot be read")
    }
    if names.isEmpty { return nil }
    guard names.contains("dataset.json") else {
      throw DataFailure.folderInTheWay(path: path, reason: "holds files that xling did not build")
    }
    let summary = try DatasetSummary.load(path)
    guard summary.definition == definition.hash else {
      throw DataFailure.folderInTheWay(
        path: path,
        reason: "holds \"\(summary.name)\" built with another seed, size, version or sources")
    }
    let pictures = try? FileManager.default.contentsOfDirectory(atPath: path + "/images")
    guard pictures?.count == summary.pictures.values.reduce(0, +),
      FileManager.default.fileExists(atPath: path + "/captions.jsonl")
    else {
      throw DataFailure.folderInTheWay(path: path, reason: "has lost some of its files")
    }
    return summary
  }
}
