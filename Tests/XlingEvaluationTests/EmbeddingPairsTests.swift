import Foundation
import Testing
import XlingCore
import XlingRetrieval
import XlingTensor
import XlingTestSupport
import XlingTowers

@testable import XlingEvaluation

@Suite struct EmbeddingPairsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func save(_ name: String, _ rows: [[Float]]) throws -> String {
    let path = folder.path + "/" + name
    try rows.flatMap { $0 }.withUnsafeBufferPointer {
      try Safetensors.write([("rows", [rows.count, rows[0].count], $0)], to: path)
    }
    return path
  }

  /// `captions[i]` belongs to the picture `i / perImage`.
  private func pairs(
    _ captions: [[Float]], _ pictures: [[Float]], perImage: Int = 1
  ) throws -> EmbeddingPairs {
    let gold = folder.path + "/gold.jsonl"
    let lines = captions.indices.map { "{\"text\": \($0), \"images\": [\($0 / perImage)]}\n" }
    try AtomicFile.write(lines.joined(), to: gold)
    return try EmbeddingPairs(
      texts: try save("T", captions), images: try save("I", pictures), gold: gold)
  }

  private func random(_ count: Int, _ width: Int, _ name: String) -> [[Float]] {
    var stream = RandomStream(seed: 4, name)
    return (0..<count).map { _ in (0..<width).map { _ in Float(stream.uniform(-1, 1)) } }
  }

  private func result(_ pairs: EmbeddingPairs) throws -> EmbeddingResult {
    try EmbeddingResult(
      try pairs.count { _ in }, gold: pairs.gold.relation, imageCount: pairs.images.count,
      plan: EmbeddingPlan(resamples: 200))
  }

  private func value(_ name: String, _ result: EmbeddingResult) -> Double? {
    result.metrics.first { $0.name == name }?.estimate.value
  }

  @Test func anInterruptedCountGoesOn() throws {
    struct Stop: Error {}
    let pairs = try pairs(random(90, 8, "texts"), random(45, 8, "images"), perImage: 2)
    let whole = try pairs.count { _ in }
    let path = folder.path + "/kept"
    let checkpoint = RankCheckpoint(path, block: 16, interval: 0)
    var shares: [Double] = []
    #expect(throws: Stop.self) {
      try pairs.count(keptIn: checkpoint) { share in
        if share > 0.5 { throw Stop() }
      }
    }
    #expect(FileManager.default.fileExists(atPath: path))
    #expect(throws: EvaluationFailure.self) {
      try pairs.count(rows: 0..<80, keptIn: checkpoint) { _ in }
    }
    #expect(try pairs.count(keptIn: checkpoint) { shares.append($0) } == whole)
    // The blocks before were not counted again, and nothing is left behind.
    #expect(shares.first == 32.0 / 90 && !FileManager.default.fileExists(atPath: path))
    try AtomicFile.write("{}", to: path)
    #expect(throws: EvaluationFailure.self) { try pairs.count(keptIn: checkpoint) { _ in } }
  }

  /// No shape is known before it is counted: parts follow the clock, so that the file is never old.
  @Test func partsOfACountFollowTheClock() {
    #expect(RankCheckpoint.rows(after: 1_000, took: 8) == 500)
    #expect(RankCheckpoint.rows(after: 1_000, took: 0.001) == 2_000)
    #expect(RankCheckpoint.rows(after: 1, took: 1e9) == 1)
  }

  @Test func aConstantScorerFindsNothing() throws {
    let rows = [[Float]](repeating: [0.3, -1, 2], count: 50)
    let result = try result(pairs(rows, rows))
    #expect(value("R@10", result) == 0 && value("rsum", result) == 0)
    #expect(result.metrics.first?.ties == 50)
  }

  @Test func aPerfectScorerFindsAll() throws {
    let rows = random(60, 16, "perfect")
    let result = try result(pairs(rows.flatMap { [$0, $0] }, rows, perImage: 2))
    #expect(value("R@1", result) == 1 && value("rsum", result) == 6 && value("MAP", result) == 1)
    #expect(value("mean rank", result) == 1)
  }

  @Test func aRandomScorerFindsAsManyAsChance() throws {
    let result = try result(pairs(random(1_000, 8, "texts"), random(1_000, 8, "images")))
    let found = try #require(result.metrics.first { $0.name == "R@10" }?.estimate)
    #expect(found.value < 0.03 && found.n == 1_000)
    #expect(abs((value("mean rank", result) ?? 0) - 500.5) < 40)
  }

  @Test func lengthsMatterForDotOnly() throws {
    let pairs = try pairs([[1, 0.5], [0, 1]], [[1, 0.4], [10, 10]])
    #expect(try result(pairs).textToImage.above == [0, 0])
    let dot = try EmbeddingPairs(
      texts: pairs.texts.path, images: pairs.images.path, gold: folder.path + "/gold.jsonl",
      similarity: .dot)
    #expect(try result(dot).textToImage.above == [1, 0])
    #expect(dot.inputsHash != pairs.inputsHash)
  }

  @Test func shardsAddUpToTheWhole() throws {
    let pairs = try pairs(random(700, 12, "texts"), random(350, 12, "images"), perImage: 2)
    let whole = try pairs.count { _ in }
    let shards = try [2, 3, 1].map { index in
      let rows = RankShard.rows(index, of: 3, texts: 700)
      let path = folder.path + "/\(index).shard"
      let counted = CountedPairs(
        pairs, counts: try pairs.count(rows: rows) { _ in }, missingAllowed: false)
      try RankShard(counted, inputs: pairs.inputsHash, index: index, of: 3).write(to: path)
      return (path: path, shard: try RankShard.read(path))
    }
    #expect(try RankShard.merged(shards).counts == whole)
    // Its bytes depend on no order of keys that changes from process to process.
    #expect(try AtomicFile.read(shards[0].path).starts(with: Data("{\"counts\":[".utf8)))
    #expect(throws: EvaluationFailure.shards(reason: "of 3 shards there is no 1")) {
      try RankShard.merged(Array(shards.prefix(2)))
    }
    let twice = "\(shards[0].path) and \(shards[0].path) are both shard 2 of 3"
    #expect(throws: EvaluationFailure.shards(reason: twice)) {
      try RankShard.merged([shards[0], shards[0]])
    }
    // Other columns, and others than the header speaks of.
    let good = try AtomicFile.read(shards[0].path)
    var changed = good
    changed[changed.count - 3] ^= 1
    let place = try #require(good.range(of: Data("\"imageCount\":350".utf8)))
    var other = good
    other.replaceSubrange(place, with: Data("\"imageCount\":340".utf8))
    for (bytes, reason) in [
      (changed, "it is another file, or broken"),
      (good.dropLast(), "it is another file, or broken"),
      (other, "its columns do not fit together"),
    ] {
      try AtomicFile.write(bytes, to: shards[0].path)
      let failure = EvaluationFailure.notAShard(path: shards[0].path, reason: reason)
      #expect(throws: failure) { try RankShard.read(shards[0].path) }
    }
  }

  @Test func rowsThatPointNowhere() throws {
    #expect(throws: EmbeddingFailure.zeroRows(what: folder.path + "/I", rows: [1], count: 1)) {
      try pairs([[1, 0], [0, 1]], [[1, 0], [0, 0]])
    }
    #expect(throws: EmbeddingFailure.notFinite(what: folder.path + "/T", rows: [0], count: 1)) {
      try pairs([[.nan, 0], [0, 1]], [[1, 0], [1, 1]])
    }
    #expect(throws: EvaluationFailure.self) { try pairs([[1, 0, 0]], [[1, 0]]) }
  }
}
