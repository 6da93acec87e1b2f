import Foundation
import XlingCore

/// So many pictures of each class, drawn once and committed: `shots.json`.
public struct ShotDraw: Codable, Sendable, Equatable {
  public struct Shot: Codable, Sendable, Equatable {
    public let picture: String
    /// Of the file or pixels.
    public let sha256: String
  }

  public var version = Self.version
  /// Pictures of each class; nil takes all.
  public let shots: Int?
  public let seed: UInt64
  public let data: String
  /// class -> pictures, in the order in which they were drawn.
  public let classes: [String: [Shot]]

  public static let version = 1

  /// SHA-256 over classes and pictures: the same on any machine, whatever the folder is called.
  public var hash: String {
    let lines = classes.sorted { $0.key < $1.key }.flatMap { name, shots in
      shots.map { "\(name)\t\($0.sha256)" }
    }
    return Digest.of(lines.joined(separator: "\n"))
  }

  /// The pictures that are drawn of each class, in the classes' order: a class's draw depends on its name and
  /// its own pictures alone, and fewer shots lie within more. Throws
  /// ``ClassificationFailure/fewPictures(path:shots:classes:)`` where a class has fewer.
  public static func places(
    of pictures: LabelledPictures, shots: Int?, seed: UInt64
  ) throws(ClassificationFailure) -> [[Int]] {
    var own = [[Int]](repeating: [], count: pictures.classes.count)
    for (picture, label) in pictures.labels.enumerated() { own[Int(label)].append(picture) }
    guard let shots else { return own }
    let short = zip(pictures.classes, own).filter { $1.count < shots }
    guard short.isEmpty else {
      throw .fewPictures(
        path: pictures.name, shots: shots, classes: short.map { "\($0) (\($1.count))" })
    }
    return zip(pictures.classes, own).map { name, own in
      Array(RandomStream(seed: seed, "shots/" + name).shuffled(own).prefix(shots))
    }
  }

  /// Throws what reading the pictures throws.
  public init(
    _ pictures: LabelledPictures, places: [[Int]], shots: Int?, seed: UInt64
  ) throws {
    (self.shots, self.seed, data) = (shots, seed, pictures.contentHash)
    var classes: [String: [Shot]] = [:]
    for (name, own) in zip(pictures.classes, places) {
      classes[name] = try own.map { picture in
        Shot(
          picture: pictures.place(of: picture),
          sha256: try pictures.digest(of: picture).map {
            ($0 < 16 ? "0" : "") + String($0, radix: 16)
          }.joined())
      }
    }
    self.classes = classes
  }
}
