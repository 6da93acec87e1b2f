import XlingCore

/// The index of a file of states: a head, then an entry for each record, appended when the record is written.
/// All numbers are little-endian.
///
/// A process that is killed leaves at most a record without an entry or a part of an entry; neither is
/// found again. Each entry has a checksum over itself, and that of its record.
enum StateIndex {
  static let version: UInt32 = 1
  static let magic = Array("XLSTATES".utf8)
  /// Magic, version, four zeros, the trunk's hash, 16 bytes of SHA-256 over these.
  static let headBytes = 64
  /// Key, offset, count, the record's checksum, 16 bytes of SHA-256 over the trunk's hash and these.
  static let entryBytes = 96

  /// Where a record lies.
  struct Entry: Equatable {
    let key: StateKey
    /// In the file of records, in bytes.
    let offset: UInt64
    /// Numbers.
    let count: UInt64
    /// SHA-256 over trunk, key and record.
    let checksum: [UInt8]

    var bytes: UInt64 { count * 4 }
  }

  static func head(of trunk: [UInt8]) -> [UInt8] {
    var head = magic + little(version) + [0, 0, 0, 0] + trunk
    head += short(head)
    return head
  }

  /// Why a head is not that of `trunk`; nil where it is.
  static func problem(ofHead head: [UInt8], trunk: [UInt8]) -> String? {
    guard head.count == headBytes, Array(head.prefix(8)) == magic else {
      return "is no index of states"
    }
    let version = number(head[8..<12])
    guard version == UInt64(Self.version) else {
      return "has format \(version), which this version does not read (it reads \(Self.version))"
    }
    guard Array(head.suffix(16)) == short(Array(head.dropLast(16))) else {
      return "has a damaged head (checksum)"
    }
    return Array(head[16..<48]) == trunk ? nil : "is of another trunk than its folder"
  }

  static func encode(_ entry: Entry, trunk: [UInt8]) -> [UInt8] {
    let body = entry.key.bytes + little(entry.offset) + little(entry.count) + entry.checksum
    return body + short(trunk + body)
  }

  /// nil where the checksum is another.
  static func decode(_ bytes: ArraySlice<UInt8>, trunk: [UInt8]) -> Entry? {
    let body = Array(bytes.dropLast(16))
    guard bytes.count == entryBytes, Array(bytes.suffix(16)) == short(trunk + body) else {
      return nil
    }
    return Entry(
      key: StateKey(Array(body[0..<32])), offset: number(body[32..<40]),
      count: number(body[40..<48]), checksum: Array(body[48..<80]))
  }

  /// Of a record under its key, which then cannot stand for another's.
  static func checksum(
    trunk: [UInt8], _ key: StateKey, _ record: UnsafeRawBufferPointer
  ) -> [UInt8] {
    let digest = Digest()
    trunk.withUnsafeBytes { digest.update($0) }
    key.bytes.withUnsafeBytes { digest.update($0) }
    digest.update(record)
    return digest.finish()
  }

  private static func short(_ bytes: [UInt8]) -> [UInt8] {
    let digest = Digest()
    bytes.withUnsafeBytes { digest.update($0) }
    return Array(digest.finish().prefix(16))
  }

  private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// SHA-256 of what states are of, without an allocation of its own.
struct StateKey: Hashable, Sendable {
  private let words: SIMD4<UInt64>

  /// Of 32 bytes.
  init(_ bytes: [UInt8]) {
    precondition(bytes.count == 32, "a key is a SHA-256")
    words = bytes.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
  }

  var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }
}
