import Foundation
import GRDB
import Testing
import XlingCore
import XlingExperiments
import XlingTestSupport

@testable import XlingStudies

@Suite("a study's store: states, claims, merging")
struct StoreTests {
  let folder: TemporaryFolder
  let plan: StudyPlan

  init() throws {
    folder = try TemporaryFolder()
    plan = try Samples.plan()
  }

  private func store(_ name: String = "study.sqlite") throws -> StudyStore {
    let store = try StudyStore(path: folder.path + "/" + name)
    _ = try store.take(plan.design, plan.all)
    return store
  }

  /// Nobody's, on this boot.
  private var dead: ProcessMark {
    ProcessMark(process: 4_194_303, boot: ProcessMark.current.boot, start: 1)
  }

  @Test func aCellIsClaimedOnce() throws {
    let store = try store()
    let cell = plan.cells[0].hash
    #expect(try store.claim(cell) != nil)
    #expect(try store.claim(cell) == nil)
    #expect(try StudyStore(path: store.path).claim(cell) == nil)
    #expect(try store.states()[cell]?.state == .claimed)
    try store.giveBack(cell)
    #expect(try store.states()[cell]?.state == .planned)
    #expect(try store.claim(cell)?.attempts == 0)
  }

  @Test func manyClaimantsShareOutTheCells() throws {
    let path = try store().path
    let cells = plan.cells.map(\.hash)
    nonisolated(unsafe) var taken: [[String]] = [[], [], [], []]
    DispatchQueue.concurrentPerform(iterations: 4) { worker in
      guard let store = try? StudyStore(path: path) else { return }
      let own = cells.filter { (try? store.claim($0)) ?? nil != nil }
      taken.withUnsafeMutableBufferPointer { $0[worker] = own }
    }
    #expect(taken.flatMap { $0 }.sorted() == cells.sorted())
  }

  @Test func aDeadClaimIsTakenOver() throws {
    let store = try store()
    let (here, elsewhere) = (plan.cells[0].hash, plan.cells[1].hash)
    #expect(try store.claim(here, by: dead) != nil)
    // On this boot the process tells, at once.
    #expect(try store.states()[here]?.state == .planned)
    #expect(try store.claim(here) != nil)
    // Elsewhere silence does.
    let other = ProcessMark(process: 1, boot: "another", start: 1)
    let now = Date()
    #expect(
      try store.claim(elsewhere, by: other, host: "b", now: now.addingTimeInterval(-300)) != nil)
    #expect(try store.claim(elsewhere, now: now) == nil)
    #expect(try store.claim(elsewhere, now: now.addingTimeInterval(301)) != nil)
  }

  @Test func aStoppedWorkerKeepsItsClaimOnThisBoot() throws {
    let store = try store()
    let cell = plan.cells[0].hash
    #expect(try store.claim(cell, now: Date(timeIntervalSinceNow: -100_000)) != nil)
    #expect(try store.states()[cell]?.state == .claimed)
  }

  @Test func completionIsWholeAndTheFirstResultStays() throws {
    let store = try store()
    let cell = plan.cells[0].hash
    _ = try store.claim(cell)
    let measured = Samples.measured(rate: 0.5, seed: 1)
    #expect(try store.complete(cell, .done, Samples.result, measured) == .stored)
    var other = Samples.result
    other.steps = 9
    #expect(try store.complete(cell, .done, other, .init()) == .wasThere)
    let tables = try store.tables(plan.design)
    #expect(tables.scores[cell] == measured.scores)
    #expect(tables.translated[cell] == measured.translated)
    #expect(tables.centroids[cell] == measured.centroids)
    let found = try #require(tables.cells.first { $0.hash == cell })
    #expect(found.state == .done && found.result == Samples.result)
    #expect(try store.claim(cell) == nil)
  }

  @Test func aFailedCellIsBegunAgainThenGivenUp() throws {
    let store = try store()
    let cell = plan.cells[0].hash
    for state in [CellState.failed, .givenUp] {
      #expect(try store.claim(cell) != nil)
      try store.fail(cell, words: "no", status: .badData, retries: 1)
      #expect(try store.states()[cell]?.state == state)
    }
    #expect(try store.claim(cell) == nil)
    let first = try #require(try store.firstGivenUp([cell]))
    #expect(first.words == "no" && first.status == .badData)
    #expect(try store.renewGivenUp([cell]) == 1)
    #expect(try store.claim(cell) != nil)
  }

  @Test func aChangedStudySaysWhatChangesAndDeletesNothing() throws {
    let store = try store()
    let done = plan.cells[0].hash
    _ = try store.claim(done)
    _ = try store.complete(
      done, .done, Samples.result, Samples.measured(rate: 0.5, seed: 1))
    let changed = try Samples.plan(Samples.text.replacing("[10, 20]", with: "[10, 20, 40]"))
    let change = try store.take(changed.design, changed.all)
    #expect(change.differences == ["axes.pairs: 10 20 before, 10 20 40 now"])
    #expect((change.kept, change.keptDone, change.new, change.left) == (9, 1, 6, 0))
    let back = try store.take(plan.design, plan.all)
    #expect(back.left == 6 && back.kept == 9)
    #expect(try store.cells().count == 9)
    #expect(try store.take(plan.design, plan.all).differences.isEmpty)
    let other = try Samples.design(Samples.text.replacing("\"tiny\"", with: "\"other\""))
    #expect(throws: StudyFailure.otherStudy(path: store.path, stored: "tiny", given: "other")) {
      try store.take(other, [])
    }
  }

  /// A try stays what it is where another is added beside it, and then counts with the conditions of the changed study.
  @Test func triesOfAChangedStudyCountWithItsConditions() throws {
    let store = try store()
    for tries in ["[1e-4, 1e-3]", "[1e-4, 1e-3, 1e-2]"] {
      let plan = try Samples.plan(Samples.text + "\n[learning_rate]\ntries = \(tries)\n")
      _ = try store.take(plan.design, plan.all)
      let cells = try store.cells()
      for cell in cells where cell.kind == .cell {
        let own = cells.filter { $0.kind == .attempt && $0.group == cell.group }
        #expect(own.count == plan.design.rates?.tries.count)
      }
    }
  }

  @Test func filesOfOtherKindsAreRefusedBothWays() throws {
    let results = folder.path + "/xling.sqlite"
    _ = try ExperimentStore(path: results)
    #expect(throws: StudyFailure.notAStudy(path: results)) { try StudyStore(path: results) }
    let study = try store().path
    #expect(throws: ExperimentFailure.notAStore(path: study)) { try ExperimentStore(path: study) }
    #expect(throws: StudyFailure.notAStudy(path: folder.path + "/none")) {
      try StudyStore(looking: folder.path + "/none")
    }
  }

  @Test func aStoreOfANewerVersionIsRefused() throws {
    let path = try store().path
    try DatabaseQueue(path: path).write { database in
      try database.execute(
        sql: "INSERT INTO grdb_migrations (identifier) VALUES ('2 of the future')")
    }
    #expect(throws: ExperimentFailure.newerSchema(path: path)) { try StudyStore(path: path) }
    #expect(throws: ExperimentFailure.newerSchema(path: path)) { try StudyStore(looking: path) }
  }

  @Test func lookingWritesNothing() throws {
    let path = try store().path
    let looking = try StudyStore(looking: path)
    #expect(try looking.cells().count == 9)
    #expect(throws: ExperimentFailure.readOnly(path: path)) {
      try looking.claim(plan.cells[0].hash)
    }
  }

  @Test func networkFileSystemsAreKnown() throws {
    #expect(NetworkFileSystem.name(ofKind: 0x6969) == "NFS")
    #expect(NetworkFileSystem.name(ofKind: 0xEF53) == nil)
    let words = "\(StudyFailure.networkStore(path: "a", system: "NFS"))"
    #expect(words.contains("--allow-network-store") && words.contains("xling study merge"))
  }

  /// A store of the first version is looked into as it lies, and brought up to date by whoever writes.
  @Test func anEarlierStoreGoesOn() throws {
    let path = try filled("study.sqlite", plan.cells)
    let now = try StudyStore(looking: path).tables(plan.design)
    try DatabaseQueue(path: path).write {
      try $0.execute(
        sql: """
          DROP TABLE translated;
          DROP TABLE centroids;
          DELETE FROM grdb_migrations WHERE identifier LIKE '2 %';
          """)
    }
    let looked = try StudyStore(looking: path).tables(plan.design)
    #expect(looked.scores == now.scores && looked.translated.isEmpty && looked.centroids.isEmpty)
    let cell = plan.cells[0].hash
    let store = try StudyStore(path: path)
    #expect(try store.tables(plan.design).scores == now.scores)
    #expect(try store.complete(cell, .done, Samples.result, .init()) == .wasThere)
  }

  // MARK: - Merging

  private func filled(_ name: String, _ cells: [StudyCell], rate: Double = 0.5) throws -> String {
    let store = try StudyStore(path: folder.path + "/" + name)
    _ = try store.take(plan.design, cells)
    for cell in cells {
      _ = try store.claim(cell.hash)
      _ = try store.complete(
        cell.hash, .done, Samples.result, Samples.measured(rate: rate, seed: Int(cell.seed)))
    }
    return store.path
  }

  @Test func mergedShardsAreTheWhole() throws {
    let whole = try filled("whole", plan.cells)
    let shards = try (1...2).map { try filled("shard\($0)", plan.shard($0, of: 2)) }
    let merge = try StudyStore.merge(shards, into: folder.path + "/merged")
    #expect(merge.cells == 9 && merge.done == 9 && merge.shared == 0)
    var (one, other) = (
      try StudyStore(looking: whole).tables(plan.design),
      try StudyStore(looking: merge.output).tables(plan.design)
    )
    for index in one.cells.indices { one.cells[index].store = "" }
    for index in other.cells.indices { other.cells[index].store = "" }
    #expect(one == other)
    #expect(throws: FileFailure.exists(path: merge.output)) {
      try StudyStore.merge(shards, into: merge.output)
    }
  }

  @Test func theSameCellInTwoStoresMustAgree() throws {
    let one = try filled("one", plan.cells)
    let same = try filled("same", Array(plan.cells.prefix(4)))
    let merge = try StudyStore.merge([one, same], into: folder.path + "/merged")
    #expect(merge.shared == 4 && merge.cells == 9)
    let other = try filled("other", [plan.cells[0]], rate: 0.9)
    do {
      _ = try StudyStore.merge([one, other], into: folder.path + "/bad")
      Issue.record("they were merged")
    } catch let failure as StudyFailure {
      #expect("\(failure)".contains("R@10 of tr, text-to-image"), "\(failure)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/bad"))
  }
}
