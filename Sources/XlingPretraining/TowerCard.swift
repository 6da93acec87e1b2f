import Foundation
import XlingCore
import XlingTowers

/// What a shipped tower tells of itself: `card.json` beside its weights.
public struct TowerCard<Quality: Codable>: Codable {
  public var kind: String
  /// The exact command, without the program's name.
  public var command: String
  public var options: PretrainingOptions
  /// Time spent training, all sessions together.
  public var seconds: Double
  public var data: String
  public var licence: String
  public var quality: Quality
  /// How much of each language the tower has seen; nil of pictures.
  public var pretraining: PretrainingData?

  public init(
    kind: String, options: PretrainingOptions, seconds: Double, command: String, data: String,
    licence: String, quality: Quality, pretraining: PretrainingData? = nil
  ) {
    self.kind = kind
    self.options = options
    self.seconds = seconds.rounded()
    self.command = command
    self.quality = quality
    self.data = data
    self.licence = licence
    self.pretraining = pretraining
  }

  public func write(to folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: folder + "/card.json")
  }
}
