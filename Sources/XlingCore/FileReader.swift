import Foundation

/// A file that is read in parts, from several threads.
public struct FileReader: ~Copyable, Sendable {
  private let descriptor: Int32
  public let size: Int

  /// Throws ``FileFailure/missing(path:hint:)``, ``FileFailure/cannotRead(path:reason:)``.
  public init(_ path: String) throws(FileFailure) {
    let opened = try OpenedFile.descriptor(path)
    descriptor = opened.descriptor
    size = Int(opened.status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `buffer`; false when the file has fewer bytes, or cannot be read.
  public func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Bool {
    guard let start = buffer.baseAddress else { return true }
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, start + done, buffer.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// Nil when the file has fewer bytes, or cannot be read.
  public func bytes(at offset: Int, count: Int) -> [UInt8]? {
    guard offset >= 0, count >= 0, offset <= size, count <= size - offset else { return nil }
    var isRead = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      isRead = read(UnsafeMutableRawBufferPointer(buffer), at: offset)
      initialized = isRead ? count : 0
    }
    return isRead ? bytes : nil
  }
}
