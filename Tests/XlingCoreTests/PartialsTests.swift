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
