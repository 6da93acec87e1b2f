import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

@Suite("datasets by card")
struct DatasetCardTests {
  let folder: TemporaryFolder
  var root: String { folder.path + "/files" }

  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.createFolder(folder.path + "/files/val2014")
  }

  private static let parallel = """
    name = "small"
    title = "Three pictures"
    layout = "parallel-lines"
    split = "test"
    licence = "none"
    obtain = "Make it."
    source = "here"
    folder = "small"
    pictures_listed = 3
    pictures_used = 2
    only_containing = "val2014"

    [pictures]
    listing = "names.txt"
    folders = ["train2014", "val2014"]

    [captions.en]
    path = "en.txt"

    [captions.tr]
    path = "tr.txt"
    sha256 = "00"
    """

  private static let names = [
    "COCO_val2014_000000000007.jpg", "COCO_train2014_000000000008.jpg",
    "COCO_val2014_000000000009.jpg",
  ]

  private func card(_ text: String = parallel, name: String = "small") throws -> DatasetCard {
    try AtomicFile.write(text, to: folder.path + "/\(name).toml")
    return try DatasetCard.read(folder.path + "/\(name).toml")
  }

  private func write(_ file: String, _ text: String) throws {
    try AtomicFile.write(text, to: root + "/" + file)
  }

  /// Line ends of all kinds, a byte order mark, no line end at the end.
  private func writeAll() throws {
    try write("names.txt", Self.names.joined(separator: "\r\n"))
    try write("en.txt", "\u{FEFF}a dog\na cat\n a cow \n")
    try write("tr.txt", "bir köpek\r\nbir kedi\r\nbir inek")
    for name in [Self.names[0], Self.names[2]] { try write("val2014/" + name, "bytes") }
  }

  @Test func aProtocolIsItsPicturesAndTheirCaptions() throws {
    try writeAll()
    let data = try card().load(root: root + "/")
    #expect(data.name == "small" && data.languages == ["en", "tr"])
    #expect(data.items.map(\.image) == [Self.names[0], Self.names[2]])
    #expect(data.items.map { $0.captions["en"] } == [["a dog"], ["a cow"]])
    #expect(data.items[1].captions["tr"] == ["bir inek"] && data.items[1].split == .test)
    #expect(data.path(of: data.items[1]) == root + "/val2014/" + Self.names[2])
    let hash = data.contentHash
    #expect(try card().load(root: root).contentHash == hash)
    // The other protocol on the same files has another name and another hash.
    let all = Self.parallel.replacingOccurrences(of: "\"small\"", with: "\"all\"")
      .replacingOccurrences(of: "pictures_used = 2\nonly_containing = \"val2014\"\n", with: "")
    try AtomicFile.createFolder(root + "/train2014")
    try write("train2014/" + Self.names[1], "bytes")
    let other = try card(all, name: "all").load(root: root)
    #expect(other.items.count == 3 && other.name == "all" && other.contentHash != hash)
  }

  @Test func whatWasTrainedOnIsLeftOut() throws {
    try writeAll()
    let text = Self.parallel.replacingOccurrences(of: "pictures_used = 2\n", with: "")
      .replacingOccurrences(of: "only_containing = \"val2014\"", with: "except = \"mine.txt\"")
    let card = try card(text)
    #expect(throws: FileFailure.self) { try card.load(root: root) }
    // By number, whatever the release calls the picture.
    try write("mine.txt", "000000000007.jpg\r\n8\n")
    #expect(try card.load(root: root).items.map(\.image) == [Self.names[2]])
    try write("mine.txt", "7\nno number\n")
    #expect(
      throws: DataFailure.badLine(
        path: root + "/mine.txt", line: 2, expected: "a picture's number or file name",
        found: "\"no number\"")
    ) { try card.load(root: root) }
  }

  @Test func wrongFilesAreNamed() throws {
    try writeAll()
    let card = try card()
    try write("tr.txt", "bir köpek\nbir kedi\n")
    #expect(
      throws: DataFailure.lineCount(path: root + "/tr.txt", expected: 3, found: 2)
    ) { try card.load(root: root) }
    try write("tr.txt", "bir köpek\n\nbir inek")
    #expect(
      throws: DataFailure.badLine(
        path: root + "/tr.txt", line: 2, expected: "a text", found: "an empty line")
    ) { try card.load(root: root) }
    let check = DatasetCheck(card, root: root)
    #expect(check.files.map(\.state) == [.present, .present, .differs])
    #expect(!check.isComplete && !check.isMissingSomething && check.unreadable != nil)
  }

  @Test func checkSaysWhatIsMissing() throws {
    try writeAll()
    let card = try card()
    #expect(DatasetCheck(card, root: root).isComplete)
    try FileManager.default.removeItem(atPath: root + "/val2014/" + Self.names[2])
    let check = DatasetCheck(card, root: root)
    #expect(check.pictures == 2 && check.missingPictures == [Self.names[2]])
    #expect(!check.isComplete && check.isMissingSomething)
    #expect(throws: FileFailure.self) { try card.load(root: root) }
    try FileManager.default.removeItem(atPath: root + "/en.txt")
    #expect(DatasetCheck(card, root: root).files.map(\.state) == [.present, .missing, .differs])
  }

  @Test func otherLayouts() throws {
    let head = Self.parallel.components(separatedBy: "only_containing")[0]
    let karpathy = head.replacingOccurrences(of: "parallel-lines", with: "karpathy")
      .replacingOccurrences(of: "pictures_listed = 3", with: "pictures_listed = 2")
    let tail = """
      [pictures]
      listing = "list"
      folders = ["."]

      [captions.en]
      path = "list"
      """
    try write(
      "list",
      """
      {"images": [
        {"filepath": "val2014", "filename": "a.jpg", "split": "test", "sentences": [{"raw": "a dog"}]},
        {"filepath": "val2014", "filename": "b.jpg", "split": "restval", "sentences": []},
        {"filepath": "val2014", "filename": "c.jpg", "split": "test",
         "sentences": [{"raw": "a cow"}, {"raw": "cows"}]}
      ]}
      """)
    for name in ["a", "c"] { try write("val2014/\(name).jpg", "bytes") }
    let data = try card(karpathy + tail).load(root: root)
    #expect(data.items.map(\.image) == ["val2014/a.jpg", "val2014/c.jpg"])
    #expect(data.items[1].captions == ["en": ["a cow", "cows"]])
    #expect(data.path(of: data.items[0]) == root + "/val2014/a.jpg")

    let crossmodal = karpathy.replacingOccurrences(of: "karpathy", with: "crossmodal")
    try write(
      "list",
      #"{"image/key": "a", "en": {"caption": ["a dog"]}, "tr": {"caption": ["köpek"]}}"# + "\n"
        + #"{"image/key": "c", "en": {"caption": ["a cow", "cows"]}}"# + "\n")
    let folders = tail.replacingOccurrences(of: "[\".\"]", with: "[\"val2014\"]")
    let other = try card(crossmodal + folders).load(root: root)
    #expect(other.items.map(\.image) == ["a.jpg", "c.jpg"])
    #expect(other.items.map { $0.captions["en"] } == [["a dog"], ["a cow", "cows"]])
    let both = folders + "\n[captions.tr]\npath = \"list\"\n"
    #expect(
      throws: DataFailure.badLine(
        path: root + "/list", line: 2, expected: "\"tr\" with a list \"caption\"",
        found: "no such key")
    ) { try card(crossmodal + both).load(root: root) }
  }

  /// A card of the layout whose captions are one file a language.
  private func iglue(_ layout: String, listed: Int, _ languages: [String]) throws -> DatasetCard {
    let head = Self.parallel.components(separatedBy: "only_containing")[0]
      .replacingOccurrences(of: "parallel-lines", with: layout)
      .replacingOccurrences(of: "listed = 3", with: "listed = \(listed)")
      .replacingOccurrences(of: "used = 2", with: "used = \(listed)")
    let captions = languages.map { "[captions.\($0)]\npath = \"\($0).jsonl\"\n" }
    return try card(
      head + "[pictures]\nlisting = \"\(languages[0]).jsonl\"\nfolders = [\"val2014\"]\n"
        + captions.joined())
  }

  @Test func xFlickrCO() throws {
    let card = try iglue("xflickrco", listed: 2, ["en", "tr"])
    let english = [
      #"{"sentences": ["a dog"], "id": "7", "img_path": "7.jpg"}"#,
      #"{"sentences": ["a cow"], "id": 9, "img_path": "COCO_9.jpg"}"#,
    ]
    let turkish = [
      #"{"sentences": ["bir inek", "inek"], "id": 9, "img_path": "COCO_9.jpg"}"#,
      #"{"sentences": ["bir köpek"], "id": "7", "img_path": "7.jpg"}"#,
    ]
    try write("en.jsonl", english.joined(separator: "\n"))
    try write("tr.jsonl", turkish.joined(separator: "\n") + "\n")
    for name in ["7.jpg", "COCO_9.jpg"] { try write("val2014/" + name, "bytes") }
    let data = try card.load(root: root)
    #expect(data.items.map(\.image) == ["7.jpg", "COCO_9.jpg"])
    #expect(data.items[0].captions == ["en": ["a dog"], "tr": ["bir köpek"]])
    #expect(data.items[1].captions == ["en": ["a cow"], "tr": ["bir inek", "inek"]])

    func fails(_ lines: [String], _ failure: DataFailure) throws {
      try write("tr.jsonl", lines.joined(separator: "\n"))
      #expect(throws: failure) { try card.load(root: root) }
    }
    let path = root + "/tr.jsonl"
    try fails([turkish[0]], .lineCount(path: path, expected: 2, found: 1))
    try fails(
      [turkish[0], turkish[0]],
      .badLine(
        path: path, line: 2, expected: "each picture of en.jsonl once", found: "\"COCO_9.jpg\""))
    try fails(
      [turkish[0], #"{"sentences": [], "img_path": "7.jpg"}"#],
      .badLine(path: path, line: 2, expected: "a list \"sentences\"", found: "[]"))
    try fails(
      [turkish[0], "7.jpg"],
      .badLine(path: path, line: 2, expected: "a JSON object", found: "\"7.jpg\""))
  }

  @Test func wit() throws {
    let card = try iglue("wit", listed: 2, ["tr"])
    func line(_ picture: String, _ caption: String) -> String {
      #"{"image_idx": 3, "caption_reference_description": "\#(caption)", "wit_ix": "\#(picture)"}"#
    }
    try write(
      "tr.jsonl",
      [line("wit-test_0", "bir ev"), line("wit-test_9", "kale"), line("wit-test_0", "ev")]
        .joined(separator: "\n"))
    // Pictures are found whatever their kind.
    try write("val2014/wit-test_0.png", "bytes")
    let check = DatasetCheck(card, root: root)
    #expect(check.pictures == 2 && check.missingPictures == ["wit-test_9"])
    try write("val2014/wit-test_9.jpeg", "bytes")
    let data = try card.load(root: root)
    #expect(data.items.map(\.image) == ["wit-test_0", "wit-test_9"])
    #expect(data.items.map(\.captions) == [["tr": ["bir ev", "ev"]], ["tr": ["kale"]]])
    #expect(data.path(of: data.items[0]) == root + "/val2014/wit-test_0.png")
    try write("tr.jsonl", line("wit-test_0", "bir ev") + "\n" + line("wit-test_9", " "))
    #expect(
      throws: DataFailure.badLine(
        path: root + "/tr.jsonl", line: 2, expected: "a text \"caption_reference_description\"",
        found: "\" \"")
    ) { try card.load(root: root) }
  }

  @Test func cardsAreReadStrictly() throws {
    func fails(_ from: String, _ to: String, _ expected: String, _ found: String) {
      let text = Self.parallel.replacingOccurrences(of: from, with: to)
      #expect(
        throws: DataFailure.badCard(
          path: folder.path + "/small.toml", expected: expected, found: found)
      ) { try card(text) }
    }
    fails("name = \"small\"", "name = \"big\"", "name = \"small\", as the file is named", "\"big\"")
    fails(
      "parallel-lines", "rows", "layout = parallel-lines, karpathy, crossmodal, xflickrco, wit",
      "\"rows\"")
    fails(
      "pictures_listed = 3", "pictures_listed = 0", "pictures_listed = a number above 0",
      "something else")
    fails("source = \"here\"\n", "", "source = a text", "no such key")
    fails("[\"train2014\", \"val2014\"]", "[1]", "folders = a list of texts", "something else")
  }

  @Test func picturesHaveNumbers() {
    #expect(PictureNumber.of("COCO_train2014_000000000009.jpg") == 9)
    #expect(PictureNumber.of("train2017/000000000009.jpg") == 9)
    #expect(PictureNumber.of("1000268201_693b08cb0e.jpg") == 1_000_268_201)
    #expect(PictureNumber.of("1000268201.jpg") == 1_000_268_201)
    #expect(PictureNumber.of("scene-12.png") == nil)
    #expect(PictureNumber.of("0004ad1.jpg") == nil)
  }

  @Test func shippedCardsAreGood() throws {
    let cards = try DatasetCards.load()
    #expect(cards.all.count >= 19)
    #expect(
      try cards.find("xflickrco").languages == ["de", "en", "es", "id", "ja", "ru", "tr", "zh"])
    #expect(try cards.find("wit-tr").picturesUsed == 681)
    #expect(throws: DataFailure.self) { try cards.find("xtd10") }
    for card in cards.all {
      #expect(!card.captions.isEmpty, "\(card.name)")
      for file in card.files { #expect(file.sha256.map { $0.utf8.count == 64 } ?? true) }
    }
  }

  /// The published captions; the pictures themselves are not there.
  @Test(.enabled(if: SharedData.exists("data/xtd10"), "needs data/xtd10 of the shared data"))
  func xtd10() throws {
    let cards = try DatasetCards.load()
    let all = DatasetCheck(try cards.find("xtd10-1k"), root: SharedData.path("data/xtd10"))
    #expect(all.files.count == 12 && all.files.allSatisfy { $0.state == .good }, "\(all.files)")
    #expect(all.pictures == 1_000 && all.missingPictures.count == 1_000 && all.unreadable == nil)
    let lilt = DatasetCheck(try cards.find("xtd10-lilt200"), root: SharedData.path("data/xtd10"))
    #expect(lilt.pictures == 200 && lilt.unreadable == nil)
  }
}
