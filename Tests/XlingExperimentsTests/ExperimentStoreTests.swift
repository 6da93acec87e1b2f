import Foundation
import GRDB
import Testing
import XlingCore
import XlingRetrieval
import XlingTestSupport

@testable import XlingExperiments

@Suite struct ExperimentStoreTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/runs/xling.sqlite"
  }

  private func run(_ name: String, seed: UInt64 = .max) -> Run {
    Run(
      name: name, folder: folder.path + "/runs/" + name,
      key: RunKey(
        method: "lwa", recipe: #"{"lr":0.001}"#, datasetHash: "d", textTowerHash: "t",
        imageTowerHash: "i", seed: seed),
      started: Date(timeIntervalSince1970: 1_000.25), trainableCount: 12, parameterCount: 345)
  }

  private func evaluation(
    _ run: String, language: String = "tr", datasetHash: String = "d", above: [Int32] = [0, 7, 2]
  ) throws -> Evaluation {
    let ones = [Int32](repeating: 1, count: above.count)
    let ranking = try Ranking(
      above: above, tiedWrong: Array([0, 2, 0].prefix(above.count)), tiedGold: ones,
      goldCount: ones, gallerySize: 10)
    return Evaluation(
      run: run, measured: EvaluationProtocol(dataset: "scenes", datasetHash: datasetHash),
      language: language, direction: .textToImage, queriesHash: "q",
      started: Date(timeIntervalSince1970: 5), ranking: ranking,
      pictures: Array([4, 4, -1].prefix(above.count)),
      metrics: ["R@10": Estimate(value: 0.5, low: nil, high: nil, n: 3, method: "m")])
  }

  /// An interval of 30 pictures comes back; one of 29, as earlier versions stored it, is not told, and what
  /// is measured again is the same result.
  @Test(arguments: [(30, true), (29, false)])
  func intervalsOfFewPicturesAreNotTold(pictures: Int, isTold: Bool) throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("a"))
    let ones = [Int32](repeating: 1, count: pictures)
    var stored = Evaluation(
      run: "a", measured: EvaluationProtocol(dataset: "scenes", datasetHash: "d"), language: "tr",
      direction: .textToImage, queriesHash: "q", started: Date(timeIntervalSince1970: 5),
      ranking: try Ranking(
        above: ones, tiedWrong: ones.map { _ in 0 }, tiedGold: ones, goldCount: ones,
        gallerySize: 40), pictures: (0..<Int32(pictures)).map { $0 },
      metrics: ["R@1": Estimate(value: 0.5, low: 0.25, high: 0.75, n: pictures, method: "m")])
    #expect(try store.save(stored) == Saved(new: 1))
    let found = try #require(try store.evaluations(of: "a").first?.metrics["R@1"])
    #expect(found.low == (isTold ? 0.25 : nil) && found.high == (isTold ? 0.75 : nil))
    if !isTold { stored.metrics = stored.metrics.mapValues(\.withoutInterval) }
    #expect(try store.save(stored) == Saved(kept: 1))
    #expect(try store.check() == [])
  }

  @Test func roundTrip() throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("lwa-1"))
    try store.save(evaluation("lwa-1"))
    let steps = [
      TrainStep(step: 1, loss: 2.5, learningRate: 1e-3, temperature: 0.07),
      TrainStep(step: 2, loss: .nan, learningRate: 1e-3, temperature: 0.07),
    ]
    try store.append(steps, to: "lwa-1")
    try store.append([steps[0]], to: "lwa-1")

    let again = try ExperimentStore(path: path)
    #expect(try again.run(named: "lwa-1") == run("lwa-1"))
    #expect(try again.evaluations(of: "lwa-1") == [evaluation("lwa-1")])
    let read = try again.trainSteps(of: "lwa-1")
    #expect(read.count == 2 && read[0] == steps[0] && read[1].loss.isNaN)
    let point = ValidationStep(step: 2, loss: 1.5, textToImage: 0.25, imageToText: 0.5, pairs: 8)
    try store.append(
      [ValidationStep(step: 1, loss: 2, textToImage: 0, imageToText: 0, pairs: 8)], to: "lwa-1")
    try store.append([point], to: "lwa-1")
    try store.append([point], to: "lwa-1")
    #expect(try again.validations(of: "lwa-1").map(\.step) == [1, 2])
    #expect(try again.validations(of: "lwa-1").last == point)
    try again.update(
      "lwa-1", status: .finished, finished: Date(timeIntervalSince1970: 9), seconds: 8)
    #expect(try store.run(named: "lwa-1").status == .finished)
  }

  @Test func ranksOfEveryCorrectItemComeBack() throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("a"))
    var evaluation = try evaluation("a", above: [1, 0])
    let golds = try GoldRanks(goldCount: [2, 1], wrongAbove: [1, 3, 0], tiedWrong: [0, 2, 0])
    evaluation.ranking = try Ranking(
      above: [1, 0], tiedWrong: [0, 0], tiedGold: [1, 1], goldCount: [2, 1], golds: golds,
      gallerySize: 9)
    try store.save(evaluation)
    #expect(try store.evaluations(of: "a") == [evaluation])
    // As a store of the first schema has it: MAP then says what is missing.
    try DatabaseQueue(path: path).write { database in
      try database.execute(sql: "UPDATE ranks SET gold_above = NULL, gold_tied = NULL")
      try database.execute(sql: "UPDATE evaluations SET checksum = NULL")
    }
    let old = try store.evaluations(of: "a")[0].ranking
    #expect(old.golds == nil && old.above == [1, 0])
    #expect(throws: RetrievalFailure.onlyBestRanks(query: 0)) {
      try Metric.meanAveragePrecision.value(old)
    }
  }

  private func identifiers() throws -> [Int64] {
    try DatabaseQueue(path: path).read {
      try Int64.fetchAll($0, sql: "SELECT id FROM evaluations ORDER BY id")
    }
  }

  @Test func evaluatingAgainKeepsWhatIsTheSame() throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("a"))
    #expect(try store.save(evaluation("a")) == Saved(new: 1))
    let before = try identifiers()
    var again = try evaluation("a")
    again.started = Date(timeIntervalSince1970: 99)
    again.metrics["MRR"] = Estimate(value: 0.5, low: nil, high: nil, n: 3, method: "m")
    #expect(try store.save(again) == Saved(kept: 1))
    var stored = try store.evaluations(of: "a")
    #expect(stored[0].started == Date(timeIntervalSince1970: 5) && stored[0].metrics.count == 2)

    #expect(
      throws: ExperimentFailure.otherResult(
        run: "a", what: "tr, text to image", difference: "2 of 3 queries have other ranks")
    ) { try store.save([evaluation("a", language: "de"), evaluation("a", above: [0, 1, 1])]) }
    #expect(try store.evaluations(of: "a") == stored)
    #expect(
      try store.save(evaluation("a", above: [1, 1, 1]), replacing: true) == Saved(replaced: 1))
    stored = try store.evaluations(of: "a")
    #expect(stored.count == 1 && stored[0].ranking.above == [1, 1, 1])
    #expect(try identifiers() == before)
  }

  @Test(arguments: [
    "UPDATE ranks SET above = x'000000000600000002000000'",
    "UPDATE metrics SET value = 0.625", "UPDATE evaluations SET language = 'de'",
    "UPDATE ranks SET picture = x'0500000004000000FFFFFFFF'",
    "UPDATE protocols SET json = replace(json, '\"seed\":0', '\"seed\":1')",
    "UPDATE runs SET trainable_count = 13",
  ])
  func aChangedValueIsNoticed(_ change: String) throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("a"))
    try store.save(evaluation("a"))
    #expect(try store.check().isEmpty)
    try DatabaseQueue(path: path).write { try $0.execute(sql: change) }
    #expect(try store.check().count == 1)
    #expect {
      _ = try store.run(named: "a")
      _ = try store.evaluations(of: "a")
    } throws: { ($0 as? ExperimentFailure)?.exitStatus == .badData }
  }

  /// Rows of earlier versions have no checksum: what is impossible is noticed all the same.
  @Test(arguments: [
    "UPDATE runs SET started = 'abc'", "UPDATE runs SET seconds = 9e999",
    "UPDATE evaluations SET n = 'abc'", "UPDATE evaluations SET gallery = 0",
    "UPDATE ranks SET above = x'01'", "UPDATE ranks SET gold_count = zeroblob(12)",
    "UPDATE ranks SET above = x'FFFFFFFF0700000002000000'",
    "UPDATE ranks SET picture = x'FFFFFF7F0400000004000000'", "DELETE FROM ranks",
    "UPDATE metrics SET value = 'abc'", "UPDATE protocols SET json = '{}'", "DROP TABLE metrics",
  ])
  func aWrongValueIsNoticedWithoutAChecksum(_ change: String) throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("a"))
    try store.save(evaluation("a"))
    try DatabaseQueue(path: path).write { database in
      try database.execute(sql: "UPDATE runs SET checksum = NULL")
      try database.execute(sql: "UPDATE evaluations SET checksum = NULL")
    }
    #expect(try store.check().count { !$0.hasPrefix("note:") } == 0)
    #expect(try store.evaluations(of: "a").count == 1)
    try DatabaseQueue(path: path).write { try $0.execute(sql: change) }
    #expect {
      _ = try store.run(named: "a")
      _ = try store.evaluations(of: "a")
    } throws: { error in
      guard case .damaged(let named, _)? = error as? ExperimentFailure else { return false }
      return named == path
    }
  }

  @Test func foldersMoveWithTheStore() throws {
    let project = folder.path + "/project"
    let inside = project + "/runs/one"
    try AtomicFile.createFolder(inside)
    var one = run("one")
    one.folder = inside
    var two = run("two")
    two.folder = project + "/models/two"
    try ExperimentStore(path: project + "/runs/xling.sqlite").begin(one)
    try ExperimentStore(path: project + "/runs/xling.sqlite").begin(two)
    let moved = folder.path + "/moved"
    try FileManager.default.moveItem(atPath: project, toPath: moved)
    let store = try ExperimentStore(path: moved + "/runs/xling.sqlite")
    #expect(
      try store.runs().map(\.folder) == [moved + "/runs/one", moved + "/models/two"])
  }

  @Test func aDeadProcessLeavesARunInterrupted() throws {
    let store = try ExperimentStore(path: path)
    var run = run("a")
    run.process = .current
    try store.begin(run)
    #expect(try store.run(named: "a").status == .running)
    let dead = ProcessMark(process: getpid(), boot: ProcessMark.current.boot, start: 1)
    run.process = dead
    try store.record(run)
    #expect(try store.run(named: "a").status == .interrupted)
    run.process = ProcessMark(process: 1, boot: dead.boot, start: 0)
    try store.record(run)
    #expect(throws: ExperimentFailure.runIsLive(name: "a", process: 1)) {
      try store.resume("a", key: run.key, process: .current)
    }
    #expect(throws: ExperimentFailure.runIsLive(name: "a", process: 1)) { try store.delete("a") }
  }

  @Test func aDeletedFileIsAnError() throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("a"))
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: ExperimentFailure.gone(path: path)) { try store.save(evaluation("a")) }
  }

  @Test func otherDatabasesAreLeftAlone() throws {
    let other = folder.path + "/other.sqlite"
    try DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE notes (text)") }
    let empty = folder.path + "/empty.sqlite"
    try AtomicFile.write("", to: empty)
    let (before, names) = (try AtomicFile.read(other), try content())
    for name in [other, empty] {
      #expect(throws: ExperimentFailure.notAStore(path: name)) {
        try ExperimentStore(reading: name)
      }
    }
    #expect(throws: ExperimentFailure.notAStore(path: other)) { try ExperimentStore(path: other) }
    #expect(throws: ExperimentFailure.notAStore(path: other)) { try EmbeddingCache(path: other) }
    #expect(try AtomicFile.read(other) == before && content() == names)
  }

  private func content() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test func mixedProtocolsAreRefused() throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("a"))
    try store.begin(run("b"))
    try store.save([evaluation("a"), evaluation("b", datasetHash: "other")])
    #expect(
      throws: ExperimentFailure.mixedProtocols(
        field: "dataset hash", first: "d", second: "other")
    ) { try store.table(of: ["a", "b"], dataset: "scenes") }
    #expect(try store.table(of: ["a"], dataset: "scenes").count == 1)
    #expect(
      throws: ExperimentFailure.evaluationNotFound(
        run: "a", what: "dataset 'emoji', subset 'all'")
    ) { try store.table(of: ["a"], dataset: "emoji") }
  }

  @Test func namesAndKeys() throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("scenes-lwa"))
    #expect(
      throws: ExperimentFailure.runNotFound(
        name: "scenes-lwb", nearest: "scenes-lwa", path: path)
    ) { try store.run(named: "scenes-lwb") }
    #expect(
      throws: ExperimentFailure.runNotFound(name: "zzz", nearest: nil, path: path)
    ) { try store.save(evaluation("zzz")) }
    #expect(throws: ExperimentFailure.runExists(name: "scenes-lwa")) {
      try store.begin(run("scenes-lwa"))
    }
    #expect(
      throws: ExperimentFailure.differentRun(
        name: "scenes-lwa", field: "seed", stored: "\(UInt64.max)", given: "3")
    ) { try store.resume("scenes-lwa", key: run("x", seed: 3).key) }
    try store.save(evaluation("scenes-lwa"))
    // Trained anew: the same run keeps its results, another one is refused.
    try store.record(run("scenes-lwa"))
    #expect(try store.evaluations(of: "scenes-lwa").count == 1)
    #expect(
      throws: ExperimentFailure.nameKept(
        name: "scenes-lwa", field: "seed", folder: folder.path + "/runs/scenes-lwa",
        evaluations: 1, path: path)
    ) { try store.record(run("scenes-lwa", seed: 3)) }
    try store.resume("scenes-lwa", key: run("x").key)
    #expect(try store.delete("scenes-lwa").evaluations == 1)
    #expect(try store.runs().isEmpty)
  }

  @Test func hashesCoverEveryField() throws {
    let plain = EvaluationProtocol(dataset: "a", datasetHash: "b")
    var other = plain
    other.ties = "expected"
    #expect(plain.hash != other.hash)
    #expect(plain.firstDifference(from: other)?.field == "ties")
    #expect(plain.fields.count == Mirror(reflecting: plain).children.count)
    let key = run("x").key
    #expect(key.fields.count == Mirror(reflecting: key).children.count)
  }

  @Test func notADatabase() throws {
    let file = folder.path + "/text.sqlite"
    try AtomicFile.write(String(repeating: "this is prose. ", count: 100), to: file)
    #expect(throws: ExperimentFailure.notADatabase(path: file)) { try ExperimentStore(path: file) }
  }

  @Test func fullDiskChangesNothing() throws {
    let store = try ExperimentStore(path: path)
    try store.begin(run("a"))
    try store.write { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
    let steps = (0..<5_000).map {
      TrainStep(step: $0, loss: 1, learningRate: 1, temperature: 1)
    }
    #expect(throws: ExperimentFailure.diskFull(path: path)) { try store.append(steps, to: "a") }
    #expect(try store.trainSteps(of: "a").isEmpty)
  }

  @Test func databaseErrorsBecomeOurs() {
    let cases: [(ResultCode, ExperimentFailure)] = [
      (.SQLITE_READONLY, .readOnly(path: "p")), (.SQLITE_FULL, .diskFull(path: "p")),
      (.SQLITE_BUSY, .busy(path: "p")), (.SQLITE_NOTADB, .notADatabase(path: "p")),
    ]
    for (code, failure) in cases {
      #expect(ExperimentFailure.from(DatabaseError(resultCode: code), path: "p") == failure)
      #expect(failure.description.contains("p") && failure.exitStatus != .success)
    }
  }

  @Test func twoConnectionsAtOnce() async throws {
    let path = path
    let first = try ExperimentStore(path: path)
    try first.begin(run("shared"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<2 {
        group.addTask {
          let store = try ExperimentStore(path: path)
          for step in 0..<50 {
            let number = step * 2 + writer
            try store.append(
              [TrainStep(step: number, loss: 0, learningRate: 0, temperature: 1)], to: "shared")
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try first.trainSteps(of: "shared").map(\.step) == Array(0..<100))
  }
}
