import Foundation

/// What the system says of a file: while all of it stays, so do the bytes.
struct FileMark: Equatable, Sendable {
  let size: Int
  /// Nanoseconds since 1970, of the last change of the bytes and of anything about the file; the second
  /// also moves when somebody sets the first back.
  let modified: Int64
  let changed: Int64
  let inode: UInt64
  let device: UInt64

  init(size: Int, modified: Int64, changed: Int64, inode: UInt64, device: UInt64) {
    (self.size, self.modified, self.changed) = (size, modified, changed)
    (self.inode, self.device) = (inode, device)
  }

  init(_ status: stat) {
    self.init(
      size: Int(status.st_size), modified: Self.nanoseconds(status.st_mtim),
      changed: Self.nanoseconds(status.st_ctim), inode: UInt64(status.st_ino),
      device: UInt64(status.st_dev))
  }

  /// Of what a path leads to; nil where nothing is there.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Of an open file; nil for what is no file.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    self.init(status)
  }

  /// Whether a later change would show. Clocks of file systems tick in steps (4 ms, and whole seconds
  /// where no fraction is kept): within one, bytes change and the time does not.
  func isSettled(at now: Int64) -> Bool {
    let hasFraction = modified % 1_000_000_000 != 0 || changed % 1_000_000_000 != 0
    return now - max(modified, changed) > (hasFraction ? 100_000_000 : 2_500_000_000)
  }

  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return nanoseconds(time)
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
