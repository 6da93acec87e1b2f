import Foundation
import XlingCore

/// A picture with its captions as another project's files have them.
public struct ForeignItem: Sendable, Equatable {
  /// Where the picture's bytes are.
  public enum Source: Sendable, Equatable {
    /// A path below the folder of pictures.
    case file(String)
    /// A part of an archive.
    case bytes(Data)
  }

  /// The picture's name there: "train2014/COCO_train2014_000000000009.jpg".
  public let name: String
  public let source: Source
  /// Nil where the files do not say.
  public let split: Split?
  public let captions: [String]

  init(name: String, source: Source? = nil, split: Split?, captions: [String]) {
    self.name = name
    self.source = source ?? .file(name)
    self.split = split
    self.captions = captions
  }
}

/// A way in which image-text data are laid out elsewhere: one file in this folder, one line in
/// ``DatasetLayouts/all``.
public protocol DatasetLayout: Sendable {
  /// As the command line says it.
  var name: String { get }
  /// One line for lists.
  var summary: String { get }
  /// The pictures are parts of the files themselves.
  var holdsPictures: Bool { get }
  /// Every picture of the file, in its order, with all its captions. `note` is told of what is known to
  /// be broken in published files and was read by its plain meaning. Throws ``DataFailure`` or
  /// `TextFailure`, naming the place, `ForeignFileFailure` or `FileFailure`.
  func read(_ path: String, _ note: (String) -> Void) throws -> [ForeignItem]
}

public enum DatasetLayouts {
  public static let all: [any DatasetLayout] = [
    COCOLayout(), KarpathyLayout(), LilTLayout(), FlickrLayout(), WebDatasetLayout(),
  ]
}

extension DatasetLayout {
  public var holdsPictures: Bool { false }

  func read(_ path: String) throws -> [ForeignItem] { try read(path) { _ in } }

  /// The whole file as JSON. Throws ``DataFailure/badJSON(path:line:column:expected:found:)``,
  /// `JSONFailure` for a repeated key, `TextFailure`, `ForeignFileFailure`, `FileFailure`.
  func json(_ path: String) throws -> JSONValue {
    try json(AtomicFile.read(path), path)
  }

  /// `path` is what messages call the bytes.
  func json(_ data: Data, _ path: String) throws -> JSONValue {
    let text = try TextBytes.utf8(data, path: path, expected: summary)
    if let value = JSONValue(text) { return value }
    if let found = ForeignFile(head: text) {
      throw ForeignFileFailure(path: path, expected: summary, found: found)
    }
    try JSONFile.check(text, in: path)
    do {
      return try JSONValue.parse(text)
    } catch {
      throw DataFailure.badJSON(
        path: path, line: error.line, column: error.column, expected: summary, found: error.found)
    }
  }

  func bad(_ path: String, _ place: String, _ expected: String, _ value: JSONValue?) -> DataFailure
  {
    let found = value.map { String($0.shown.prefix(60)) } ?? "no such key"
    return .badDataset(path: path, reason: "\(place): expected \(expected), found \(found).")
  }
}

/// Pictures in the order in which they first occur, each with the captions found for it.
struct CaptionsByPicture {
  private var order: [String] = []
  private var captions: [String: [String]] = [:]

  mutating func add(_ caption: String, to picture: String) {
    if captions[picture] == nil { order.append(picture) }
    captions[picture, default: []].append(caption)
  }

  func items(split: Split? = nil) -> [ForeignItem] {
    order.map { ForeignItem(name: $0, split: split, captions: captions[$0] ?? []) }
  }
}
