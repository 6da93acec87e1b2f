import Foundation
import XlingCore
import XlingRetrieval

/// The share i of n of an evaluation: the ranks of a range of captions, and what they add to the
/// ranks of all pictures. Shards may be counted on different machines, and again after a failure.
public struct RankShard: Codable, Sendable {
  public static let currentSchema = "xling.shard/1"

  public let schema: String
  /// 1...of
  public let index: Int
  public let of: Int
  /// ``EmbeddingPairs/inputsHash``
  public let inputs: String
  public let similarity: Similarity
  public let goldHash: String
  public let missingAllowed: Bool
  public let gold: GoldRelation
  public let imageCount: Int
  public let counts: RankCounts

  /// The captions of shard `index` (from 1) of `count`.
  public static func rows(_ index: Int, of count: Int, texts: Int) -> Range<Int> {
    texts * (index - 1) / count..<texts * index / count
  }

  public init(
    _ pairs: EmbeddingPairs, counts: RankCounts, index: Int = 1, of: Int = 1,
    missingAllowed: Bool
  ) {
    schema = Self.currentSchema
    self.index = index
    self.of = of
    inputs = pairs.inputsHash
    similarity = pairs.similarity
    goldHash = pairs.gold.hash
    self.missingAllowed = missingAllowed
    gold = pairs.gold.relation
    imageCount = pairs.images.count
    self.counts = counts
  }

  public func write(to path: String) throws {
    try AtomicFile.write(try JSONEncoder().encode(self), to: path)
  }

  /// Throws ``EvaluationFailure/notAShard(path:reason:)`` or `FileFailure`.
  public static func read(_ path: String) throws -> RankShard {
    let data = try AtomicFile.read(path, hint: "`xling eval --shard i/n --output FILE` makes one.")
    let shard: RankShard
    do {
      shard = try JSONDecoder().decode(RankShard.self, from: data)
    } catch {
      throw EvaluationFailure.notAShard(path: path, reason: "its JSON is broken or lacks fields")
    }
    guard shard.schema == currentSchema else {
      throw EvaluationFailure.notAShard(
        path: path, reason: "its schema is \"\(shard.schema)\", expected \"\(currentSchema)\"")
    }
    guard shard.counts.isConsistent, shard.counts.items != nil,
      (1...max(1, shard.of)).contains(shard.index),
      shard.counts.matches(shard.gold, gallerySize: shard.imageCount)
    else {
      throw EvaluationFailure.notAShard(path: path, reason: "its columns do not fit together")
    }
    return shard
  }

  /// All shards of one evaluation, in any order, as one. Throws
  /// ``EvaluationFailure/shards(reason:)`` when one is missing, there twice, or of other inputs.
  public static func merged(_ shards: [(path: String, shard: RankShard)]) throws -> RankShard {
    guard let first = shards.first else { throw EvaluationFailure.shards(reason: "none was given") }
    var seen: [Int: String] = [:]
    var counts: RankCounts?
    for (path, shard) in shards {
      guard shard.inputs == first.shard.inputs, shard.missingAllowed == first.shard.missingAllowed,
        shard.of == first.shard.of
      else {
        throw EvaluationFailure.shards(
          reason: "\(first.path) and \(path) come from different embeddings, gold or options")
      }
      if let other = seen.updateValue(path, forKey: shard.index) {
        throw EvaluationFailure.shards(
          reason: "\(other) and \(path) are both shard \(shard.index) of \(shard.of)")
      }
      if counts == nil {
        counts = shard.counts
      } else {
        try counts?.add(shard.counts)
      }
    }
    let missing = (1...first.shard.of).filter { seen[$0] == nil }
    guard missing.isEmpty, let counts else {
      throw EvaluationFailure.shards(
        reason: "of \(first.shard.of) shards there is no "
          + missing.map(String.init).joined(separator: ", "))
    }
    return RankShard(merging: first.shard, counts)
  }

  private init(merging first: RankShard, _ counts: RankCounts) {
    schema = first.schema
    index = 1
    of = 1
    inputs = first.inputs
    similarity = first.similarity
    goldHash = first.goldHash
    missingAllowed = first.missingAllowed
    gold = first.gold
    imageCount = first.imageCount
    self.counts = counts
  }
}
