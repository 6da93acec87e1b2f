import Foundation
import GRDB
import Testing
import XlingCore
import XlingExperiments
import XlingTestSupport

extension EmbeddingCache {
  fileprivate func save(
    _ rows: [(key: Key, row: [Float])], model: String, damaged: Set<Key> = []
  ) throws {
    let all = rows.flatMap(\.row)
    try all.withUnsafeBufferPointer { all in
      let width = all.count / rows.count
      try save(rows.map(\.key), model: model, damaged: damaged) {
        UnsafeBufferPointer(rebasing: all[$0 * width..<($0 + 1) * width])
      }
    }
  }

  fileprivate func rows(
    of keys: [Key], model: String, width: Int
  ) throws -> (rows: [Key: [Float]], damaged: Set<Key>) {
    let all = UnsafeMutableBufferPointer<Float>.allocate(capacity: keys.count * width)
    defer { all.deallocate() }
    let start = try #require(all.baseAddress)
    let kept = try read(keys, model: model, width: width) { start + $0 * width }
    var rows: [Key: [Float]] = [:]
    for (place, key) in keys.enumerated() where kept.isFound[place] {
      rows[key] = Array(all[place * width..<(place + 1) * width])
    }
    return (rows, kept.damaged)
  }
}

@Suite struct EmbeddingCacheTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = EmbeddingCache.path(besideStore: folder.path + "/xling.sqlite")
  }

  private func key(_ number: Int) -> EmbeddingCache.Key {
    [UInt8](repeating: UInt8(number % 251), count: 32)
  }

  @Test func rowsShareThePagesOfANewFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/rows.sqlite"
    let cache = try EmbeddingCache(path: path)
    let keys = (0..<200).map { number in (0..<32).map { UInt8(($0 * 7 + number) % 256) } }
    let row = [Float](repeating: 0.5, count: 256)
    try row.withUnsafeBufferPointer { values in
      try cache.save(keys, model: "m") { _ in values }
    }
    let (bytes, pages) = try DatabaseQueue(path: path).read {
      (
        try Int.fetchOne($0, sql: "PRAGMA page_size"),
        try Int.fetchOne($0, sql: "PRAGMA page_count")
      )
    }
    #expect(bytes == 16_384 && pages.map { $0 < 60 } == true)
  }

  @Test func rowsComeBackBitForBit() throws {
    #expect(path == folder.path + "/xling.embeddings.sqlite")
    let rows: [[Float]] = [[0.1, -0.0, .leastNonzeroMagnitude], [1, 2, .greatestFiniteMagnitude]]
    try EmbeddingCache(path: path).save([(key(1), rows[0]), (key(2), rows[1])], model: "m")
    let cache = try EmbeddingCache(path: path)
    let found = try cache.rows(of: [key(2), key(3), key(1), key(2)], model: "m", width: 3).rows
    #expect(found.count == 2)
    for (number, row) in [(1, rows[0]), (2, rows[1])] {
      #expect(found[key(number)]?.map(\.bitPattern) == row.map(\.bitPattern))
    }
    #expect(try cache.rows(of: [key(1)], model: "other", width: 3).rows.isEmpty)
  }

  @Test func whatIsThereStays() throws {
    let cache = try EmbeddingCache(path: path)
    try cache.save([(key(1), [1])], model: "m")
    try cache.save([(key(1), [2]), (key(2), [3])], model: "m")
    #expect(
      try cache.rows(of: [key(1), key(2)], model: "m", width: 1).rows == [key(1): [1], key(2): [3]])
  }

  @Test func anotherWidthIsDamage() throws {
    let cache = try EmbeddingCache(path: path)
    try cache.save([(key(1), [1, 2])], model: "m")
    #expect(
      throws: ExperimentFailure.damaged(
        path: path, what: "an embedding has 8 bytes where the model's have 12")
    ) { try cache.rows(of: [key(1)], model: "m", width: 3) }
  }

  @Test func aFlippedBitIsNoticedAndMended() throws {
    let cache = try EmbeddingCache(path: path)
    try cache.save([(key(1), [1, 2]), (key(2), [3, 4])], model: "m")
    try DatabaseQueue(path: path).write { database in
      try database.execute(
        sql: "UPDATE embeddings SET row = x'0100803F00000040' WHERE input = ?",
        arguments: [Data(key(1))])
    }
    let kept = try cache.rows(of: [key(1), key(2)], model: "m", width: 2)
    #expect(kept.damaged == [key(1)] && kept.rows == [key(2): [3, 4]])
    #expect(try cache.check() == ["1 embeddings are not as they were stored (checksum)"])
    try cache.save([(key(1), [1, 2])], model: "m", damaged: kept.damaged)
    #expect(try cache.check().isEmpty)
    #expect(try cache.rows(of: [key(1)], model: "m", width: 2).rows == [key(1): [1, 2]])
  }

  @Test func severalWritersWaitForOneAnother() throws {
    let caches = try (0..<4).map { _ in try EmbeddingCache(path: path) }
    let failures = UnsafeMutablePointer<Bool>.allocate(capacity: 4)
    failures.initialize(repeating: false, count: 4)
    defer { failures.deallocate() }
    nonisolated(unsafe) let failed = failures
    DispatchQueue.concurrentPerform(iterations: 4) { writer in
      for part in 0..<10 {
        let rows = (0..<20).map { (key: key(part * 20 + $0), row: [Float(part * 20 + $0)]) }
        do { try caches[writer].save(rows, model: "m") } catch { failed[writer] = true }
      }
    }
    #expect((0..<4).allSatisfy { !failures[$0] })
    let found = try caches[0].rows(of: (0..<200).map(key), model: "m", width: 1).rows
    #expect((0..<200).allSatisfy { found[key($0)] == [Float($0)] })
  }

  @Test func somethingElseInItsPlaceIsNamed() throws {
    try AtomicFile.write("no database, but long enough to look at", to: path)
    #expect(throws: ExperimentFailure.notADatabase(path: path)) { try EmbeddingCache(path: path) }
  }
}
