import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

/// Other projects' layouts, read and made into ours.
@Suite struct ForeignLayoutTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ name: String, _ text: String) throws -> String {
    let path = folder.path + "/" + name
    try AtomicFile.write(text, to: path)
    return path
  }

  @Test func everyLayoutIsListed() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/XlingData/Layouts")
    let files = try FileManager.default.contentsOfDirectory(atPath: sources.path)
      .filter { $0.hasSuffix("Layout.swift") && $0 != "DatasetLayout.swift" }
    #expect(files.count == DatasetLayouts.all.count)
    #expect(Set(DatasetLayouts.all.map(\.name)).count == DatasetLayouts.all.count)
  }

  @Test func coco() throws {
    let path = try file(
      "coco.json",
      """
      {"info": {"year": 2014}, "images": [{"id": 9, "file_name": "a.jpg", "height": 4},
       {"id": 4, "file_name": "b.jpg"}, {"id": 5, "file_name": "c.jpg"}],
       "annotations": [{"image_id": 4, "id": 1, "caption": "B one"},
       {"image_id": 9, "id": 2, "caption": "A"}, {"image_id": 4, "id": 3, "caption": "B two"}]}
      """)
    #expect(
      try COCOLayout().read(path) == [
        ForeignItem(name: "a.jpg", split: nil, captions: ["A"]),
        ForeignItem(name: "b.jpg", split: nil, captions: ["B one", "B two"]),
        ForeignItem(name: "c.jpg", split: nil, captions: []),
      ])
    let stray = try file(
      "stray.json", #"{"images": [], "annotations": [{"image_id": 4, "caption": "B"}]}"#)
    let error = #expect(throws: DataFailure.self) { try COCOLayout().read(stray) }
    #expect(error?.description.contains("pictures that \"images\" lists, found 4") == true)
  }

  /// Foundation and other readers take one of both in silence.
  @Test func aRepeatedKeyIsNamedInEveryFile() throws {
    func message(_ name: String, _ json: String, _ read: (String) throws -> Void) throws -> String {
      let path = try file(name, json)
      do {
        try read(path)
        return "taken"
      } catch let failure as any Failure {
        #expect(failure.exitStatus == .badData)
        #expect(failure.description.hasPrefix(path))
        return failure.description
      }
    }
    let listing = #"{"images": [], "annotations": [], "images": []}"#
    let place = folder.path
    for found in [
      try message("coco.json", listing) { _ = try COCOLayout().read($0) },
      try message("karpathy.json", listing) { _ = try KarpathyLayout().read($0) },
      try message("dataset.json", listing) { _ in _ = try DatasetSummary.load(place) },
      try message("import.json", listing) { _ in _ = try ImportManifest.read(place) },
      try message("preprocessor_config.json", listing) {
        _ = try DeclaredPictures(file: $0)
      },
      try message("names.jsonl", listing) { _ = try ClassNames.read($0) },
    ] { #expect(found.contains("the key \"images\" twice in one object"), "\(found)") }
  }

  @Test func karpathy() throws {
    let path = try file(
      "dataset.json",
      """
      {"images": [{"filepath": "val2014", "filename": "a.jpg", "split": "restval",
       "sentences": [{"raw": "One.", "tokens": ["one"]}, {"raw": "Two.", "tokens": ["two"]}]},
       {"filename": "b.jpg", "split": "test", "sentences": [{"raw": "B"}]}], "dataset": "coco"}
      """)
    #expect(
      try KarpathyLayout().read(path) == [
        ForeignItem(name: "val2014/a.jpg", split: .train, captions: ["One.", "Two."]),
        ForeignItem(name: "b.jpg", split: .test, captions: ["B"]),
      ])
    let wrong = try file(
      "wrong.json", #"{"images": [{"filename": "a", "split": "dev", "sentences": []}]}"#)
    let error = #expect(throws: DataFailure.self) { try KarpathyLayout().read(wrong) }
    #expect(error?.description.contains("image 1: expected \"split\"") == true)
  }

  @Test func lilt() throws {
    let path = try file(
      "train.json",
      """
      [{"image": "x/a.jpg", "caption": "One", "image_id": "coco_1"},
       {"image": "b.jpg", "caption": ["B", "BB"]}, {"image": "x/a.jpg", "caption": "Two"}]
      """)
    #expect(
      try LilTLayout().read(path) == [
        ForeignItem(name: "x/a.jpg", split: nil, captions: ["One", "Two"]),
        ForeignItem(name: "b.jpg", split: nil, captions: ["B", "BB"]),
      ])
  }

  @Test func flickr() throws {
    let eight = try file(
      "captions.txt",
      "image,caption\r\na.jpg,\"A dog, they say, \"\"runs\"\".\"\r\na.jpg,Two .\r\nb.jpg,B\r\n")
    #expect(
      try FlickrLayout().read(eight) == [
        ForeignItem(name: "a.jpg", split: nil, captions: ["A dog, they say, \"runs\".", "Two ."]),
        ForeignItem(name: "b.jpg", split: nil, captions: ["B"]),
      ])
    let thirty = try file(
      "results.csv",
      "image_name| comment_number| comment\na.jpg| 0| Two \"men\" , one | other .\na.jpg| 1| B\n")
    #expect(
      try FlickrLayout().read(thirty) == [
        ForeignItem(
          name: "a.jpg", split: nil, captions: ["Two \"men\" , one | other .", "B"])
      ])
    // Flickr30k's own file has such a line: "2199200615.jpg| 4   A dog runs".
    let known = try file("known.csv", "image_name| comment_number| comment\na.jpg| 4   A dog\n")
    var notes: [String] = []
    #expect(
      try FlickrLayout().read(known) { notes.append($0) } == [
        ForeignItem(name: "a.jpg", split: nil, captions: ["A dog"])
      ])
    #expect(notes.count == 1 && notes[0].contains("known.csv, line 2: the second bar is missing"))
  }

  /// A tar archive as GNU tar writes it.
  private func tar(_ files: [(String, Data)]) -> Data {
    var archive = Data()
    for (name, body) in files {
      var header = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, at offset: Int) {
        for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
      }
      put(name, at: 0)
      put("0000644\0", at: 100)
      let size = String(body.count, radix: 8)
      put(String(repeating: "0", count: 11 - size.count) + size, at: 124)
      put("        0ustar  ", at: 148)
      let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
      put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", at: 148)
      archive += Data(header) + body + Data(count: (512 - body.count % 512) % 512)
    }
    return archive + Data(count: 1024)
  }

  @Test func webdataset() throws {
    let picture = Data([0xFF, 0xD8, 1, 2, 3])
    let path = folder.path + "/shard.tar"
    let archive = tar([
      ("00/a.jpg", picture), ("00/a.txt", Data("A dog\n".utf8)),
      ("00/a.json", Data(#"{"caption": "A dog", "url": "x"}"#.utf8)),
      ("00/b.json", Data(#"{"caption": "B"}"#.utf8)), ("00/b.png", Data(count: 600)),
    ])
    try AtomicFile.write(archive, to: path)
    let items = try WebDatasetLayout().read(path)
    #expect(items.map(\.name) == ["00/a.jpg", "00/b.png"])
    #expect(items.map(\.captions) == [["A dog"], ["B"]])
    #expect(items.map(\.source) == [.bytes(picture), .bytes(Data(count: 600))])
    try AtomicFile.write(archive.prefix(700), to: path)
    #expect(throws: DataFailure.self) { try WebDatasetLayout().read(path) }
    try AtomicFile.write(Data(repeating: 7, count: 1024), to: path)
    #expect(throws: DataFailure.self) { try WebDatasetLayout().read(path) }
  }

  private func shard(_ files: [(String, String)]) throws -> [ForeignItem] {
    let path = folder.path + "/s.tar"
    try AtomicFile.write(tar(files.map { ($0.0, Data($0.1.utf8)) }), to: path)
    return try WebDatasetLayout().read(path)
  }

  /// Keys as `base_plus_ext` of webdataset 1.0.2 parts them; captions as CLIP_benchmark reads them.
  @Test func samplesOfShards() throws {
    for (files, names, captions) in [
      (
        [("a.png", "p"), ("a.txt", "One .\r\nTwo .\nTwo .\n")], ["a.png"],
        [["One .", "Two .", "Two ."]]
      ),
      (
        [("a.webp", "p"), ("a.json", #"{"caption": ["One", "Two"], "captions": "Three"}"#)],
        ["a.webp"], [["One", "Two", "Three"]]
      ),
      (
        [("a.jpg", "p"), ("a.txt", "One\nTwo"), ("a.json", #"{"caption": "One\nTwo"}"#)], ["a.jpg"],
        [["One", "Two"]]
      ),
      ([("a.input.png", "p"), ("a.outputs.TXT", "A")], ["a.input.png"], [["A"]]),
      (
        [
          ("t.v1/22.05.png", "p"), ("t.v1/22.05.txt", "A"), ("t.v1/1.png", "q"),
          ("t.v1/1.txt", "B"),
        ],
        ["t.v1/22.05.png", "t.v1/1.png"], [["A"], ["B"]]
      ),
      (
        [
          ("./._0.png", "m"), ("./0.png", "p"), ("0.txt", "A"), ("./.DS_Store", ""),
          ("__MACOSX/0.txt", "B"),
        ],
        ["0.png"], [["A"]]
      ),
      ([("a.png", "p"), ("a.json", #"{"caption": null}"#)], ["a.png"], [[]]),
    ] as [([(String, String)], [String], [[String]])] {
      let items = try shard(files)
      #expect(items.map(\.name) == names && items.map(\.captions) == captions, "\(names)")
    }
  }

  @Test func brokenSamplesAreNamed() throws {
    for (files, words) in [
      ([("0.png", "p"), ("0.txt", "A"), ("0.png", "q"), ("0.txt", "B")], "\"0\" is there twice"),
      ([("./0.png", "p"), ("0.png", "q")], "\"0\" is there twice"),
      (
        [("v.1.png", "p"), ("v.1.txt", "A"), ("v.2.png", "q"), ("v.2.txt", "B")],
        "\"v\" has two pictures"
      ),
      ([("0.en.txt", "A"), ("0.de.txt", "B")], "\"0\" has two texts"),
      ([("0.avif", "p"), ("0.txt", "A")], "\"0\" has its picture as .avif"),
      ([("0.txt", "A")], "\"0\" has no picture"),
      (
        [("0.png", "p"), ("0.cls", "1"), ("1.png", "p"), ("1.cls", "2")],
        "2 classes (.cls) and no caption"
      ),
      (
        [("0.png", "p"), ("0.json", "{\"caption\":\n {\"en\": 1}}")],
        "a text or a list of texts, found {en}"
      ),
      (
        [("0.png", "p"), ("0.json", "{\"caption\":\n 'A'}")],
        "0.json, line 2, column 2: expected JSON"
      ),
    ] as [([(String, String)], String)] {
      do {
        _ = try shard(files)
        Issue.record("read: \(words)")
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
    let path = folder.path + "/s.tar"
    try AtomicFile.write(tar([("0.png", Data()), ("0.txt", Data([0x61, 0xE9]))]), to: path)
    #expect(throws: TextFailure.notUTF8(path: path + ": 0.txt", line: 1, offset: 1, byte: 0xE9)) {
      try WebDatasetLayout().read(path)
    }
    try AtomicFile.write(Data("<!DOCTYPE html><html></html>".utf8), to: path)
    #expect(throws: ForeignFileFailure.self) { try WebDatasetLayout().read(path) }
  }

  /// Line and column as Python's json counts them.
  @Test(arguments: [
    (
      "{\"images\": [],\n\"annotations\": [\n{\"caption\": \"A\tb\"}]}", 3, 15,
      "the control character 0x09"
    ),
    ("{\"images\": [],}", 1, 15, "\"}\""), ("", 1, 1, "an empty file"),
    ("[1, 2", 1, 6, "the end of the file"),
    ("{} {}", 1, 4, "\"{}\""), ("{\"a\": tru}", 1, 7, "\"tru}\""),
    (String(repeating: "[", count: 20), 1, 17, "nested more than 16 deep"),
  ])
  func brokenJSONHasAPlace(json: String, line: Int, column: Int, found: String) throws {
    let path = try file("c.json", json)
    do {
      _ = try COCOLayout().read(path)
      Issue.record("read \(json)")
    } catch let DataFailure.badJSON(_, foundLine, foundColumn, _, words) {
      #expect(foundLine == line && foundColumn == column && words.contains(found), "\(words)")
    }
  }

  @Test func pagesAndPointersAreNoJSON() throws {
    for (text, found) in [
      ("<!doctype html>\n<html>", ForeignFile.html),
      ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", .lfsPointer),
    ] {
      let path = try file("c.json", text)
      for layout in [COCOLayout(), KarpathyLayout(), LilTLayout()] as [any DatasetLayout] {
        #expect(
          throws: ForeignFileFailure(path: path, expected: layout.summary, found: found)
        ) { try layout.read(path) }
      }
    }
  }

  @Test func importedDataAreADataset() throws {
    try AtomicFile.createFolder(folder.path + "/pictures/sub")
    for name in ["sub/a.png", "b.png"] {
      try AtomicFile.write(
        try Picture(
          width: 4, height: 4, pixels: [UInt8](repeating: 9, count: 48)
        ).png(), to: folder.path + "/pictures/" + name)
    }
    let train = try file(
      "train.json",
      #"[{"image": "sub/a.png", "caption": ["One", " "]}, {"image": "c.png", "caption": "  "}]"#)
    let val = try file("val.json", #"[{"image": "b.png", "caption": "B"}]"#)
    func importing(_ train: String) -> DatasetImport {
      DatasetImport(
        layout: LilTLayout(), files: [(train, .train), (val, .val)],
        images: folder.path + "/pictures", language: "en")
    }
    let output = folder.path + "/data"
    let summary = try importing(train).run(into: output)
    #expect(summary.pictures == ["train": 1, "val": 1])
    #expect(summary.captions == 2 && summary.withoutCaptions == 1 && summary.blankCaptions == 2)
    let dataset = try Dataset.load(output)
    #expect(dataset.items(in: .train).first?.captions == ["en": ["One"]])
    #expect(try Picture.load(path: dataset.path(of: dataset.items[0])).width == 4)
    // Never over another folder, and nothing is left of a failure.
    #expect(throws: DataFailure.self) { try importing(train).run(into: output) }
    let missing = try file("missing.json", #"[{"image": "no.png", "caption": "x"}]"#)
    let error = #expect(throws: FileFailure.self) {
      try importing(missing).run(into: folder.path + "/other")
    }
    #expect(error?.description.contains("no.png") == true)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.contains { $0.hasPrefix("other") })
  }
}
