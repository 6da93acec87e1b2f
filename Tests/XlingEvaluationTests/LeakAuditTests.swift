import Foundation
import Testing
import XlingCore
import XlingData
import XlingTestSupport
import XlingTinyModel

@testable import XlingEvaluation

@Suite("leak audit")
struct LeakAuditTests {
  /// Low frequencies of drawn strength: what the hashes look at, the same at every size.
  private static func picture(_ seed: Int, size: Int) -> Picture {
    var stream = RandomStream(seed: 1, "picture", seed)
    let strengths = (0..<64).map { _ in Double(stream.index(2_001)) / 1_000 - 1 }
    let waves = (0..<8).map { wave in
      (0..<size).map { cos(.pi * Double(wave) * (Double($0) + 0.5) / Double(size)) }
    }
    var pixels: [UInt8] = []
    for row in 0..<size {
      for column in 0..<size {
        let sum = (0..<64).reduce(0.0) {
          $0 + strengths[$1] * waves[$1 / 8][row] * waves[$1 % 8][column]
        }
        pixels += [UInt8](repeating: UInt8(min(255, max(0, 128 + 12 * sum))), count: 3)
      }
    }
    return Picture(width: size, height: size, pixels: pixels)
  }

  private static func audited(_ name: String, _ seed: Int, size: Int = 64) throws -> AuditedPicture
  {
    try AuditedPicture(name: name, data: try picture(seed, size: size).png())
  }

  @Test func aPictureIsKnownByBytesNumberAndLooks() throws {
    let train =
      try (1...6).map { try Self.audited("train-\($0).png", $0) }
      + [try Self.audited("000000000009.jpg", 7), try Self.audited("12.jpg", 8)]
    let test = [
      try Self.audited("again.png", 3),
      try Self.audited("COCO_train2014_000000000009.jpg", 20),
      try Self.audited("small.png", 5, size: 48),
      try Self.audited("12.jpg", 21),
      try Self.audited("new.png", 22),
    ]
    let audit = LeakAudit(train: train, test: test, captions: [], distance: 4)
    #expect(audit.trainPictures == 8 && audit.testPictures == 5)
    #expect(
      audit.leaks.map(\.test) == ["again.png", "COCO_train2014_000000000009.jpg", "small.png"])
    #expect(audit.leaks.map(\.train) == ["train-3.png", "000000000009.jpg", "train-5.png"])
    #expect(audit.leaks.map(\.reason) == [.bytes, .number, .looks])
    #expect(audit.leaks.allSatisfy { $0.distance <= 4 })
    let none = LeakAudit(train: [], test: test, captions: [], distance: 64)
    #expect(none.leaks.isEmpty)
  }

  @Test func captionsAreComparedByTheirLetters() {
    #expect(LeakAudit.normalized("  A Dog, running! ") == "a dog running")
    #expect(LeakAudit.normalized("ﬁve cows (5)") == "five cows 5")
    #expect(LeakAudit.normalized("羊が、いる。") == "羊が いる")
    #expect(LeakAudit.normalized("cafe\u{301}") == LeakAudit.normalized("CAFÉ"))
  }

  @Test func twoSplitsOfADataset() throws {
    let gallery = try Gallery()
    let data = try Dataset.load(gallery.data)
    let audit = try LeakAudit(train: data, .train, test: data, .test, distance: 0)
    #expect(audit.trainPictures == 1 && audit.testPictures == 4)
    // "dog" is the one training caption.
    #expect(audit.captions == [.init(language: "en", n: 8, repeated: 1)])
    #expect(audit.leaks.allSatisfy { $0.reason == .looks })
    try AtomicFile.write(
      try AtomicFile.read(gallery.data + "/images/0.png"), to: gallery.data + "/images/2.png")
    let copied = try Dataset.load(gallery.data)
    let second = try LeakAudit(train: copied, .train, test: copied, .test, distance: 0)
    #expect(second.leaks.first { $0.test == "2.png" }?.reason == .bytes)
    try AtomicFile.write("no picture", to: gallery.data + "/images/2.png")
    #expect(throws: ImageFailure.self) { try LeakAudit(train: copied, .train, test: copied, .test) }
  }
}
