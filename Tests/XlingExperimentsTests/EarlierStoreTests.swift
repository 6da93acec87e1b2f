import Foundation
import GRDB
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingExperiments

/// What the version of e8eeb39 stored.
@Suite struct EarlierStoreTests {
  let folder: TemporaryFolder
  let path: String
  private let fixtures = Fixtures.path("versions/e8eeb39")

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/xling.sqlite"
    for name in ["xling.sqlite", "xling.embeddings.sqlite"] {
      try FileManager.default.copyItem(
        atPath: fixtures + "/" + name, toPath: folder.path + "/" + name)
    }
  }

  private func expectWhole(_ store: ExperimentStore) throws {
    #expect(try store.runs().map(\.name) == ["lwa", "full"])
    for run in ["lwa", "full"] {
      #expect(try store.run(named: run).status == .finished)
      #expect(try store.trainSteps(of: run).map(\.step) == Array(1...12))
      #expect(try store.validations(of: run).map(\.step) == [6, 12])
      let evaluations = try store.evaluations(of: run)
      #expect(evaluations.map(\.language) == ["en", "en", "tr", "tr"])
      #expect(evaluations.allSatisfy { $0.ranking.count == 6 && $0.metrics.count > 5 })
      // Six pictures: the numbers stay in the store, and are no intervals any more.
      #expect(evaluations.allSatisfy { !$0.metrics.values.contains(where: \.hasInterval) })
    }
  }

  @Test func itIsCopiedAndOpens() throws {
    let before = try AtomicFile.read(path)
    let store = try ExperimentStore(reading: path)
    try expectWhole(store)
    #expect(
      try store.check() == [
        "note: 2 runs and 8 results of earlier versions have no checksum; evaluating them "
          + "again adds it"
      ])
    let copy = folder.path + "/xling.before-schema-5.sqlite"
    try expectWhole(try ExperimentStore(reading: copy))
    // Opened again, nothing is copied; a copy that is there is never written over.
    _ = try ExperimentStore(path: path)
    #expect(
      !FileManager.default.fileExists(atPath: folder.path + "/xling.before-schema-5-2.sqlite"))
    for end in ["", "-wal", "-shm"] { unlink(path + end) }
    try AtomicFile.write(before, to: path)
    _ = try ExperimentStore(path: path)
    #expect(FileManager.default.fileExists(atPath: folder.path + "/xling.before-schema-5-2.sqlite"))
  }

  /// As a disk that was full while the tables were made leaves it.
  @Test func anEmptyOneIsNotCopied() throws {
    for end in ["", "-wal", "-shm"] { unlink(path + end) }
    let tables = Schema.tables(StoreFolders(store: path))
    try tables.migrator.migrate(try DatabaseQueue(path: path), upTo: tables.first)
    #expect(try ExperimentStore(path: path).runs().isEmpty)
    #expect(
      !FileManager.default.fileExists(atPath: folder.path + "/xling.before-schema-5.sqlite"))
  }

  @Test func keptEmbeddingsOpen() throws {
    let cache = try EmbeddingCache(path: EmbeddingCache.path(besideStore: path))
    let problems = try cache.check()
    #expect(problems.count == 1 && problems[0].hasPrefix("note: "))
    #expect(problems[0].hasSuffix(" embeddings of earlier versions have no checksum"))
  }

  /// Where nothing can be written the tables are brought up to date in memory.
  @Test func itIsReadWithoutWriting() throws {
    let before = try AtomicFile.read(path)
    let opening = StoreOpening(
      path: path, tables: Schema.tables(StoreFolders(store: path)), waiting: 1)
    let columns = try opening.readable().read { database in
      try database.columns(in: "evaluations").map(\.name)
    }
    #expect(columns.contains("checksum"))
    #expect(try AtomicFile.read(path) == before)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "xling.embeddings.sqlite", "xling.sqlite",
      ])
  }
}
