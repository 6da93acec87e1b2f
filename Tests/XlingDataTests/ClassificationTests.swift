import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

@Suite("labelled pictures")
struct ClassificationTests {
  let folder: TemporaryFolder
  var root: String { folder.path + "/data" }

  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.createFolder(folder.path + "/data")
  }

  private func write(_ name: String, _ data: Data) throws {
    try AtomicFile.write(data, to: root + "/" + name)
  }

  // MARK: folders

  @Test func foldersAreClasses() throws {
    for name in ["b/2.jpg", "b/1.jpg", "a/3.jpg"] {
      try AtomicFile.createFolder(root + "/" + name.prefix(1))
      try write(name, Data("bytes".utf8))
    }
    try write("README", Data())
    try AtomicFile.createFolder(root + "/.hidden")
    let pictures = try LabelledPictures.load(root + "/")
    #expect(
      pictures.name == "data" && pictures.classes == ["a", "b"] && pictures.labels == [0, 1, 1])
    #expect(
      pictures.pictures == ["a/3.jpg", "b/1.jpg", "b/2.jpg"].map { .file(root + "/" + $0) })
    #expect(pictures.names == nil)
    try write("b/1.jpg", Data("other bytes".utf8))
    #expect(try LabelledPictures.load(root).contentHash != pictures.contentHash)
    try AtomicFile.createFolder(root + "/b/deep")
    #expect(throws: ClassificationFailure.self) { try LabelledPictures.load(root) }
    try FileManager.default.removeItem(atPath: root + "/b/deep")
    try AtomicFile.createFolder(root + "/c")
    #expect(throws: ClassificationFailure.emptyClass(path: root, name: "c")) {
      try LabelledPictures.load(root)
    }
  }

  @Test func anEmptyFolderHoldsNone() {
    #expect(throws: ClassificationFailure.noClasses(path: root)) { try LabelledPictures.load(root) }
    #expect(throws: FileFailure.self) { try LabelledPictures.load(root + "/gone") }
  }

  // MARK: CIFAR-100

  /// Two records whose planes are constant but for one pixel, in row 1, column 2.
  private func cifar(_ labels: [UInt8]) -> Data {
    labels.reduce(into: Data()) { data, label in
      data += [99, label]
      for channel in 0..<3 {
        var plane = [UInt8](repeating: UInt8(10 * (channel + 1)), count: 1_024)
        plane[32 + 2] = label
        data += plane
      }
    }
  }

  @Test func cifar100() throws {
    try write("fine_label_names.txt", Data("apple\naquarium_fish\n\n".utf8))
    try write("test.bin", cifar([1, 0]))
    let pictures = try LabelledPictures.load(root)
    #expect(pictures.name == "cifar100" && pictures.labels == [1, 0])
    #expect(pictures.classes == ["apple", "aquarium_fish"])
    #expect(pictures.names?.names(of: "aquarium_fish", in: "en") == ["aquarium fish"])
    #expect(pictures.names?.names(of: "apple", in: "tr") == nil)
    var expected = Picture(width: 32, height: 32, red: 10, green: 20, blue: 30)
    for channel in 0..<3 { expected.pixels[(32 + 2) * 3 + channel] = 1 }
    #expect(pictures.pictures[0] == .pixels(expected))

    func fails(_ data: Data, _ expected: String, _ found: String) throws {
      try write("test.bin", data)
      #expect(
        throws: ClassificationFailure.badFile(
          path: root + "/test.bin", expected: expected, found: found)
      ) { try LabelledPictures.load(root) }
    }
    try fails(cifar([1]).dropLast(), "records of 3074 bytes", "3073 bytes")
    try fails(Data(), "records of 3074 bytes", "0 bytes")
    try fails(cifar([1, 2]), "fine labels under 2", "2 in record 1")
  }

  // MARK: SVHN

  /// scipy.io.savemat of two pictures, X[r, c, k, n] = r / 8 * 10 + c / 8 * 20 + k * 60 + n, labelled
  /// 10 and 3; compressed.
  private static let svhn =
    "TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFRodSBOb3YgMjYgMDk6NTE6Mz"
    + "ggMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAAzgAA"
    + "AHic7ckxb0FRHIbxc0lFK2kMmtwJY60sBl1r1a2plVVXVlZWVlZW1lpr5Qs5SZ90eD/Cm/O7+efcN89zCKGbh1CKbz"
    + "neY/jzEK8ar8kV4xXiZfH75D/k4d8TaqjDvet+RRvuXXcP73Dvugf4QureXfcIE7h33VPM4d51L7FG6t5d9xZ7uHfd"
    + "R/zAvev+xRXuPUMFL2jAvetuoQP3rvsNfbh33R8YInXvrnuMb7h33TMs4N51r7BB6t5d9w4HuHfdJ5zh3nVfcIN7vw"
    + "MKZuXLDwAAACkAAAB4nONjYGAwAGI2IOYAYk4GCGCF8pmAmBGMGRkqwXwmBi5mBgYAGMsA8g=="

  @Test func svhn() throws {
    let data = try #require(Data(base64Encoded: Self.svhn))
    try write("test_32x32.mat", data)
    let pictures = try LabelledPictures.load(root)
    #expect(pictures.name == "svhn" && pictures.classes.count == 10)
    // 10 stands for the digit 0.
    #expect(pictures.labels == [0, 3])
    #expect(pictures.names?.names(of: "0", in: "yo") == ["0"])
    #expect(pictures.names?.languages == [] && pictures.names?.isForAnyLanguage == true)
    for number in 0..<2 {
      let pixels = (0..<32 * 32 * 3).map { index -> UInt8 in
        let (row, column, channel) = (index / 96, index / 3 % 32, index % 3)
        return UInt8(row / 8 * 10 + column / 8 * 20 + channel * 60 + number)
      }
      #expect(pictures.pictures[number] == .pixels(Picture(width: 32, height: 32, pixels: pixels)))
    }
    // Cut anywhere, or with any byte of the compressed data changed, it is an error or the same.
    for count in stride(from: 0, to: data.count, by: 7) {
      try write("test_32x32.mat", data.prefix(count))
      #expect(throws: ClassificationFailure.self, "\(count)") { try LabelledPictures.load(root) }
    }
    var changed = data
    changed[200] ^= 0xFF
    try write("test_32x32.mat", changed)
    #expect(throws: ClassificationFailure.self) { try LabelledPictures.load(root) }
  }

  /// scipy.io.savemat, uncompressed: a = uint8 [[0, 1, 2], [3, 4, 5]], y = double [[10], [3]],
  /// z = 0.5, w = 1 + 2i, s = "text", i = int32 [[-5, 70000]].
  private static let plain =
    "TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFRodSBOb3YgMjYgMDk6NTE6Mz"
    + "ggMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0OAAAAOAAA"
    + "AAYAAAAIAAAACQAAAAAAAAAFAAAACAAAAAIAAAADAAAAAQABAGEAAAACAAAABgAAAAADAQQCBQAADgAAAEAAAAAGAA"
    + "AACAAAAAYAAAAAAAAABQAAAAgAAAACAAAAAQAAAAEAAQB5AAAACQAAABAAAAAAAAAAAAAkQAAAAAAAAAhADgAAADgA"
    + "AAAGAAAACAAAAAYAAAAAAAAABQAAAAgAAAABAAAAAQAAAAEAAQB6AAAACQAAAAgAAAAAAAAAAADgPw4AAABIAAAABg"
    + "AAAAgAAAAGCAAAAAAAAAUAAAAIAAAAAQAAAAEAAAABAAEAdwAAAAkAAAAIAAAAAAAAAAAA8D8JAAAACAAAAAAAAAAA"
    + "AABADgAAADAAAAAGAAAACAAAAAQAAAAAAAAABQAAAAgAAAABAAAABAAAAAEAAQBzAAAAEAAEAHRleHQOAAAAOAAAAA"
    + "YAAAAIAAAADAAAAAAAAAAFAAAACAAAAAEAAAACAAAAAQABAGkAAAAFAAAACAAAAPv///9wEQEA"

  /// A compressed element: zlib's header, one block that is stored as it is, Adler's sum (RFC 1950).
  private func packed(_ bytes: [UInt8]) -> Data {
    var (a, b) = (1, 0)
    for byte in bytes { (a, b) = ((a + Int(byte)) % 65_521, (b + a + Int(byte)) % 65_521) }
    let count = UInt8(bytes.count)
    let sum = [b >> 8, b & 0xFF, a >> 8, a & 0xFF].map(UInt8.init)
    let whole = [0x78, 0x01, 0x01, count, 0, ~count, 0xFF] + bytes + sum
    return Data([15, 0, 0, 0, UInt8(whole.count), 0, 0, 0] + whole)
  }

  @Test func matFiles() throws {
    let data = try #require(Data(base64Encoded: Self.plain))
    let file = try MATFile(data, path: "f.mat", arrays: ["a", "y", "z", "w", "s", "i"])
    let a = try file.array("a")
    #expect(a.dimensions == [2, 3] && a.bytes == [0, 3, 1, 4, 2, 5] && a.kind == "uint8")
    #expect(try file.array("y").integers == [10, 3] && file.array("y").bytes == nil)
    #expect(try file.array("z").integers == nil)
    #expect(try file.array("i").integers == [-5, 70_000])
    // Complex numbers and texts are not wanted.
    for name in ["w", "s", "q"] {
      #expect(throws: ClassificationFailure.self) { try file.array(name) }
    }
    var version = data
    version[125] = 2
    #expect(throws: ClassificationFailure.self) {
      try MATFile(version, path: "f.mat", arrays: ["a"])
    }
    // A compressed matrix "a" that says of itself that it unpacks to 2 GB: refused by that.
    let matrix: [UInt8] = [
      14, 0, 0, 0, 0, 0, 0, 0x80, 6, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0,
      5, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0x61, 0, 0, 0,
    ]
    let bomb = data.prefix(128) + packed(matrix)
    let error = #expect(throws: ClassificationFailure.self) {
      try MATFile(bomb, path: "f.mat", arrays: ["a"])
    }
    #expect(error?.description.contains("unpacks to 2048 MiB") == true)
    #expect(throws: Never.self) { try MATFile(bomb, path: "f.mat", arrays: ["b"]) }
    // Whatever is broken, it is an error or a smaller file, never a crash.
    func read(_ data: Data) {
      let file = try? MATFile(data, path: "f.mat", arrays: ["a", "y", "z", "w", "s", "i"])
      for name in ["a", "y", "z", "i"] { _ = try? file?.array(name).integers }
    }
    for count in 0..<data.count { read(data.prefix(count)) }
    for index in 128..<data.count {
      for flip: UInt8 in [0x01, 0x80, 0xFF] {
        var broken = data
        broken[index] ^= flip
        read(broken)
      }
    }
  }

  // MARK: names and prompts

  @Test func namesAreReadStrictly() throws {
    func fails(_ text: String, _ line: Int, _ expected: String, _ found: String) throws {
      try write("names.jsonl", Data(text.utf8))
      #expect(
        throws: DataFailure.badLine(
          path: root + "/names.jsonl", line: line, expected: expected, found: found)
      ) { try ClassNames.read(root + "/names.jsonl") }
    }
    let good = #"{"class": "a", "names": {"en": [" dog "], "any": ["x"]}}"#
    try write("names.jsonl", Data((good + "\r\n").utf8))
    let names = try ClassNames.read(root + "/names.jsonl")
    #expect(names.names(of: "a", in: "en") == ["dog"] && names.names(of: "a", in: "tr") == ["x"])
    #expect(names.names(of: "b", in: "en") == nil && names.languages == ["en"])
    try fails(good + "\n" + good, 2, "one line a class", "\"a\"")
    try fails("dog", 1, "a JSON object", "\"dog\"")
    try fails(#"{"class": "a"}"#, 1, "\"names\": language -> list of texts", "no such key")
    try fails(#"{"class": "", "names": {}}"#, 1, "\"class\": a text", "\"\"")
    try fails(
      #"{"class": "a", "names": {"en": "dog"}}"#, 1, "a list of names in \"en\"", "\"dog\"")
    try fails(
      #"{"class": "a", "names": {"en": [" "]}}"#, 1, "a list of names in \"en\"", "[\" \"]")
    try fails(
      #"{"class": "a", "name": {"en": ["dog"]}}"#, 1, "the keys class and names", "\"name\"")
  }

  @Test func promptsAreReadStrictly() throws {
    let path = root + "/mine.toml"
    func read(_ text: String) throws -> PromptSet {
      try AtomicFile.write(text, to: path)
      return try PromptSet.load(path)
    }
    let prompts = try read("title = \"t\"\n[templates]\nen = [\"a {}\", \"the {}\"]\n")
    #expect(prompts.name == "mine" && prompts.title == "t")
    #expect(try prompts.templates(in: "en") == ["a {}", "the {}"])
    #expect(throws: ClassificationFailure.noTemplate(prompts: "mine", language: "tr", has: ["en"]))
    {
      try prompts.templates(in: "tr")
    }
    for template in ["a dog", "{} and {}", ""] {
      #expect(throws: ClassificationFailure.badTemplate(path: path, template: template)) {
        try read("title = \"t\"\n[templates]\nen = [\"\(template)\"]\n")
      }
    }
    for text in ["title = \"t\"\n", "[templates]\nen = [\"{}\"]\n", "title = \"t\"\n[templates]\n"]
    {
      #expect(throws: DataFailure.self) { try read(text) }
    }
  }

  @Test func shippedPrompts() throws {
    #expect(try PromptSet.load("plain").templates(in: "yo") == ["{}"])
    let ensemble = try PromptSet.load("clip-80").templates(in: "en")
    #expect(ensemble.count == 80 && Set(ensemble).count == 80)
    #expect(ensemble.first == "a bad photo of a {}." && ensemble.last == "a tattoo of the {}.")
    #expect(
      throws: ClassificationFailure.unknownPrompts(
        given: "clip-8", nearest: "clip-80", known: ["clip-80", "number", "photo", "plain"])
    ) { try PromptSet.load("clip-8") }
  }
}
