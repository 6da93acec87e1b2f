import Foundation
import Testing
import XlingCore
import XlingTestSupport

/// The number of a process that ended.
private func deadProcess() throws -> Int32 {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/true")
  try process.run()
  process.waitUntilExit()
  return process.processIdentifier
}

@Suite struct PartialsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func names() throws -> [String] { try FolderNames.read(folder.path).sorted() }

  @Test func whatTheDeadLeftIsRemovedAndNothingElse() throws {
    let dead = try deadProcess()
    let kept = ["a", "a.partial-x", "b.partial-\(getpid())", "partial-\(dead)"]
    for name in kept + ["a.partial-\(dead)"] {
      try AtomicFile.write("", to: folder.path + "/" + name)
    }
    try AtomicFile.createFolder(folder.path + "/run.partial-\(dead)/checkpoints")
    Partials.sweep(of: folder.path + "/other")
    #expect(try names().count == 6)
    Partials.sweep(of: folder.path + "/a")
    #expect(try names() == (kept + ["run.partial-\(dead)"]).sorted())
    Partials.sweep(folder: folder.path)
    #expect(try names() == kept.sorted())
    #expect(Partials.path(of: "x/b") == "x/b.partial-\(getpid())")
  }

  /// The old folder and the new one change places; what is left of either, by this process or by one that
  /// was killed in between, is removed.
  @Test func aReplacedFolderLeavesNothingBeside() throws {
    let (dead, place) = (try deadProcess(), folder.path + "/vocab")
    func write(_ text: String) throws {
      try NewFolder.replace(place) { try AtomicFile.write(text, to: $0 + "/" + text) }
    }
    try write("first")
    #expect(try FolderNames.read(place) == ["first"])
    try AtomicFile.createFolder(place + ".partial-\(dead)/first")
    try write("second")
    #expect(try names() == ["vocab"])
    #expect(try FolderNames.read(place) == ["second"])
    #expect(throws: FileFailure.self) {
      try NewFolder.replace(place) { throw FileFailure.missing(path: $0, hint: "") }
    }
    #expect(try names() == ["vocab"])
    #expect(try FolderNames.read(place) == ["second"])
  }
}

@Suite struct ProcessMarkTests {
  @Test func thisProcessIsAliveAndReadsBackAsItIsWritten() throws {
    let mark = ProcessMark.current
    #expect(mark.isAlive && mark.process == getpid())
    #expect(ProcessMark(mark.description) == mark)
    #expect(try JSONDecoder().decode(ProcessMark.self, from: JSONEncoder().encode(mark)) == mark)
  }

  /// After a restart, and where the number was given to another, it is another process.
  @Test func theSameNumberOfAnotherTimeIsDead() throws {
    let mark = ProcessMark.current
    let earlier = ProcessMark(process: mark.process, boot: "another", start: mark.start)
    #expect(!earlier.isAlive)
    if mark.start > 0 {
      let other = ProcessMark(process: mark.process, boot: mark.boot, start: mark.start + 1)
      #expect(!other.isAlive)
    }
    let dead = ProcessMark(process: try deadProcess(), boot: mark.boot, start: 1)
    #expect(!dead.isAlive)
  }

  @Test(arguments: ["", "1 2", "1 2 boot more", "x 2 boot", "1 -2 boot", "99999999999 2 boot"])
  func whatIsNoMarkIsNone(_ text: String) { #expect(ProcessMark(text) == nil) }
}
