import Foundation
import XlingCore

/// What the states in a folder are of; `trunk.json` there, for people and for `xling cache`.
public struct TrunkDescription: Codable, Sendable, Equatable {
  static let file = "trunk.json"

  public private(set) var schema = "xling.trunk/1"
  /// SHA-256 of everything that decides the states, in hexadecimal: the folder's name.
  public let hash: String
  /// `text` or `image`.
  public let side: String
  /// The tower's folder, as it was when this was made.
  public let tower: String
  /// Layers whose output is left out, and those of the tower.
  public let depth: Int
  public let layers: Int
  /// Numbers of a row.
  public let width: Int
  /// Of the products that made the states; these are float32.
  public let precision: String

  public init(
    hash: String, side: String, tower: String, depth: Int, layers: Int, width: Int,
    precision: String = "fp32"
  ) {
    (self.hash, self.side, self.tower) = (hash, side, tower)
    (self.depth, self.layers, self.width, self.precision) = (depth, layers, width, precision)
  }

  /// Empty where ``hash`` is none.
  var hashBytes: [UInt8] { Digest.bytes(hexadecimal: hash) ?? [] }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  /// Throws `JSONFailure`, `FileFailure`, ``ExperimentFailure/damaged(path:what:)`` where it is not the
  /// folder's.
  static func read(_ folder: String) throws -> TrunkDescription {
    let path = folder + "/" + file
    let about = try JSONFile.decode(TrunkDescription.self, from: path)
    guard about.hash == PathParts.name(of: folder), about.hashBytes.count == 32 else {
      throw ExperimentFailure.damaged(path: path, what: "its hash is not the folder's name")
    }
    return about
  }
}
