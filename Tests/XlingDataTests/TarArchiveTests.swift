import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

@Suite struct TarArchiveTests {
  let folder: TemporaryFolder
  private let long = String(repeating: "long", count: 40)

  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.createFolder(folder.path + "/in")
    try AtomicFile.write(Data((0..<3000).map { UInt8($0 % 251) }), to: folder.path + "/in/ä.png")
    try AtomicFile.write("A dog\n", to: folder.path + "/in/\(long).txt")
  }

  private func tar(_ options: [String], _ name: String) throws -> String {
    let path = folder.path + "/" + name
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["tar"] + options + ["-cf", path, "-C", folder.path + "/in", "."]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return path
  }

  private func members(_ path: String) throws -> [String: Int] {
    var found: [String: Int] = [:]
    var archive = try TarArchive(path)
    try archive.forEachMember({ _ in true }, take: { found[$0] = $1.count })
    return found
  }

  @Test(arguments: [
    (["--format=pax"], "a.tar"), (["--format=gnu"], "b.tar"), (["-z"], "c.tar.gz"),
    (["-J"], "d.tar.xz"),
  ])
  func everyKind(options: [String], name: String) throws {
    let found = try members(try tar(options, name))
    #expect(found == ["./ä.png": 3000, "./\(long).txt": 6])
  }

  @Test func brokenArchivesAreRefused() throws {
    let good = try Data(contentsOf: URL(fileURLWithPath: tar(["--format=gnu"], "good.tar")))
    let path = folder.path + "/broken.tar"
    // Bytes here and there are others, ends are cut off: an error or other members, never a crash.
    for seed in 0..<400 {
      var stream = RandomStream(seed: UInt64(seed), "tar")
      var broken = good
      for _ in 0...stream.index(4) {
        broken[stream.index(min(broken.count, 4096))] = UInt8(stream.index(256))
      }
      try broken.prefix(seed % 3 == 0 ? stream.index(broken.count) : broken.count)
        .write(to: URL(fileURLWithPath: path))
      do { _ = try members(path) } catch let error as DataFailure {
        #expect(error.exitStatus == .badData)
      }
    }
  }

  @Test func anArchiveThatUnpacksToFarMoreIsRefused() throws {
    let zeros = folder.path + "/in/zeros.png"
    try AtomicFile.write("", to: zeros)
    truncate(zeros, 200 << 20)
    let path = try tar(["-z"], "bomb.tar.gz")
    let error = #expect(throws: DataFailure.self) { try members(path) }
    #expect(error?.description.contains("far more than it is") == true)
  }
}
