import Foundation
import Testing
import XlingCore
import XlingTensor
import XlingTestSupport

@testable import XlingTowers

/// What of a checkpoint is in memory once it was looked through: the system's own count, by file.
struct LoadingMemoryTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Bytes of all mappings of a file that are resident in this process.
  private static func resident(_ path: String) throws -> Int {
    let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let maps = try String(contentsOfFile: "/proc/self/smaps", encoding: .utf8)
    var isFile = false
    var kilobytes = 0
    for line in maps.split(separator: "\n") {
      if line.contains("-"), line.prefix(while: { $0 != "-" }).allSatisfy(\.isHexDigit) {
        isFile = line.hasSuffix(" " + path)
      } else if isFile, line.hasPrefix("Rss:") {
        kilobytes += Int(line.split(separator: " ")[1]) ?? 0
      }
    }
    return kilobytes * 1024
  }

  /// A text tower most of which are rows of words: nearly all of 10 MB. Gives the file of its weights.
  private func tower() throws -> (folder: String, weights: String) {
    let small = try TowerCheckpoint(Fixtures.path("parity/towers/bert"))
    guard case .text(var configuration) = small.configuration else {
      throw TowerFailure.tensors(path: small.checkpoint.path, problems: ["no text tower"])
    }
    configuration.vocabularySize = 100_000
    let path = folder.path + "/words"
    try TextTower(configuration).save(to: path, storage: .float32)
    return (path, path + "/model.safetensors")
  }

  @Test func wordsThatDoNotOccurTakeNoMemory() throws {
    let (path, weights) = try tower()
    let checkpoint = try TowerCheckpoint(path)
    let tower = try checkpoint.text()
    #expect(checkpoint.checkpoint.tensors.values.reduce(0) { $0 + 4 * $1.count } > 9_000_000)
    #expect(try checkpoint.nonFiniteTensors(of: tower) == [])
    _ = try checkpoint.checkpoint.contentHash()
    #expect(try Self.resident(weights) < 3_000_000)
    withExtendedLifetime(tower) {}
  }

  /// The last number of the file's largest tensor, and one of a tensor behind it.
  @Test func nonFiniteNumbersAreFoundInTheFile() throws {
    let (path, weights) = try tower()
    let name = "embeddings.word_embeddings.weight"
    let words = try #require(try Checkpoint(path).tensors[name])
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: weights))
    try file.seek(toOffset: UInt64(words.offset + 4 * (words.count - 1)))
    try file.write(contentsOf: withUnsafeBytes(of: Float.nan) { Data($0) })
    try file.close()
    let checkpoint = try TowerCheckpoint(path)
    let tower = try checkpoint.text()
    #expect(try checkpoint.nonFiniteTensors(of: tower) == [name])
    #expect(try checkpoint.nonFiniteTensors(of: tower, except: [name]) == [])
  }

  /// What training wrote to a mapped tower stays while its file is looked through.
  @Test func whatWasWrittenStays() throws {
    let (path, _) = try tower()
    let checkpoint = try TowerCheckpoint(path)
    let tower = try checkpoint.text()
    let words = try #require(tower.parameters["embeddings.word_embeddings.weight"])
    words.value.update(repeating: 7, count: words.count)
    #expect(try checkpoint.nonFiniteTensors(of: tower) == [])
    #expect(words.values.allSatisfy { $0 == 7 })
  }

  @Test func readingOnceGivesAllBytes() throws {
    let path = folder.path + "/bytes"
    var bytes = Data()
    for number in 0..<33 { bytes.append(Data(repeating: UInt8(number), count: 1 << 20)) }
    bytes.append(Data("the end".utf8))
    try AtomicFile.write(bytes, to: path)
    let file = try MappedFile(path: path)
    var read = Data()
    var most = 0
    try file.readOnce {
      read.append(contentsOf: $0)
      most = max(most, try Self.resident(path))
    }
    #expect(read == bytes)
    #expect(most < MappedFile.block * 3 / 2, "\(most)")
  }
}
