import Foundation
import GRDB
import Testing
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingTestSupport
import XlingTinyModel

@testable import XlingRuns

@Suite("vectors of frozen towers that stay from run to run")
struct FrozenFeatureTests {
  let bench: TinyBench
  var store: String { bench.path("xling.sqlite") }
  var cache: String { EmbeddingCache.path(besideStore: store, .features) }

  init() throws { bench = try TinyBench() }

  private func rows() throws -> Int {
    try DatabaseQueue(path: cache).read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM embeddings") ?? 0
    }
  }

  @Test(arguments: ["projection", "lit", "da"])
  func givesTheBitsOfARunWithout(_ method: String) throws {
    let configuration = try bench.configuration(method)
    try bench.trainer("without", configuration).train()
    for run in ["first", "second"] {
      try bench.trainer(run, configuration, featuresBeside: store).train()
      #expect(try bench.checkpoint(run) == bench.checkpoint("without"))
    }
  }

  @Test func anotherMethodComputesNothingAgain() throws {
    try bench.trainer("one", try bench.configuration("projection"), featuresBeside: store).train()
    let kept = try rows()
    // All pictures of training and of validation, which are the same ones, and the captions that were drawn.
    #expect(kept > 22)
    try bench.trainer("two", try bench.configuration("lit"), featuresBeside: store).train()
    #expect(try rows() == kept)
  }

  @Test func aFlippedBitIsComputedAnew() throws {
    let configuration = try bench.configuration("projection")
    try bench.trainer("one", configuration, featuresBeside: store).train()
    try DatabaseQueue(path: cache).write {
      try $0.execute(sql: "UPDATE embeddings SET row = zeroblob(length(row))")
    }
    try bench.trainer("two", configuration, featuresBeside: store).train()
    #expect(try bench.checkpoint("two") == bench.checkpoint("one"))
    let zeros = try DatabaseQueue(path: cache).read {
      try Int.fetchOne(
        $0, sql: "SELECT COUNT(*) FROM embeddings WHERE row = zeroblob(length(row))") ?? -1
    }
    #expect(zeros == 0)
  }

  /// Tokens are read by the head, so the text tower's vectors are not pooled; the picture's are.
  @Test func whatIsNotPooledIsNotKept() throws {
    try bench.trainer("ape", try bench.configuration("ape"), featuresBeside: store).train()
    #expect(try rows() == 22)
  }

  @Test func trainedTowersKeepNothing() throws {
    try bench.trainer("full", try bench.configuration("full"), featuresBeside: store).train()
    #expect(!FileManager.default.fileExists(atPath: cache))
  }
}
