import Foundation
import Testing
import XlingCore
import XlingExperiments
import XlingRetrieval
import XlingRuns
import XlingStudies
import XlingTestSupport
import XlingTokenizers

@testable import XlingJobs

@Suite("a study as a job")
struct StudyJobTests {
  let runs: TinyRuns

  init() throws {
    runs = try TinyRuns()
    try runs.gallery.write([
      #"{"image": "0.png", "split": "train", "captions": {"en": ["dog"]}}"#,
      #"{"image": "1.png", "split": "train", "captions": {"en": ["cat"]}}"#,
      #"{"image": "2.png", "split": "train", "captions": {"en": ["cow", "cow cow"]}}"#,
      #"{"image": "3.png", "split": "test", "captions": {"en": ["dog cat"], "tr": ["kedi"]}}"#,
      #"{"image": "4.png", "split": "test", "captions": {"en": ["cat dog"], "tr": ["inek"]}}"#,
    ])
  }

  private var folder: String { runs.gallery.folder.path }

  private func setup(_ methods: [String], _ output: String, _ more: String = "") throws
    -> StudySetup
  {
    let list = methods.map { "\"\($0)\"" }.joined(separator: ", ")
    let path = "\(folder)/\(output).toml"
    try AtomicFile.write(
      """
      [study]
      name = "tiny"
      question = "Which?"
      [axes]
      method = [\(list)]
      seed = [1]
      [train]
      data = "\(runs.gallery.data)"
      text_tower = "\(folder)/text"
      image_tower = "\(folder)/image"
      batch_size = 2
      embedding_width = 8
      [budget]
      steps = 3
      [evaluate]
      data = "\(runs.gallery.data)"
      languages = ["en", "tr"]
      metrics = ["R@1"]
      \(more)
      """, to: path)
    return try StudySetup(path, isSmall: false, output: "\(folder)/\(output)") { _ in }
  }

  /// What was measured, by method, and what was heard.
  private func run(
    _ setup: StudySetup, _ output: String
  ) throws -> (tables: StudyTables, events: [StudyJob.Event]) {
    let place = StudyPlace(folder: "\(folder)/\(output)")
    var events: [StudyJob.Event] = []
    _ = try StudyJob(setup, .init(place, cells: setup.plan.all)).run { events.append($0) }
    return (try StudyStore(looking: place.store).tables(setup.design), events)
  }

  /// da keeps the states of both towers, so it comes first; the others read them, or vectors off them.
  @Test func whatIsFrozenIsKeptForAllAndChangesNoBit() throws {
    let methods = ["projection", "lit", "ape", "da"]
    let (tables, events) = try run(try setup(methods, "together"), "together")
    let order = events.compactMap { event -> String? in
      if case .began(let cell, _, _, _) = event { cell.factors["method"] } else { nil }
    }
    #expect(order == ["da", "ape", "projection", "lit"])
    // Three steps of two of three pictures: alone no run would keep what it sees so rarely.
    let verdicts = events.compactMap { event -> [TrunkPlan.Verdict]? in
      if case .cell(.align(.trunks(let plan))) = event { plan.sides.map(\.verdict) } else { nil }
    }
    #expect(verdicts.prefix(2).joined().allSatisfy { if case .kept = $0 { true } else { false } })
    let kept = try CacheInventory(besideStore: "\(folder)/together/xling.sqlite").list()
    // One of each tower: ape's and da's texts are the same.
    #expect(kept.count { $0.kind == .trunk } == 2)
    for method in methods {
      let single = try run(try setup([method], method), method).tables
      let own = tables.cells.filter { $0.factors["method"] == method }
      #expect(own.count == 1 && single.cells.count == 1)
      #expect(own[0].hash == single.cells[0].hash)
      #expect(own[0].result?.checkpoint == single.cells[0].result?.checkpoint, "\(method)")
      #expect(tables.scores[own[0].hash] == single.scores[own[0].hash], "\(method)")
      #expect(tables.centroids[own[0].hash] == single.centroids[own[0].hash])
    }
  }

  @Test func aRunThatSharesNothingKeepsNoStates() throws {
    _ = try run(try setup(["da"], "alone"), "alone")
    let kept = try CacheInventory(besideStore: "\(folder)/alone/xling.sqlite").list()
    #expect(kept.allSatisfy { $0.kind != .trunk })
  }

  @Test func translationsAreMeasuredBesideCaptions() throws {
    let file = folder + "/tr.txt"
    try AtomicFile.write("cat\ncow\n", to: file)
    let setup = try setup(["projection"], "both", "translations = { tr = \"\(file)\" }")
    let tables = try run(setup, "both").tables
    let hash = tables.cells[0].hash
    let translated = try #require(tables.translated[hash])
    #expect(translated.map(\.language) == ["tr", "tr"])
    #expect(translated.map(\.direction) == ["image-to-text", "text-to-image"])
    #expect(tables.scores[hash]?.count == 4)
    #expect(tables.centroids[hash]?.map(\.language) == ["en", "tr"])
    // Other translations are other cells.
    try AtomicFile.write("dog\ncow\n", to: file)
    let other = try self.setup(["projection"], "both", "translations = { tr = \"\(file)\" }")
    #expect(other.plan.cells[0].hash != hash)
    let found = words {
      _ = try self.setup(["projection"], "bad", "translations = { de = \"\(file)\" }")
    }
    #expect(found?.contains("de (German)") == true, "\(found ?? "nothing")")
  }

  /// Each is made once, before its cells, by whoever comes first; their text towers are theirs.
  @Test func towersAreMadeOnceBeforeTheirCells() throws {
    let path = folder + "/towers.toml"
    try AtomicFile.write(
      """
      [study]
      name = "tiny"
      question = "Which?"
      [[tower]]
      name = "random"
      tokenizer = "\(folder)/text"
      pretrain = { objective = "none", seed = 3 }
      [[tower]]
      name = "masked"
      tokenizer = "\(folder)/text"
      pretrain = { objective = "masked", steps = 1 }
      [axes]
      text_tower = ["random", "masked"]
      seed = [1]
      [train]
      method = "projection"
      data = "\(runs.gallery.data)"
      image_tower = "\(folder)/image"
      batch_size = 2
      embedding_width = 8
      [budget]
      steps = 2
      [evaluate]
      data = "\(runs.gallery.data)"
      languages = ["en", "tr"]
      metrics = ["R@1"]
      """, to: path)
    let setup = try StudySetup(path, isSmall: false, output: "\(folder)/made") { _ in }
    let (tables, events) = try run(setup, "made")
    let order = events.compactMap { event -> String? in
      if case .began(_, let label, _, _) = event { label } else { nil }
    }
    #expect(order.prefix(2) == ["tower random", "tower masked"] && order.count == 4)
    #expect(tables.cells.count == 2 && tables.cells.allSatisfy { $0.state == .done })
    #expect(tables.cells[0].result?.checkpoint != tables.cells[1].result?.checkpoint)
    #expect(Set(tables.costs.map(\.tower)) == ["random", "masked"])
    let towers = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/made/towers")
    #expect(towers.sorted() == setup.plan.towers.map(\.short).sorted())
    for cell in tables.cells {
      let record = try RunFolder("\(folder)/made/" + (cell.result?.run ?? "")).record()
      let hash = setup.plan.cells.first { $0.hash == cell.hash }?.tower ?? ""
      #expect(record.identity.text.folder.hasSuffix("made/towers/" + hash.prefix(12)))
    }
    // The same words make the same weights, elsewhere too.
    let again = try run(setup, "again").tables
    #expect(again.scores == tables.scores && again.centroids == tables.centroids)
  }
}

@Suite("training a tokenizer as a job")
struct TrainTokenizerJobTests {
  @Test(arguments: [TrainTokenizerJob.Kind.unigram, .bpe])
  func aMaskIsOneOfThePieces(_ kind: TrainTokenizerJob.Kind) throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/text.txt"
    let lines = (0..<100).map { "the \($0 % 7)th bike of \($0 % 13) cats rides to town" }
    try AtomicFile.write(lines.joined(separator: "\n"), to: file)
    var sizes: [Int] = []
    for hasMask in [false, true] {
      let output = folder.path + "/\(hasMask)"
      var options = TrainTokenizerJob.Options(kind, output: output)
      (options.files, options.size, options.hasMask) = ([file], 40, hasMask)
      sizes.append(try TrainTokenizerJob(options).run())
      let tokenizer = try TokenizerSource.load(output)
      #expect(tokenizer.special.mask == (hasMask ? Int32(sizes[1] - 1) : nil))
      #expect(tokenizer.vocabularySize == sizes[sizes.count - 1])
    }
    // Unigram ends with fewer where the text holds no more.
    #expect(sizes.allSatisfy { (30...40).contains($0) })
  }
}
