import Foundation
import XlingCore

/// One process's file of records, `NAME.states`, mapped into memory, and its index `NAME.index`. Records are
/// little-endian float32, each from a multiple of 64 bytes on.
///
/// Its owner's lock guards what changes; ``copy(_:into:)`` changes nothing, and several threads may be at it.
final class StateSegment: @unchecked Sendable {
  let path: String
  private let trunk: [UInt8]
  private let records: Int32
  private let index: Int32
  /// Bytes of the index that were read.
  private var readBytes = 0
  private var map: UnsafeMutableRawPointer?
  private var mappedBytes = 0
  /// Entries whose checksum is not theirs.
  private(set) var damagedEntries = 0

  /// `path` without ending. Throws `FileFailure`, ``ExperimentFailure/damaged(path:what:)`` for an index of
  /// another format or trunk.
  init(reading path: String, trunk: [UInt8]) throws {
    (self.path, self.trunk) = (path, trunk)
    index = try Self.open(path + ".index")
    do { records = try Self.open(path + ".states") } catch {
      close(index)
      throw error
    }
    let head = Self.read(index, at: 0, count: StateIndex.headBytes)
    // Whoever was killed before the head was whole wrote nothing behind it.
    if head.count < StateIndex.headBytes { return }
    if let problem = StateIndex.problem(ofHead: head, trunk: trunk) {
      throw ExperimentFailure.damaged(path: path + ".index", what: "it \(problem)")
    }
    readBytes = StateIndex.headBytes
  }

  deinit {
    if let map { munmap(map, mappedBytes) }
    close(records)
    close(index)
  }

  /// Whether a process writes to it.
  var isLive: Bool {
    guard flock(records, LOCK_SH | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
    flock(records, LOCK_UN)
    return false
  }

  var bytes: Int { Self.size(records) + Self.size(index) }

  /// Entries that came since it was asked last. Those whose record is not whole are left out: whoever wrote
  /// them was killed.
  func newEntries() -> [StateIndex.Entry] {
    guard readBytes > 0 else { return [] }
    let whole = (Self.size(index) - readBytes) / StateIndex.entryBytes * StateIndex.entryBytes
    guard whole > 0 else { return [] }
    let bytes = Self.read(index, at: readBytes, count: whole)
    readBytes += bytes.count / StateIndex.entryBytes * StateIndex.entryBytes
    let size = UInt64(Self.size(records))
    return stride(from: 0, to: bytes.count / StateIndex.entryBytes, by: 1).compactMap { place in
      let start = place * StateIndex.entryBytes
      guard
        let entry = StateIndex.decode(
          bytes[start..<start + StateIndex.entryBytes], trunk: trunk)
      else {
        damagedEntries += 1
        return nil
      }
      return Self.end(of: entry, within: size) == nil ? nil : entry
    }
  }

  /// Makes all of so many entries reachable. Not while another thread copies.
  func map(_ entries: [StateIndex.Entry]) {
    let size = Self.size(records)
    let ends = entries.compactMap { Self.end(of: $0, within: UInt64(size)) }
    guard let end = ends.max(), end > mappedBytes else { return }
    if let map { munmap(map, mappedBytes) }
    (map, mappedBytes) = (nil, 0)
    guard let mapped = mmap(nil, size, PROT_READ, MAP_SHARED, records, 0), mapped != MAP_FAILED
    else { return }
    (map, mappedBytes) = (mapped, size)
  }

  /// Copies a record and says whether it is the one that was written. What is used is what was checked.
  func copy(_ entry: StateIndex.Entry, into out: UnsafeMutablePointer<Float>) -> Bool {
    // A file that somebody cut off ends the process where a mapping reaches beyond it.
    guard let map, let end = Self.end(of: entry, within: UInt64(Self.size(records))),
      end <= mappedBytes
    else { return false }
    memcpy(out, map + Int(entry.offset), Int(entry.bytes))
    let record = UnsafeRawBufferPointer(start: out, count: Int(entry.bytes))
    return StateIndex.checksum(trunk: trunk, entry.key, record) == entry.checksum
  }

  /// Pages of entries that will be copied soon.
  func readAhead(_ entries: [StateIndex.Entry]) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    for entry in entries {
      guard let map, let end = Self.end(of: entry, within: UInt64(mappedBytes)) else { continue }
      let start = Int(entry.offset) / page * page
      madvise(map + start, end - start, MADV_WILLNEED)
    }
  }

  /// nil where it lies beyond `size`.
  private static func end(of entry: StateIndex.Entry, within size: UInt64) -> Int? {
    let (bytes, isLong) = entry.count.multipliedReportingOverflow(by: 4)
    let (end, isFar) = entry.offset.addingReportingOverflow(bytes)
    return isLong || isFar || end > size || entry.offset % 4 != 0 ? nil : Int(end)
  }

  private static func open(_ path: String) throws(FileFailure) -> Int32 {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
    }
    return descriptor
  }

  private static func size(_ descriptor: Int32) -> Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  private static func read(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, got in
      while got < count {
        let more = pread(descriptor, buffer.baseAddress! + got, count - got, offset + got)
        if more < 0, errno == EINTR { continue }
        guard more > 0 else { return }
        got += more
      }
    }
  }
}
