import Foundation
import XlingCore

/// A file's bytes, mapped privately: pages are read when they are touched, and written to a copy
/// that the file never sees. Whoever changes the file in place meanwhile changes what is read; our
/// own writers replace files instead.
final class MappedFile {
  let path: String
  let count: Int
  /// nil for an empty file.
  let start: UnsafeMutableRawPointer?

  /// Throws ``FileFailure``.
  init(path: String) throws(FileFailure) {
    let (descriptor, facts) = try OpenedFile.descriptor(
      path, hint: "A checkpoint was expected there.")
    defer { close(descriptor) }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      throw .cannotRead(path: path, reason: "it is a pipe or device, not a file")
    }
    self.path = path
    count = Int(facts.st_size)
    guard count > 0 else {
      start = nil
      return
    }
    let mapped = mmap(
      nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
    }
    start = mapped
  }

  deinit { if let start { munmap(start, count) } }

  /// The bytes of `range`, which must lie within the file. They are there as long as the file is
  /// kept: whoever holds them keeps it.
  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    guard let start else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(
      rebasing: UnsafeRawBufferPointer(start: start, count: count)[range])
  }

  var all: UnsafeRawBufferPointer { bytes(0..<count) }

  /// A little-endian integer at `offset`; nil beyond the end.
  func integer<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type = Value.self) -> Value?
  {
    guard offset >= 0, offset <= count - MemoryLayout<Value>.size else { return nil }
    return Value(
      littleEndian: all.loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// Gives `body` all bytes in order, block by block, and each block's pages back to the system: however large the
  /// file is, little of it is in memory at a time. Nothing may have been written to this mapping.
  func readOnce(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    for first in stride(from: 0, to: count, by: Self.block) {
      let range = first..<min(first + Self.block, count)
      try body(bytes(range))
      release(range)
    }
  }

  /// Bytes that are read at a time: whole pages, whose size is never more.
  static let block = 1 << 24

  /// Gives the pages of a range that was copied elsewhere, or is not needed for now, back to the system. What was
  /// written to them is lost.
  func release(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (range.lowerBound + page - 1) / page * page
    let last = range.upperBound / page * page
    if let start, last > first { madvise(start + first, last - first, MADV_DONTNEED) }
  }
}
