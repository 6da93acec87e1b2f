import Foundation

/// A file or folder that another process is working on.
public enum LockFailure: Failure, Equatable {
  case held(path: String, holder: String?)

  public var exitStatus: ExitStatus { .inputOutput }

  public var description: String {
    switch self {
    case .held(let path, let holder):
      "another xling\(holder.map { " (process \($0))" } ?? "") is working on \(path). Wait for it to "
        + "end, or name another output."
    }
  }
}

/// One process at a time works on a run's folder or an output. The operating system holds the lock
/// and lets it go however the process ends, so none outlives a kill.
///
/// The lock is on a file of its own, `PATH.lock` (`FOLDER/.lock` for a folder), which holds the process
/// number of the holder for others' messages, and is removed with the lock.
public final class FileLock {
  private let descriptor: Int32
  private let file: String
  /// Folders that were made for the lock, innermost last.
  private var made: [String] = []
  private var isHeld = true

  /// Locks a file or folder that is written, or is to be made, at `path`. Folders above it are made
  /// where `makingParents`, and what dead processes left of the output is removed. Throws ``LockFailure/held(path:holder:)``,
  /// ``FileFailure/cannotWrite(path:reason:)``.
  public convenience init(output path: String, makingParents: Bool = false) throws {
    var name = path[...]
    while name.count > 1, name.hasSuffix("/") { name.removeLast() }
    if makingParents, let slash = name.lastIndex(of: "/"), slash > name.startIndex {
      try AtomicFile.createFolder(String(name[..<slash]))
    }
    try self.init(name + ".lock", of: path)
    Partials.sweep(of: String(name))
  }

  /// As ``init(output:makingParents:)`` with folders made; another process that works there is waited for, which is
  /// told on stderr once. Throws `InterruptionFailure`, ``FileFailure/cannotWrite(path:reason:)``.
  public static func awaiting(output path: String) throws -> FileLock {
    var isTold = false
    while true {
      do { return try FileLock(output: path, makingParents: true) } catch let held as LockFailure {
        if case .held(_, let holder) = held, !isTold {
          ProgressBar.toStandardError(
            "xling: waiting for another xling\(holder.map { " (process \($0))" } ?? "") that is working on "
              + "\(path)\n")
        }
        isTold = true
        try Interruption.check("nothing was begun here")
        usleep(100_000)
      }
    }
  }

  /// Locks a folder, which is made where it is not there. Throws as ``init(output:)``.
  public convenience init(folder path: String) throws {
    let made = Self.missingFolders(path)
    try AtomicFile.createFolder(path)
    try self.init(path + "/.lock", of: path)
    self.made = made
  }

  /// Whether a process holds the folder's lock; false where nothing can be asked.
  public static func isHeld(folder path: String) -> Bool {
    let descriptor = open(path + "/.lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// Removes the lock file of a process that was killed.
  public static func sweep(folder path: String) {
    guard FileManager.default.fileExists(atPath: path + "/.lock"), !isHeld(folder: path) else {
      return
    }
    (try? FileLock(folder: path))?.release()
  }

  private static func missingFolders(_ path: String) -> [String] {
    var missing: [String] = []
    var folder = path
    while !folder.isEmpty, folder != "/", !FileManager.default.fileExists(atPath: folder) {
      missing.append(folder)
      folder = PathParts.folder(of: folder)
    }
    return missing.reversed()
  }

  private init(_ file: String, of path: String) throws {
    self.file = file
    var tries = 5
    while true {
      let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard descriptor >= 0 else {
        throw FileFailure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
      }
      while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        if errno == EINTR { continue }
        let reason = errno
        if reason == EWOULDBLOCK, tries > 0 {
          // Whoever only looks whether it is held holds it for that moment.
          tries -= 1
          usleep(20_000)
          continue
        }
        if [ENOSYS, EOPNOTSUPP, ENOLCK].contains(reason) {
          // Some network file systems have none; work goes on, and the user knows.
          ProgressBar.toStandardError(
            "xling: warning: the file system of \(path) has no locks: see to it that no other xling "
              + "works there\n")
          break
        }
        defer { close(descriptor) }
        guard reason == EWOULDBLOCK else {
          throw FileFailure.cannotWrite(path: path, reason: String(cString: strerror(reason)))
        }
        throw LockFailure.held(path: path, holder: Self.holder(descriptor))
      }
      // The holder before may have removed the file between our opening and locking it: a lock on a
      // file without a name keeps nobody out.
      var mine = stat()
      var named = stat()
      if fstat(descriptor, &mine) == 0, stat(file, &named) == 0, mine.st_ino == named.st_ino,
        mine.st_dev == named.st_dev
      {
        self.descriptor = descriptor
        break
      }
      close(descriptor)
    }
    let number = "\(getpid())\n"
    _ = ftruncate(descriptor, 0)
    // Only for the message of others: where it cannot be written (a full disk) the lock holds all the same.
    _ = number.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  private static func holder(_ descriptor: Int32) -> String? {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    let digits = bytes.prefix(count).prefix { $0 >= 48 && $0 <= 57 }
    return digits.isEmpty ? nil : String(decoding: digits, as: UTF8.self)
  }

  /// Lets go; what was made for the lock alone is removed. A lock that is not let go before is when its
  /// last reference goes.
  public func release() {
    guard isHeld else { return }
    isHeld = false
    // First the name, then the lock: who opens the file in between finds out above.
    unlink(file)
    // Only folders that are empty: nothing came of the work.
    for folder in made.reversed() { rmdir(folder) }
    close(descriptor)
  }

  deinit { release() }
}
