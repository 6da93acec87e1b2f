import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

/// A dataset's identity is the bytes of its pictures, and finding it costs a reading once.
@Suite struct ContentHashTests {
  private let folder: TemporaryFolder
  private let memory: ContentMemory

  init() throws {
    folder = try TemporaryFolder()
    memory = ContentMemory(
      folder: folder.path, environment: ["XLING_CACHE": folder.path + "/cache"])
    try AtomicFile.createFolder(folder.path + "/images")
    for (name, bytes) in [("a", "red"), ("b", "tan")] { try write(bytes, name) }
    let lines = ["a", "b"].map {
      #"{"image": "\#($0)", "split": "test", "captions": {"en": ["\#($0)"]}}"# + "\n"
    }
    try AtomicFile.write(lines.joined(), to: folder.path + "/captions.jsonl")
  }

  private func path(_ name: String) -> String { folder.path + "/images/" + name }

  /// Long ago, so that a later change is sure to show.
  private func write(_ bytes: String, _ name: String) throws {
    try Data(bytes.utf8).write(to: URL(fileURLWithPath: path(name)))
  }

  private func digests(anew: Bool = false) throws -> [String] {
    try ContentHash.digests(
      of: ["a", "b"].map { .init(place: "images/\($0)", path: path($0), mark: nil) },
      in: folder.path, memory: memory, anew: anew)
  }

  @Test func picturesThatChangePlacesAreOtherData() throws {
    let before = try Dataset.load(folder.path)
    #expect(before.contentHash.hasPrefix("2:") && before.contentHash.utf8.count == 66)
    try FileManager.default.moveItem(atPath: path("a"), toPath: path("c"))
    try FileManager.default.moveItem(atPath: path("b"), toPath: path("a"))
    try FileManager.default.moveItem(atPath: path("c"), toPath: path("b"))
    let after = try Dataset.load(folder.path)
    #expect(after.contentHash != before.contentHash)
    // Names and sizes are what they were.
    #expect(after.formerHash() == before.formerHash())
    #expect(after.pictureDigests()["a"] == before.pictureDigests()["b"])
  }

  @Test func whatWasHashedIsRemembered() throws {
    let first = try digests()
    #expect(first == [Digest.of("red"), Digest.of("tan")])
    // Just written: a change within one tick of the clock would not show.
    #expect(memory.entries().isEmpty)
    usleep(150_000)
    #expect(try digests() == first)
    var entries = memory.entries()
    #expect(entries["images/b"]?.digest == first[1])
    // What is remembered is believed while the file is the same, and found out when all is read.
    entries["images/a"] = try .init(
      mark: #require(FileMark(path: path("a"))), digest: Digest.of("other"))
    memory.keep(entries)
    #expect(try digests() == [Digest.of("other"), first[1]])
    #expect(throws: DataFailure.self) { try digests(anew: true) }
    try write("sky", "a")
    #expect(try digests() == [Digest.of("sky"), first[1]])
  }

  @Test func aDamagedMemoryIsNone() throws {
    usleep(150_000)
    let first = try digests()
    let file = try #require(memory.path)
    var bytes = try AtomicFile.read(file)
    bytes[40] ^= 1
    try bytes.write(to: URL(fileURLWithPath: file))
    #expect(memory.entries().isEmpty)
    #expect(try digests() == first && !memory.entries().isEmpty)
    let nowhere = ContentMemory(folder: folder.path, environment: [:])
    #expect(nowhere.path == nil && nowhere.entries().isEmpty)
    let base = ContentMemory(folder: folder.path, environment: ["XDG_CACHE_HOME": "/c"])
    #expect(base.path?.hasPrefix("/c/xling/contents/") == true)
  }

  /// Of several files at once, as a tower's shards are.
  @Test func oneSumOfSeveralFilesIsRemembered() throws {
    let files = ["a", "b"].map(path)
    var computed = 0
    func sum(anew: Bool = false) -> String {
      RememberedSum.of(
        files, in: folder.path + "/images", anew: anew,
        environment: ["XLING_CACHE": folder.path + "/cache"]
      ) {
        computed += 1
        let bytes = files.compactMap { try? Data(contentsOf: URL(fileURLWithPath: $0)) }
        return Digest.of(bytes.reduce(Data(), +))
      }
    }
    // Just written: a change within one tick of the clock would not show.
    #expect(sum() == Digest.of("redtan") && sum() == Digest.of("redtan") && computed == 2)
    usleep(150_000)
    #expect(sum() == Digest.of("redtan") && sum() == Digest.of("redtan") && computed == 3)
    #expect(sum(anew: true) == Digest.of("redtan") && computed == 4)
    // Any of them changes, and goes.
    try write("tin", "b")
    #expect(sum() == Digest.of("redtin") && computed == 5)
    try FileManager.default.removeItem(atPath: path("a"))
    #expect(sum() == Digest.of("tin") && sum() == Digest.of("tin") && computed == 7)
  }
}
