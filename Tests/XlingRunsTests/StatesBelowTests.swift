import Foundation
import Synchronization
import Testing
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingTestSupport
import XlingTinyModel

@testable import XlingRuns

/// Pairs that count how often a picture is read or announced.
private final class CountingPairs: PairSource {
  let pairs: TinyPairs
  private let counts = Mutex((read: 0, announced: 0))

  init(_ pairs: TinyPairs) { self.pairs = pairs }

  var read: Int { counts.withLock { $0.read } }
  var announced: Int { counts.withLock { $0.announced } }

  var count: Int { pairs.count }
  func captionCount(_ image: Int) -> Int { pairs.captionCount(image) }
  func tokens(_ image: Int, caption: Int) -> [Int32] { pairs.tokens(image, caption: caption) }
  func pictureHash(_ image: Int) throws -> [UInt8]? { try pairs.pictureHash(image) }
  func picture(_ image: Int) throws -> Picture {
    counts.withLock { $0.read += 1 }
    return try pairs.picture(image)
  }
  func announce(_ images: [Int]) { counts.withLock { $0.announced += images.count } }
}

@Suite("vectors of frozen towers that are read off the states of others")
struct StatesBelowTests {
  let bench: TinyBench
  var store: String { bench.path("xling.sqlite") }

  init() throws { bench = try TinyBench() }

  /// A run beside the store, and how many captions and pictures went through its towers. da keeps states.
  @discardableResult
  private func run(
    _ name: String, _ method: String, keeps: Bool = true,
    training pairs: any PairSource = TinyPairs(), seed: UInt64 = 9, steps: Int = 12,
    _ wish: TrunkWish = TrunkWish(isForced: true)
  ) throws -> (texts: Int, pictures: Int) {
    let configuration = try bench.configuration(method) { ($0.seed, $0.steps) = (seed, steps) }
    let trunks = method == "da" ? wish : TrunkWish()
    let training = try bench.trainer(
      name, configuration, training: pairs, featuresBeside: keeps ? store : nil,
      trunks: keeps ? trunks : nil)
    try training.train()
    return training.model.passes
  }

  /// da keeps the states of all rows of both towers; what reads vectors alone computes no layer again.
  @Test(arguments: ["projection", "lit"])
  func nothingIsComputedTwice(_ method: String) throws {
    try run("without", method, keeps: false)
    let alone = try run("da", "da")
    // Of 22 pictures all were drawn in three epochs; those of validation are the first nine.
    #expect(alone.pictures == 22)
    let (texts, pictures) = try run("after", method)
    #expect(pictures == 0)
    #expect(method == "lit" ? texts > 0 : texts == 0)
    #expect(try bench.checkpoint("after") == bench.checkpoint("without"))
    // From here on the vectors themselves are there.
    try FileManager.default.removeItem(atPath: StateCache.root(besideStore: store))
    #expect(try run("again", method).pictures == 0)
    #expect(try bench.checkpoint("again") == bench.checkpoint("without"))
  }

  @Test func withoutStatesEachIsComputedOnce() throws {
    #expect(try run("one", "projection").pictures == 22)
    #expect(try run("two", "lit").pictures == 0)
  }

  @Test func whatOthersDidNotKeepIsComputed() throws {
    try run("without", "projection", keeps: false)
    try run("da", "da", training: TinyPairs(count: 10))
    #expect(try run("after", "projection").pictures == 12)
    #expect(try bench.checkpoint("after") == bench.checkpoint("without"))
  }

  @Test func damagedStatesAreComputedAnew() throws {
    try run("without", "projection", keeps: false)
    try run("da", "da")
    let root = StateCache.root(besideStore: store)
    for name in try FileManager.default.subpathsOfDirectory(atPath: root)
    where name.hasSuffix(".states") {
      var bytes = try AtomicFile.read(root + "/" + name)
      for place in stride(from: 5, to: bytes.count, by: 1_000) { bytes[place] ^= 4 }
      try AtomicFile.write(bytes, to: root + "/" + name)
    }
    let (texts, pictures) = try run("after", "projection")
    #expect((1..<22).contains(pictures) && texts > 0)
    #expect(try bench.checkpoint("after") == bench.checkpoint("without"))
  }

  /// Runs that alone see too little of the data keep it all the same where others ask for it, of every seed.
  @Test func anotherSeedAddsWhatItDraws() throws {
    let wish = TrunkWish(shared: [.text, .image])
    let first = try run("one", "da", seed: 1, steps: 2, wish)
    let second = try run("two", "da", seed: 2, steps: 2, wish)
    // Twelve of 22 pictures and nine to validate on, some of them the same.
    #expect((12...21).contains(first.pictures) && (1..<first.pictures).contains(second.pictures))
    #expect(try run("again", "da", seed: 2, steps: 2, wish).pictures == 0)
    let after = try run("after", "projection", seed: 2, steps: 2)
    #expect(after.pictures == 0 && after.texts == 0)
    #expect(try run("alone", "da", seed: 3, steps: 2, TrunkWish()).pictures > 0)
  }

  @Test func anEvaluationReadsThemOff() throws {
    try run("one", "projection", keeps: false)
    try run("da", "da")
    let model = try DualEncoder.load(run: bench.path("one"))
    let identity = try RunFolder(bench.path("one")).record().identity
    let frozen = try #require(
      try model.frozenFeatures(besideStore: store, of: identity, ofTrainedTowers: false))
    let pairs = TinyPairs()
    let input = identity.configuration.pictureInput(side: 16)
    let kept = DualEncoder.FrozenPictures(frozen, input: input) { try pairs.pictureHash($0) ?? [] }
    func embed(_ frozen: DualEncoder.FrozenPictures?) throws -> [Float] {
      try model.embedPictures(22, preprocessing: input.preprocessing, batchSize: 5, frozen: frozen)
      {
        try pairs.picture($0)
      }.array()
    }
    let found = try embed(kept)
    #expect(model.passes.pictures == 0)
    #expect(try embed(nil) == found)
    #expect(model.passes.pictures == 22)
  }

  /// What is kept is not decoded for nobody, and of the step behind the last nothing is.
  @Test func aRunWhoseVectorsAreThereReadsNoPicture() throws {
    try run("one", "projection")
    let pairs = CountingPairs(TinyPairs())
    try run("two", "projection", training: pairs)
    #expect(pairs.read == 0 && pairs.announced == 0)
    let fresh = CountingPairs(TinyPairs())
    try run("three", "projection", keeps: false, training: fresh)
    // Without a store each is kept in memory: those of the first batch were read before they were announced.
    #expect(fresh.read == 22 && fresh.announced == 22 - 6)
  }
}
