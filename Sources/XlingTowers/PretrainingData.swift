import Foundation
import XlingCore

/// How much of each language a text tower was pretrained on: `pretraining` of the `card.json` beside it.
/// Either `corpus`, whose sizes the language cards have, or `amounts` by language, in a unit of its own.
public struct PretrainingData: Codable, Sendable, Equatable {
  /// `xlm-r`, `mt5` or `mbert`.
  public var corpus: String?
  public var amounts: [String: Double]?
  /// What `amounts` count.
  public var unit: String?

  public init(corpus: String) { self.corpus = corpus }

  public init(amounts: [String: Double], unit: String) {
    (self.amounts, self.unit) = (amounts, unit)
  }

  public static let corpora = ["xlm-r", "mt5", "mbert"]

  /// Of a tower's folder; nil where there is no card or it does not say. Throws `JSONFailure`, `FileFailure`,
  /// ``TowerFailure`` for a corpus that is none of ``corpora`` and amounts below 0.
  public static func read(_ folder: String) throws -> PretrainingData? {
    struct Card: Decodable { var pretraining: PretrainingData? }
    let path = folder + "/card.json"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = try JSONFile.decode(Card.self, from: path).pretraining else { return nil }
    if let corpus = data.corpus, !corpora.contains(corpus) {
      throw TowerFailure.configuration(
        path: path,
        reason: "\"pretraining\".\"corpus\" is \"\(corpus)\": expected one of "
          + corpora.joined(separator: ", ")
          + ", whose sizes the language cards have; or give \"amounts\" by language")
    }
    if let bad = data.amounts?.min(by: { $0.value < $1.value }), !(bad.value >= 0) {
      throw TowerFailure.configuration(
        path: path,
        reason: "\"pretraining\".\"amounts\" of \(bad.key) is \(bad.value): expected 0 or more")
    }
    return data
  }
}
