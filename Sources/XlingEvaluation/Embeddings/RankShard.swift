import Foundation
import XlingCore
import XlingRetrieval

/// What was counted of given embeddings, and what of them a result names.
public struct CountedPairs: Sendable {
  public let similarity: Similarity
  public let goldHash: String
  public let missingAllowed: Bool
  public let gold: GoldRelation
  public let imageCount: Int
  public fileprivate(set) var counts: RankCounts

  public init(_ pairs: EmbeddingPairs, counts: RankCounts, missingAllowed: Bool) {
    similarity = pairs.similarity
    goldHash = pairs.gold.hash
    self.missingAllowed = missingAllowed
    gold = pairs.gold.relation
    imageCount = pairs.images.count
    self.counts = counts
  }

  fileprivate init(_ header: RankShard.Header, gold: GoldRelation, counts: RankCounts) {
    similarity = header.similarity
    goldHash = header.goldHash
    missingAllowed = header.missingAllowed
    imageCount = header.imageCount
    (self.gold, self.counts) = (gold, counts)
  }
}

/// The share i of n of an evaluation: the ranks of a range of captions, and what they add to the
/// ranks of all pictures. Shards may be counted on different machines, and again after a failure.
public struct RankShard: Sendable {
  /// 1...of
  public let index: Int
  public let of: Int
  /// ``EmbeddingPairs/inputsHash``
  public let inputs: String
  public let counted: CountedPairs

  fileprivate struct Header: Codable {
    static let currentSchema = "xling.shard/2"
    var schema = currentSchema
    let index: Int
    let of: Int
    let inputs: String
    let similarity: Similarity
    let goldHash: String
    let missingAllowed: Bool
    let imageCount: Int
  }

  /// The captions of shard `index` (from 1) of `count`.
  public static func rows(_ index: Int, of count: Int, texts: Int) -> Range<Int> {
    texts * (index - 1) / count..<texts * index / count
  }

  public init(_ counted: CountedPairs, inputs: String, index: Int, of: Int) {
    (self.counted, self.inputs, self.index, self.of) = (counted, inputs, index, of)
  }

  /// Throws `FileFailure`.
  public func write(to path: String) throws {
    let header = Header(
      index: index, of: of, inputs: inputs, similarity: counted.similarity,
      goldHash: counted.goldHash, missingAllowed: counted.missingAllowed,
      imageCount: counted.imageCount)
    let gold = counted.gold
    let sides = [counted.counts.queries, counted.counts.items].compactMap { $0 }
    try CountFile(
      header: header,
      columns: [.whole(gold.offsets), .whole(gold.items)]
        + sides.flatMap { side in
          [
            .whole(side.gold.offsets), .whole(side.gold.items), .real(side.exact),
            .whole(side.above), .whole(side.tied),
          ]
        }
    ).write(to: path)
  }

  /// Throws ``EvaluationFailure/notAShard(path:reason:)`` or `FileFailure`.
  public static func read(_ path: String) throws -> RankShard {
    let hint = "The options --shard i/n --output FILE of eval make one."
    guard let file = try CountFile<Header>.read(path, hint: hint) else {
      throw EvaluationFailure.notAShard(path: path, reason: "it is another file, or broken")
    }
    let header = file.header
    guard header.schema == Header.currentSchema else {
      throw EvaluationFailure.notAShard(
        path: path,
        reason: "its schema is \"\(header.schema)\", expected \"\(Header.currentSchema)\"")
    }
    var columns = file.columns[...]
    func whole() -> [Int32] {
      if case .whole(let values)? = columns.popFirst() { values } else { [] }
    }
    func real() -> [Double] {
      if case .real(let values)? = columns.popFirst() { values } else { [] }
    }
    let gold = GoldRelation(offsets: whole(), items: whole())
    func side() -> GoldCounts {
      GoldCounts(
        gold: GoldRelation(offsets: whole(), items: whole()), exact: real(), above: whole(),
        tied: whole())
    }
    let counts = RankCounts(queries: side(), items: side(), gallerySize: header.imageCount)
    guard file.columns.count == 12, counts.isConsistent,
      (1...max(1, header.of)).contains(header.index),
      counts.matches(gold, gallerySize: header.imageCount)
    else {
      throw EvaluationFailure.notAShard(path: path, reason: "its columns do not fit together")
    }
    return RankShard(
      CountedPairs(header, gold: gold, counts: counts), inputs: header.inputs, index: header.index,
      of: header.of)
  }

  /// All shards of one evaluation, in any order, as one. Throws
  /// ``EvaluationFailure/shards(reason:)`` when one is missing, there twice, or of other inputs.
  public static func merged(_ shards: [(path: String, shard: RankShard)]) throws -> CountedPairs {
    guard let first = shards.first else { throw EvaluationFailure.shards(reason: "none was given") }
    var seen: [Int: String] = [:]
    var whole = first.shard.counted
    for (path, shard) in shards {
      guard shard.inputs == first.shard.inputs,
        shard.counted.missingAllowed == whole.missingAllowed, shard.of == first.shard.of
      else {
        throw EvaluationFailure.shards(
          reason: "\(first.path) and \(path) come from different embeddings, gold or options")
      }
      if let other = seen.updateValue(path, forKey: shard.index) {
        throw EvaluationFailure.shards(
          reason: "\(other) and \(path) are both shard \(shard.index) of \(shard.of)")
      }
      if seen.count > 1 { try whole.counts.add(shard.counted.counts) }
    }
    let missing = (1...first.shard.of).filter { seen[$0] == nil }
    guard missing.isEmpty else {
      throw EvaluationFailure.shards(
        reason: "of \(first.shard.of) shards there is no "
          + missing.map(String.init).joined(separator: ", "))
    }
    return whole
  }
}
