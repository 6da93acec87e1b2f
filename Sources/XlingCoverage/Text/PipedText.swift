import Foundation
import XlingCore

/// What comes through a pipe once, and may be asked for again: by a second tokenizer, say. The first who asks writes
/// it into a temporary file without a name, from which all read; files are read where they are.
final class PipedText: @unchecked Sendable {
  private let lock = NSLock()
  private var kept: Int32?

  deinit {
    if let kept { close(kept) }
  }

  /// `body` reads from the start, one at a time. Throws `FileFailure`, and what `body` throws.
  func read<Result>(
    _ source: Int32, name: String, _ body: (Int32) throws -> Result
  ) throws -> Result {
    lock.lock()
    defer { lock.unlock() }
    if kept == nil {
      // A file on stdin is begun where the shell stands in it, each time.
      let place = lseek(source, 0, SEEK_CUR)
      if place >= 0 {
        defer { lseek(source, place, SEEK_SET) }
        return try body(source)
      }
    }
    let descriptor = try kept ?? keep(source, name)
    kept = descriptor
    lseek(descriptor, 0, SEEK_SET)
    return try body(descriptor)
  }

  private func keep(_ source: Int32, _ name: String) throws(FileFailure) -> Int32 {
    let folder = FileManager.default.temporaryDirectory.path
    var path = Array((folder + "/xling-text-XXXXXX").utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0 else {
      throw .cannotWrite(path: folder, reason: SystemWords.reason(errno, folder))
    }
    unlink(path)
    do throws(FileFailure) {
      try Self.copy(source, name, to: descriptor, folder)
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func copy(
    _ source: Int32, _ name: String, to descriptor: Int32, _ folder: String
  ) throws(FileFailure) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = Foundation.read(source, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw .cannotRead(path: name, reason: SystemWords.reason(errno))
      }
      if count == 0 { return }
      var written = 0
      while written < count {
        let step = Foundation.write(
          descriptor, buffer.baseAddress.map { $0 + written }, count - written)
        if step < 0, errno == EINTR { continue }
        guard step >= 0 else {
          throw .cannotWrite(path: folder, reason: SystemWords.reason(errno))
        }
        written += step
      }
    }
  }
}
