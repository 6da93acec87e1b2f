import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite struct FileLockTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  @Test func aSecondHolderIsToldWhoHoldsTheFolder() throws {
    let path = folder.path + "/run"
    let lock = try FileLock(folder: path)
    #expect(FileLock.isHeld(folder: path))
    #expect(throws: LockFailure.held(path: path, holder: "\(getpid())")) {
      try FileLock(folder: path)
    }
    lock.release()
    #expect(!FileLock.isHeld(folder: path))
    try FileLock(folder: path).release()
  }

  @Test func foldersMadeForTheLockAloneGoWithIt() throws {
    try FileLock(folder: folder.path + "/a/b").release()
    #expect(!exists(folder.path + "/a"))
    let lock = try FileLock(folder: folder.path + "/a/b")
    try AtomicFile.write("kept", to: folder.path + "/a/b/file")
    lock.release()
    #expect(exists(folder.path + "/a/b/file") && !exists(folder.path + "/a/b/.lock"))
  }

  @Test func aLockThatIsForgottenIsLetGo() throws {
    let output = folder.path + "/new/output"
    do { _ = try FileLock(output: output, makingParents: true) }
    #expect(!exists(output + ".lock") && exists(folder.path + "/new"))
    try FileLock(output: output).release()
  }

  /// The system lets go of a killed process's lock, its file stays.
  @Test func theFileOfAKilledProcessIsSweptAndInNobodysWay() throws {
    try AtomicFile.write("1\n", to: folder.path + "/.lock")
    #expect(!FileLock.isHeld(folder: folder.path))
    let lock = try FileLock(folder: folder.path)
    FileLock.sweep(folder: folder.path)
    #expect(exists(folder.path + "/.lock"), "a lock that is held is not swept")
    lock.release()
    try AtomicFile.write("1\n", to: folder.path + "/.lock")
    FileLock.sweep(folder: folder.path)
    #expect(!exists(folder.path + "/.lock"))
  }
}
