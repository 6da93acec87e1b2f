import Foundation
import XlingCore

/// The file of records that this process appends to. It is held by a lock as long as the process lives; one
/// thread at a time appends.
final class StateWriter: @unchecked Sendable {
  /// Without ending.
  let path: String
  private let trunk: [UInt8]
  private let records: Int32
  private let index: Int32
  private var end: Int
  private var indexEnd: Int

  /// Throws `FileFailure` where the folder cannot be written.
  init(in folder: String, trunk: [UInt8]) throws {
    let moment = UInt64(Date().timeIntervalSince1970 * 1e6)
    // Later files go before earlier ones, so names rise with time.
    path = "\(folder)/\(String(moment, radix: 16))-\(getpid())"
    self.trunk = trunk
    records = try Self.create(path + ".states")
    flock(records, LOCK_EX | LOCK_NB)
    do {
      index = try Self.create(path + ".index")
    } catch {
      unlink(path + ".states")
      close(records)
      throw error
    }
    (end, indexEnd) = (0, StateIndex.headBytes)
    guard Self.write(StateIndex.head(of: trunk), to: index, at: 0) else {
      throw Self.failure(path + ".index")
    }
  }

  deinit {
    close(index)
    close(records)
  }

  var bytes: Int { end + indexEnd }

  /// Appends a record, then its entry: an entry has its record. Throws `FileFailure` (a full disk), and what
  /// was written before stays.
  func append(
    _ key: StateKey, _ states: UnsafeBufferPointer<Float>
  ) throws -> StateIndex.Entry {
    let bytes = UnsafeRawBufferPointer(states)
    let entry = StateIndex.Entry(
      key: key, offset: UInt64(end), count: UInt64(states.count),
      checksum: StateIndex.checksum(trunk: trunk, key, bytes))
    guard Self.write(bytes, to: records, at: end) else {
      let failure = Self.failure(path + ".states")
      ftruncate(records, off_t(end))
      throw failure
    }
    guard Self.write(StateIndex.encode(entry, trunk: trunk), to: index, at: indexEnd) else {
      let failure = Self.failure(path + ".index")
      ftruncate(index, off_t(indexEnd))
      throw failure
    }
    end = (end + bytes.count + 63) / 64 * 64
    indexEnd += StateIndex.entryBytes
    return entry
  }

  private static func create(_ path: String) throws(FileFailure) -> Int32 {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw failure(path) }
    return descriptor
  }

  private static func failure(_ path: String) -> FileFailure {
    .cannotWrite(path: path, reason: String(cString: strerror(errno)))
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32, at offset: Int) -> Bool {
    bytes.withUnsafeBytes { write($0, to: descriptor, at: offset) }
  }

  private static func write(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int
  ) -> Bool {
    var done = 0
    while done < bytes.count {
      let written = pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return false }
      done += written
    }
    return true
  }
}
