import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

@Suite struct LayoutTests {
  private let good = #"{"image": "a.jpg", "split": "train", "captions": {"en": ["x", "y"]}}"#

  /// A folder with pictures a.jpg and b.jpg and the given captions.jsonl.
  private func load(_ captions: String) throws -> Dataset {
    let folder = NSTemporaryDirectory() + "xling-layout-\(UUID().uuidString)"
    try AtomicFile.createFolder(folder + "/images")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in ["a.jpg", "b.jpg"] { try AtomicFile.write("jpeg", to: folder + "/images/" + name) }
    try AtomicFile.write(captions, to: folder + "/captions.jsonl")
    return try Dataset.load(folder)
  }

  @Test func byteOrderMarkAndCarriageReturns() throws {
    let second = #"{"image":"b.jpg","split":"test","captions":{"tr":["\u015fey \ud83d\ude00"]},"#
    let dataset = try load(
      "\u{FEFF}\(good)\r\n\(second)\"concepts\":[\"1f6b2\"],\"heldout\":true}\r\n")
    #expect(dataset.languages == ["en", "tr"])
    #expect(dataset.items[1].captions["tr"] == ["şey 😀"])
    #expect(dataset.items[1].isHeldOut && dataset.items[1].concepts == ["1f6b2"])
    #expect(dataset.images(in: .test).map { ($0 as NSString).lastPathComponent } == ["b.jpg"])
    #expect(dataset.coverage("en", .train) == Dataset.Coverage(n: 1, total: 1))
    #expect(dataset.coverage("en", .test).isPartial)
  }

  @Test func goldRelation() throws {
    let dataset = try load(
      good + "\n" + #"{"image": "b.jpg", "split": "train", "captions": {"en": ["z"]}}"#)
    let gold = try dataset.gold("en", .train)
    #expect(gold.captions == ["x", "y", "z"])
    #expect(gold.imageOfCaption == [0, 0, 1])
    #expect(try dataset.gold("en", .train, perImage: 1).captions == ["x", "z"])
    #expect(throws: DataFailure.self) { try dataset.gold("tr", .train) }
  }

  @Test func languagesAreTagsByOurCodes() throws {
    let second = #"{"image": "b.jpg", "split": "test", "captions": {"#
    let dataset = try load(
      good + "\n" + second + #""zh_CN": ["x"], "jp": ["y"], "x-emoji": ["z"]}}"#)
    #expect(dataset.languages == ["en", "ja", "x-emoji", "zh"])
    #expect(dataset.spellings == ["jp": "ja", "zh_CN": "zh"])
    for tag in ["", "e/n", "..", "en\\u0000", "\\u001b[31m"] {
      let error = #expect(throws: DataFailure.self) {
        try load(good + "\n" + second + "\"\(tag)\": [\"x\"]}}")
      }
      #expect(error?.description.contains("captions.jsonl:2: expected a language tag") == true)
      #expect(error?.exitStatus == .badData)
    }
    let both = #expect(throws: DataFailure.self) {
      try load(good + "\n" + second + #""zh": ["x"], "zh_CN": ["y"]}}"#)
    }
    #expect(both?.description.contains("\"zh\" and \"zh_CN\" are one language, zh") == true)
  }

  @Test func hashFollowsContent() throws {
    let hash = try load(good).contentHash
    #expect(try load(good).contentHash == hash)
    #expect(try load(good + "\n").contentHash != hash)
  }

  @Test(arguments: [
    ("{\"image\": ", "a JSON object"),
    ("", "a JSON object"),
    (#"{"image": "c.jpg", "split": "train", "captions": {"en": ["x"]}}"#, "no file \"c.jpg\""),
    (#"{"image": "b.jpg", "split": "dev", "captions": {"en": ["x"]}}"#, "\"dev\""),
    (#"{"image": "b.jpg", "split": "val", "captions": {"en": ["x", " "]}}"#, "caption 2"),
    (#"{"image": "b.jpg", "split": "val", "captions": {"en": []}}"#, "at least one caption"),
    (#"{"image": "b.jpg", "split": "val", "captions": {}}"#, "\"captions\""),
    (#"{"image": "a.jpg", "split": "val", "captions": {"en": ["x"]}}"#, "first: line 1"),
    (#"{"image": "../b.jpg", "split": "val", "captions": {"en": ["x"]}}"#, "without folders"),
    (#"{"image": "b.jpg", "split": "val", "caption": {"en": ["x"]}}"#, "\"caption\""),
    (#"{"image": "b.jpg", "image": "b.jpg"}"#, "the key \"image\" twice in one object"),
    (
      #"{"image": "b.jpg", "split": "val", "captions": {"en": ["x"], "en": ["y"]}}"#,
      "the key \"en\" twice in one object"
    ),
  ])
  func badLines(line: String, part: String) {
    do {
      _ = try load(good + "\n" + line + "\n")
      Issue.record("accepted \(line)")
    } catch let error as DataFailure {
      #expect(error.description.contains("captions.jsonl, line 2: expected"))
      #expect(error.description.contains(part), "\(error)")
      #expect(error.exitStatus == .badData)
    } catch { Issue.record("\(error)") }
  }

  @Test func whatIsWrittenIsRead() throws {
    let item = Dataset.Item(
      image: "a.jpg", split: .val, captions: ["en": ["say \"a\\b\"\n\u{1}"], "ar": ["قطة"]],
      concepts: ["1f6b2"], isHeldOut: true)
    #expect(try load(CaptionLine.json(item)).items == [item])
  }

  @Test(.enabled(if: SharedData.exists("data/flickr8k"), "needs ../shared/data/flickr8k"))
  func flickr8kHasThisLayout() throws {
    let dataset = try Dataset.load(SharedData.path("data/flickr8k"))
    #expect(dataset.languages == ["cs", "de", "en", "fr", "pt", "zh"])
  }
}
