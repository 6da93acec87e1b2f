import Foundation
import Synchronization
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

@Suite struct DatasetTests {
  private static let hasFont = FileManager.default.fileExists(atPath: EmojiFont.defaultPath)

  /// Sixty animals in English and, all but one of each ten, in Turkish.
  private static func fixture() throws -> CLDRFixture {
    let fixture = try CLDRFixture()
    for locale in ["en", "tr"] {
      var lines = ""
      for value in 0x1F400..<0x1F43C where locale == "en" || value % 10 != 0 {
        guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
        lines +=
          "<annotation cp=\"\(scalar)\">\(locale) key \(value) | \(locale) \(value)</annotation>"
        lines += "<annotation cp=\"\(scalar)\" type=\"tts\">\(locale) \(value)</annotation>"
      }
      try fixture.annotate(locale, lines)
    }
    return fixture
  }

  @Test func noSetOfConceptsOccursTwice() throws {
    let counts = SceneCounts(train: 300, val: 40, test: 60)
    let plan = try ScenePlan(conceptCount: 40, counts: counts, seed: 3)
    #expect(Set(plan.scenes.map { Set($0.concepts) }).count == 400)
    #expect(plan.scenes.allSatisfy { (1...4).contains(Set($0.concepts).count) })
    #expect(
      Split.allCases.map { split in plan.scenes.count { $0.split == split } } == [300, 40, 60])
    let again = try ScenePlan(conceptCount: 40, counts: counts, seed: 3)
    #expect(again.scenes == plan.scenes)
    #expect(throws: DataFailure.self) { try ScenePlan(conceptCount: 3, counts: counts, seed: 3) }
  }

  /// Processes of one study begin by building its data.
  @Test(.enabled(if: DatasetTests.hasFont, "needs fonts-noto-color-emoji"))
  func ofThoseWhoBuildAtOnceOneDoes() throws {
    let (fixture, folder) = (try Self.fixture(), try TemporaryFolder())
    let cldr = try fixture.cldr()
    let path = folder.path + "/data/scenes"
    let results = Mutex<[Result<Bool, any Error>]>([])
    DispatchQueue.concurrentPerform(iterations: 3) { _ in
      let result = Result {
        try DatasetBuilder.scenes(
          into: path, counts: SceneCounts(train: 12, val: 2, test: 4), cldr: cldr
        ).isNew
      }
      results.withLock { $0.append(result) }
    }
    let isNew = try results.withLock { try $0.map { try $0.get() } }
    #expect(isNew.count(where: { $0 }) == 1 && isNew.count == 3)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path + "/data") == ["scenes"])
  }

  @Test(.enabled(if: DatasetTests.hasFont, "needs fonts-noto-color-emoji"))
  func scenesAreBuiltOnceAndAlike() throws {
    let (fixture, folder) = (try Self.fixture(), try TemporaryFolder())
    let counts = SceneCounts(train: 12, val: 2, test: 4)
    let cldr = try fixture.cldr()
    let path = folder.path + "/scenes"
    let summary = try DatasetBuilder.scenes(into: path, counts: counts, cldr: cldr)
    #expect(summary.isNew && summary.pictures == ["train": 12, "val": 2, "test": 4])
    #expect(try !DatasetBuilder.scenes(into: path, counts: counts, cldr: cldr).isNew)
    let other = folder.path + "/other"
    _ = try DatasetBuilder.scenes(into: other, counts: counts, cldr: cldr)
    let dataset = try Dataset.load(path)
    #expect(try Dataset.load(other).contentHash == dataset.contentHash)
    let picture = try Picture.load(path: dataset.path(of: dataset.items[0]))
    #expect(picture.width == 128 && picture.height == 128)
    for item in dataset.items {
      #expect(item.captions["en"]?.count == 5)
      let lacking = item.concepts.contains { (UInt32($0, radix: 16) ?? 0) % 10 == 0 }
      #expect((item.captions["tr"] == nil) == lacking)
    }
    #expect(throws: DataFailure.self) {
      try DatasetBuilder.scenes(into: path, seed: 1, counts: counts, cldr: cldr)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
  }

  @Test(.enabled(if: DatasetTests.hasFont, "needs fonts-noto-color-emoji"))
  func emojiAreSplitByConcept() throws {
    let (fixture, folder) = (try Self.fixture(), try TemporaryFolder())
    let summary = try DatasetBuilder.emoji(into: folder.path + "/emoji", cldr: fixture.cldr())
    let dataset = try Dataset.load(folder.path + "/emoji")
    #expect(summary.pictures.values.reduce(0, +) == dataset.items.count)
    #expect(dataset.items.allSatisfy { Concept.split($0.concepts[0]) == $0.split })
    let cat = try #require(dataset.items.first { $0.image == "1f408.jpg" })
    #expect(cat.captions["en"] == ["en 128008", "en key 128008"])
  }

  @Test(.enabled(if: DatasetTests.hasFont, "needs fonts-noto-color-emoji"))
  func otherFilesAreLeftAlone() throws {
    let (fixture, folder) = (try Self.fixture(), try TemporaryFolder())
    try AtomicFile.write("mine", to: folder.path + "/notes.txt")
    #expect(throws: DataFailure.self) {
      try DatasetBuilder.emoji(into: folder.path, cldr: fixture.cldr())
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["notes.txt"])
  }
}
