import Foundation
import Testing
import XlingCore

@Suite("captions and texts of other people's files")
struct DataInputTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  private func write(_ text: String, _ name: String) throws {
    try AtomicFile.write(text, to: bench.path + "/" + name)
  }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    try AtomicFile.write(Data(bytes), to: bench.path + "/" + name)
  }

  private func importing(_ file: String, _ more: [String] = []) throws -> XlingBinary.Result {
    try bench.xling(
      ["data", "import", "--layout", "flickr", "--test", file, "--output", "d"] + more)
  }

  @Test func anImportTellsWhatItMended() throws {
    let picture = try #require(bench.names(in: "data/scenes/images").first)
    try write("image_name| comment_number| comment\n\(picture)| 4   A .\n", "r.csv")
    let made = try importing("r.csv", ["--images", "data/scenes/images"])
    #expect(made.status == 0, "\(made.stderr)")
    #expect(made.stdout.contains("mended: r.csv, line 2: the second bar is missing"))
    let shard = try bench.xling([
      "data", "import", "--layout", "webdataset", "--test", "x.tar", "--output", "e", "--images",
      ".",
    ])
    #expect(shard.status == 64 && shard.stderr.contains("--images has no use with webdataset"))
  }

  @Test func brokenFilesAreNamed() throws {
    try write(Array("image,caption\na.png,caf".utf8) + [0xE9, 0x0A], "latin.csv")
    try write("image,caption\n", "bare.csv")
    try write("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "lfs.csv")
    for (file, words) in [
      ("latin.csv", "latin.csv, line 2, byte 23: expected UTF-8, found the byte 0xE9"),
      ("bare.csv", "found no rows"), ("lfs.csv", "found a Git LFS pointer"),
    ] {
      let result = try importing(file)
      #expect(result.status == 65 && result.stderr.contains(words), "\(result.stderr)")
      #expect(!bench.exists("d") && result.stdout.isEmpty)
    }
  }

  /// The words of UTF-16 with its mark; never letters with zeros between them.
  @Test func textsInOtherEncodings() throws {
    let text = "a red bus\ntwo dogs\n"
    let wide = ([0xFEFF] + Array(text.utf16)).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    try write(text, "a.txt")
    try write(wide, "b.txt")
    try write(Array(wide.dropFirst(2)), "c.txt")
    try write([0xEF, 0xBB, 0xBF] + Array(text.utf8), "d.txt")
    try write(Array("one\ntwo\ncaf".utf8) + [0xE9], "e.txt")
    func embed(_ name: String) throws -> XlingBinary.Result {
      try bench.xling([
        "embed", "--tower", "text", "--input", "\(name).txt", "--output", "\(name).npy",
      ])
    }
    for name in ["a", "b", "d"] { #expect(try embed(name).status == 0) }
    let vectors = try ["a", "b", "d"].map { try AtomicFile.read(bench.path + "/\($0).npy") }
    #expect(vectors[0] == vectors[1] && vectors[0] == vectors[2])
    for (name, words) in [
      ("c", "c.txt: expected UTF-8, found text in UTF-16LE"),
      ("e", "e.txt, line 3, byte 11: expected UTF-8"),
    ] {
      let refused = try embed(name)
      #expect(refused.status == 65 && refused.stderr.contains(words), "\(refused.stderr)")
      let tokenized = try bench.xling(["tokenize", "--tokenizer", "text", "\(name).txt"])
      #expect(tokenized.status == 65 && tokenized.stderr.contains(words), "\(tokenized.stderr)")
    }
    let cut = try ["a", "b", "d"].map {
      try bench.xling(["tokenize", "--tokenizer", "text", "\($0).txt"]).stdout
    }
    #expect(cut[0] == cut[1] && cut[0] == cut[2] && cut[0].split(separator: "\n").count == 2)
    // What comes before a broken line is printed.
    let partly = try bench.xling(["tokenize", "--tokenizer", "text", "e.txt"])
    #expect(partly.stdout.split(separator: "\n").count == 2)
  }

  @Test func optionsOfTheOtherTowerAreRefused() throws {
    try write("a dog\n", "a.txt")
    for (arguments, words) in [
      (
        ["--tower", "text", "--input", "a.txt", "--image-size", "32", "--filter", "bilinear"],
        "--image-size and --filter have no use with a text tower"
      ),
      (
        ["--tower", "image", "--input", "data/scenes/images", "--maximum-tokens", "8"],
        "--maximum-tokens has no use with an image tower"
      ),
      (
        ["--tower", "image", "--input", "data/scenes/images", "--interpolate", "timm"],
        "--interpolate has no use without --image-size"
      ),
    ] {
      let result = try bench.xling(["embed", "--output", "o.npy"] + arguments)
      #expect(result.status == 64 && result.stderr.contains(words), "\(result.stderr)")
      #expect(!bench.exists("o.npy"))
    }
  }

  /// `é` as a Mac unpacks it, in two characters, is the picture that captions.jsonl names with one.
  @Test func namesInAnotherUnicodeForm() throws {
    let picture = try #require(bench.names(in: "data/scenes/images").first)
    let source = bench.path + "/data/scenes/images/" + picture
    try AtomicFile.createFolder(bench.path + "/nfd/images")
    let disk = "cafe\u{301}.jpg"
    try FileManager.default.copyItem(atPath: source, toPath: bench.path + "/nfd/images/" + disk)
    try write(
      "{\"image\": \"caf\u{E9}.jpg\", \"split\": \"test\", \"captions\": {\"en\": [\"A\"]}}\n",
      "nfd/captions.jsonl")
    let found = try bench.xling(["check", "nfd"])
    #expect(found.status == 0, "\(found.stderr)\(found.stdout)")
    try write("image,caption\ncaf\u{E9}.jpg,A\n", "n.csv")
    #expect(try importing("n.csv", ["--images", "nfd/images"]).status == 0)
    #expect(try bench.xling(["check", "d"]).status == 0)
    let twin = bench.path + "/nfd/images/caf\u{E9}.jpg"
    _ = link(bench.path + "/nfd/images/" + disk, twin)
    let both = try bench.xling(["data", "show", "nfd"])
    #expect(both.status == 65 && both.stderr.contains("composed (NFC) and decomposed (NFD)"))
  }
}
