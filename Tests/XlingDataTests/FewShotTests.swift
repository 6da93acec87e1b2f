import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

@Suite("few-shot pairs")
struct FewShotTests {
  let folder: TemporaryFolder

  /// Thirty pictures with English captions; Turkish of all, German of the even ones; one of test.
  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.createFolder(folder.path + "/images")
    try write(30)
  }

  private func write(_ count: Int) throws {
    var lines = [#"{"image": "test.png", "split": "test", "captions": {"en": ["t"], "tr": ["t"]}}"#]
    try AtomicFile.write(
      try Picture(width: 4, height: 4, red: 255).png(), to: folder.path + "/images/test.png")
    for index in 0..<count {
      let german = index % 2 == 0 ? #", "de": ["de \#(index)"]"# : ""
      lines.append(
        #"{"image": "\#(index).png", "split": "train", "captions": {"en": ["en"], "#
          + #""tr": ["tr \#(index)", "more"]\#(german)}}"#)
      try AtomicFile.write(
        try Picture(width: 4, height: 4, red: UInt8(index)).png(),
        to: folder.path + "/images/\(index).png")
    }
    try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: folder.path + "/captions.jsonl")
  }

  private func draw(_ mix: String, seed: UInt64 = 0, file: String? = nil) throws -> FewShotDraw {
    try FewShotDraw(
      try FewShotCounts(mix), in: try Dataset.load(folder.path), aligned: "en", seed: seed,
      file: file)
  }

  private func pictures(_ mix: String, seed: UInt64 = 0) throws -> [String] {
    try #require(try draw(mix, seed: seed).parts.first).pairs.map(\.picture)
  }

  @Test func fewerLieWithinMoreAndAnotherPictureMovesNone() throws {
    let ten = try pictures("tr=10")
    #expect(ten.count == 10 && Set(ten).count == 10 && !ten.contains("test.png"))
    #expect(try pictures("tr=3") == Array(ten.prefix(3)))
    #expect(try pictures("Turkish=10") == ten)
    #expect(try pictures("tr=10", seed: 1) != ten)
    // The rule, written out.
    let rule = (0..<30).map { "\($0).png" }.sorted {
      Digest.of("few-shot 0 \($0)") < Digest.of("few-shot 0 \($1)")
    }
    #expect(ten == Array(rule.prefix(10)))
    // Languages draw the same pictures, as far as they have them.
    let german = rule.filter { (Int($0.dropLast(4)) ?? 1) % 2 == 0 }
    #expect(try pictures("de=5") == Array(german.prefix(5)))
    try write(31)
    let more = try pictures("tr=31").filter { $0 != "30.png" }
    #expect(Array(more.prefix(10)) == ten)
  }

  @Test func aPairIsThePicturesFirstCaptionAndTheHashKnowsIt() throws {
    let draw = try draw("tr=2,de=1")
    #expect(draw.parts.map(\.language) == ["de", "tr"] && draw.origin == "the rule, seed 0")
    let tr = draw.parts[1]
    for pair in tr.pairs {
      #expect(pair.caption == "tr " + pair.picture.dropLast(4))
      let bytes = try AtomicFile.read(folder.path + "/images/" + pair.picture)
      #expect(pair.sha256 == Digest.of(bytes))
    }
    #expect(draw.record.languages["tr"]?.sha256 == tr.hash && draw.record.languages.count == 2)
    #expect(try self.draw("tr=1").parts[0].hash != tr.hash)
    #expect(try self.draw("tr=0").parts.isEmpty)
  }

  @Test(arguments: [
    ("tr=31", "--mix tr=31: expected 31 training pictures with a caption in tr, found 30 in", 65),
    ("en=1", "--mix en=…: en is the language of all captions here", 64),
    ("tr=1,Turkish=2", "--mix names tr twice (tr, Turkish)", 64),
    ("ko=1", "has no train caption in ko (Korean)", 66),
    ("en=0", "en is the language of all captions here", 64),
  ])
  func whatCannotBeDrawnIsTold(_ mix: String, _ words: String, _ status: Int32) throws {
    do {
      _ = try draw(mix)
      Issue.record("it was drawn")
    } catch let failure as any Failure {
      #expect("\(failure)".contains(words), "\(failure)")
      #expect(failure.exitStatus.rawValue == status)
    }
  }

  @Test(arguments: ["", "tr", "tr=", "=3", "tr=-1", "tr=1=2", "tr=1,,de=1", "tr=1,tr=2", "tr=x"])
  func whatIsNoListIsRefused(_ text: String) {
    #expect(throws: NumberFailure.self) { try FewShotCounts(text) }
  }

  @Test func seedsAreNumbersOrTheRuns() throws {
    #expect(try FewShotSeed.parse("run") == .run && FewShotSeed.parse("7") == .number(7))
    #expect(throws: NumberFailure.self) { try FewShotSeed.parse("runs") }
    let read = try JSONDecoder().decode([FewShotSeed].self, from: Data(#"[3, "4", "run"]"#.utf8))
    #expect(read == [.number(3), .number(4), .run])
  }

  @Test func aFileIsDrawnFromInItsOrder() throws {
    let dataset = try Dataset.load(folder.path)
    let path = folder.path + "/order.json"
    let order = try FewShotOrder(of: dataset, seed: 5, count: 4)
    try AtomicFile.write(try order.json, to: path)
    #expect(try FewShotOrder(reading: path) == order)
    let draw = try draw("tr=4", file: path)
    #expect(draw.parts[0].pairs.map(\.picture) == order.pictures && draw.origin == path)
    #expect(throws: FewShotFailure.self) { try self.draw("tr=5", file: path) }
    func fails(_ words: String, _ change: (String) -> String) throws {
      try AtomicFile.write(
        change(String(decoding: try order.json, as: UTF8.self)), to: path)
      do {
        _ = try self.draw("tr=1", file: path)
        Issue.record("it was drawn")
      } catch { #expect("\(error)".contains(words), "\(error)") }
    }
    let (first, second) = (order.pictures[0], order.pictures[1])
    try fails("\"\(first)\" twice") { $0.replacing("\"\(second)\"", with: "\"\(first)\"") }
    try fails("\"no.png\", which is none of them") {
      $0.replacing("\"\(second)\"", with: "\"no.png\"")
    }
    try fails("\"test.png\", which is of test") {
      $0.replacing("\"\(second)\"", with: "\"test.png\"")
    }
    try fails("are others than this file was made of") {
      $0.replacing(order.sha256, with: String(repeating: "0", count: 64))
    }
    try fails("knows no key \"shots\"") {
      $0.replacing("\"version\"", with: "\"shots\": 1, \"version\"")
    }
    try fails("\"version\" is 2") { $0.replacing("\"version\" : 1", with: "\"version\" : 2") }
  }

  /// What ships is the rule's order: nobody chose a picture.
  @Test(arguments: ["scenes", "emoji"], 0..<6)
  func theShippedFilesAreTheRules(_ data: String, _ seed: Int) throws {
    let order = try #require(try FewShotOrder.shipped(data, seed: UInt64(seed)))
    #expect(order.data == data && order.seed == UInt64(seed) && order.pictures.count == 200)
    let digests = order.pictures.map { Digest.of("few-shot \(seed) \($0)") }
    #expect(digests == digests.sorted() && Set(digests).count == 200)
    #expect(order.sha256.count == 64)
  }
}
