import Foundation
import Testing
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingTestSupport
import XlingTinyModel
import XlingTowers

@testable import XlingRuns

@Suite("states of trunks that stay from run to run")
struct TrunkTests {
  let bench: TinyBench
  var store: String { bench.path("xling.sqlite") }
  var root: String { StateCache.root(besideStore: store) }

  init() throws { bench = try TinyBench() }

  private func run(
    _ name: String, _ configuration: AlignmentConfiguration, keeps: Bool = true,
    _ wish: TrunkWish = TrunkWish(isForced: true)
  ) throws {
    try bench.trainer(
      name, configuration, featuresBeside: keeps ? store : nil, trunks: keeps ? wish : nil
    ).train()
  }

  private func files(_ ending: String) -> [String] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? []
    return names.filter { $0.hasSuffix(ending) }.sorted().map { root + "/" + $0 }
  }

  private func entries() throws -> Int {
    try CacheInventory(besideStore: store).list().filter { $0.kind == .trunk }
      .reduce(0) { $0 + $1.entries }
  }

  private func configuration(
    _ method: String, locked: String? = nil,
    _ change: (inout AlignmentConfiguration) -> Void = { _ in }
  ) throws -> AlignmentConfiguration {
    var configuration = try bench.configuration(method, change)
    configuration.steps = 12
    if let locked {
      configuration.recipe.text.lock = [try #require(Recipe.LayerRange(rawValue: locked))]
      configuration.recipe.image.lock = [try #require(Recipe.LayerRange(rawValue: locked))]
    }
    return configuration
  }

  @Test(arguments: ["da", "ape", "last-layer", "lit-da"])
  func givesTheBitsOfARunWithout(_ method: String) throws {
    let configuration = try configuration(method)
    try run("without", configuration, keeps: false)
    for name in ["first", "second"] {
      try run(name, configuration)
      #expect(try bench.checkpoint(name) == bench.checkpoint("without"))
    }
    #expect(try entries() > 22)
  }

  @Test(arguments: ["lora", "lwa"])
  func lockedLowerLayersGiveTheSame(_ method: String) throws {
    let configuration = try configuration(method, locked: "0-0")
    try run("without", configuration, keeps: false)
    for name in ["first", "second"] {
      try run(name, configuration)
      #expect(try bench.checkpoint(name) == bench.checkpoint("without"))
    }
    #expect(!files(".states").isEmpty)
  }

  @Test func aSecondRunWritesNothing() throws {
    try run("one", try configuration("da"))
    let kept = try entries()
    let size = CacheInventory.bytes(of: root)
    try run("two", try configuration("da"))
    #expect(try entries() == kept)
    #expect(CacheInventory.bytes(of: root) == size)
  }

  /// One layer of two trains: what enters it is the first's output, whatever the method above.
  @Test func otherMethodsOfTheSameDepthShare() throws {
    try run("da", try configuration("da"))
    let folders = Set(files("trunk.json"))
    try run("ape", try configuration("ape"))
    #expect(Set(files("trunk.json")) == folders)
  }

  @Test func precisionsAreKeptApart() throws {
    try run("fp32", try configuration("da"))
    let kept = try entries()
    let half = try configuration("da") { $0.precision = .bf16 }
    try run("without", half, keeps: false)
    for name in ["first", "second"] {
      try run(name, half)
      #expect(try bench.checkpoint(name) == bench.checkpoint("without"))
    }
    #expect(try entries() == 2 * kept)
    #expect(try bench.checkpoint("without") != bench.checkpoint("fp32"))
  }

  @Test func chunksAndDrawnCaptionsGiveTheSame() throws {
    let configuration = try configuration("da") { $0.chunkSize = 4 }
    try run("without", configuration, keeps: false)
    try run("with", configuration)
    #expect(try bench.checkpoint("with") == bench.checkpoint("without"))
  }

  @Test func aFlippedBitIsComputedAnew() throws {
    let configuration = try configuration("da")
    try run("one", configuration)
    for path in files(".states") {
      var bytes = try AtomicFile.read(path)
      for place in stride(from: 5, to: bytes.count, by: 200) { bytes[place] ^= 4 }
      try AtomicFile.write(bytes, to: path)
    }
    let inventory = CacheInventory(besideStore: store)
    #expect(inventory.verify().filter { !$0.problems.isEmpty }.count == 2)
    try run("two", configuration)
    #expect(try bench.checkpoint("two") == bench.checkpoint("one"))
    // What was computed anew is found in the place of what is damaged.
    let files = files(".states")
    try run("three", configuration)
    #expect(self.files(".states") == files)
    #expect(try inventory.repair() > 0)
    #expect(inventory.verify().flatMap(\.problems) == [])
    try run("four", configuration)
    #expect(try bench.checkpoint("four") == bench.checkpoint("one"))
  }

  /// As a kill leaves them: a record without an entry, a record and an entry that are cut off.
  @Test(arguments: [".states", ".index"])
  func aHalfWrittenTailIsPassedOver(_ ending: String) throws {
    let configuration = try configuration("da")
    try run("one", configuration)
    let kept = try entries()
    for path in files(ending) {
      let bytes = try AtomicFile.read(path)
      try AtomicFile.write(bytes.dropLast(ending == ".index" ? 50 : 20), to: path)
    }
    #expect(try entries() == kept - 2)
    #expect(CacheInventory(besideStore: store).verify().flatMap(\.problems) == [])
    try run("two", configuration)
    #expect(try bench.checkpoint("two") == bench.checkpoint("one"))
    #expect(try entries() == kept)
  }

  @Test func anotherFormatIsPassedOverAndNamed() throws {
    let configuration = try configuration("da")
    try run("one", configuration)
    for path in files(".index") {
      var bytes = try AtomicFile.read(path)
      bytes[8] = 9
      try AtomicFile.write(bytes, to: path)
    }
    let problems = CacheInventory(besideStore: store).verify().flatMap(\.problems)
    #expect(problems.count == 2)
    #expect(problems.allSatisfy { $0.contains("format 9") })
    try run("two", configuration)
    #expect(try bench.checkpoint("two") == bench.checkpoint("one"))
  }

  @Test func dropoutAndAugmentationKeepNothing() throws {
    let bench = try TinyBench(dropout: DropoutRates(hidden: 0.1))
    var configuration = try bench.configuration("da") { $0.dropout = .trained }
    configuration.steps = 24
    try bench.trainer("one", configuration, featuresBeside: store, trunks: TrunkWish()).train()
    #expect(files(".states").isEmpty)
    configuration.dropout = nil
    configuration.augmentation = AugmentationChoice.mild.augmentation
    try bench.trainer("two", configuration, featuresBeside: store, trunks: TrunkWish()).train()
    // The text tower's states stay the same, and both towers have the same number of layers.
    #expect(files(".states").count == 1)
  }

  @Test(arguments: ["da", "projection"])
  func viewsGiveTheBitsOfARunWithout(_ method: String) throws {
    let configuration = try configuration(method) {
      $0.augmentation = AugmentationChoice.mild.augmentation
      $0.cachedViews = 2
    }
    try run("without", configuration, keeps: false)
    for name in ["first", "second"] {
      try run(name, configuration)
      #expect(try bench.checkpoint(name) == bench.checkpoint("without"))
    }
    // Another seed draws the same views.
    let kept = try CacheInventory(besideStore: store).list().reduce(0) { $0 + $1.entries }
    var other = configuration
    other.seed = 10
    other.captionOrder = .inTurn
    try run("other", other)
    let after = try CacheInventory(besideStore: store).list().reduce(0) { $0 + $1.entries }
    // Of captions others are drawn; 22 pictures have two views each, and 9 of val one.
    #expect(after - kept < 40)
    #expect(try bench.checkpoint("other") != bench.checkpoint("first"))
  }

  @Test func whatDoesNotFitIsTold() throws {
    var configuration = try configuration("da")
    configuration.steps = 24
    func plan(
      _ wish: TrunkWish, _ configuration: AlignmentConfiguration, free: Int? = nil
    ) throws -> TrunkPlan {
      let text = try TowerSource(folder: bench.folder.path + "/text")
      let image = try TowerSource(folder: bench.folder.path + "/image")
      let identity = RunIdentity(
        text: text, image: image, tokenizerHash: "t", dataHash: "d", configuration: configuration)
      return try TrunkPlan(
        try DualEncoder(text: text, image: image, configuration: configuration), identity,
        training: TinyPairs(), validation: nil, besideStore: store, wish, free: free)
    }
    let small = try plan(TrunkWish(limit: 100), configuration)
    #expect(
      small.sides.map(\.verdict) == [
        .overLimit(limit: 100, taken: 0), .overLimit(limit: 100, taken: 0),
      ])
    let image = try #require(small.sides.last?.demand)
    // 22 pictures of 5 rows of 16 numbers, and an entry each.
    #expect(image.bytes == 22 * (5 * 16 * 4 + 96))
    #expect(
      try plan(TrunkWish(isForced: true, limit: 100), configuration).sides.map(\.verdict)
        == [.kept(there: 0), .kept(there: 0)])
    #expect(
      try plan(TrunkWish(), configuration, free: 99).sides.last?.verdict
        == .diskTooSmall(free: 99))
    let error = #expect(throws: CacheFailure.self) {
      try plan(TrunkWish(isForced: true), configuration, free: 99)
    }
    #expect(error?.exitStatus == .inputOutput)
    #expect(error?.description.contains("99 bytes free") == true)
    #expect(!FileManager.default.fileExists(atPath: root))
    var rare = configuration
    rare.steps = 3
    #expect(try plan(TrunkWish(), rare).sides.map(\.verdict) == [.seenRarely, .seenRarely])
    // Others ask for them, too.
    #expect(
      try plan(TrunkWish(shared: [.image]), rare).sides.map(\.verdict)
        == [.seenRarely, .kept(there: 0)])
    #expect(throws: AlignmentFailure.self) {
      try plan(TrunkWish(isForced: true), try self.configuration("lwa"))
    }
  }

  @Test func whatIsInUseIsNotRemoved() throws {
    try run("one", try configuration("da"))
    let inventory = CacheInventory(besideStore: store)
    let about = try #require(try inventory.list().first { $0.kind == .trunk }?.about)
    do {
      let inUse = try StateCache(about, besideStore: store, budget: nil) { _ in }
      let pruned = try inventory.prune(usedBefore: nil, limit: 0)
      #expect(pruned.inUse == [inUse?.folder])
      #expect(pruned.removed.count == 1)
    }
    #expect(try inventory.prune(usedBefore: nil, limit: 0).removed.count == 1)
    #expect(inventory.trunks.isEmpty)
  }

  /// An evaluation reads what a training kept, and gives the bits of one that does not.
  @Test(arguments: ["da", "ape", "last-layer"])
  func evaluationsGiveTheSame(_ method: String) throws {
    try run("one", try configuration(method))
    let model = try DualEncoder.load(run: bench.path("one"))
    let identity = try RunFolder(bench.path("one")).record().identity
    let frozen = try model.frozenFeatures(
      besideStore: store, of: identity, trunks: .adding(toTrunksBeside: store))
    let pairs = TinyPairs()
    let ids = (0..<22).map { pairs.tokens($0, caption: 0) }
    let before = try entries()
    let kept = try model.embedTexts(ids, batchSize: 5, frozen: frozen)
    let plain = try model.embedTexts(ids, batchSize: 7)
    for row in 0..<22 {
      #expect(
        Array(UnsafeBufferPointer(start: kept.row(row), count: 12))
          == Array(UnsafeBufferPointer(start: plain.row(row), count: 12)))
    }
    // Captions that no step drew are added.
    #expect(try entries() > before)
  }
}
