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
  /// Every picture of the file, in its order, with all its captions. Throws ``DataFailure``, naming
  /// the place, or `FileFailure`.
  func read(_ path: String) throws -> [ForeignItem]
}

public enum DatasetLayouts {
  public static let all: [any DatasetLayout] = [
    COCOLayout(), KarpathyLayout(), LilTLayout(), FlickrLayout(), WebDatasetLayout(),
  ]
}

extension DatasetLayout {
  /// The whole file as JSON. Throws ``DataFailure/badDataset(path:reason:)``, `JSONFailure` for a
  /// repeated key, `FileFailure`.
  func json(_ path: String) throws -> JSONValue {
    let data = try AtomicFile.read(path)
    guard let value = JSONValue(data) else {
      try JSONFile.check(data, in: path)
      throw DataFailure.badDataset(path: path, reason: "is not JSON. Expected \(summary).")
    }
    return value
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
