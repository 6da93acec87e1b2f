import Foundation

/// The entries of a zip file whose bytes lie there as they are (APPNOTE.TXT 6.3.10, sections 4.3 and
/// 4.5.3 for zip64). PyTorch stores and never compresses; whatever is compressed is refused, so no
/// small file can ask for much memory.
struct ZipArchive {
  /// Entry names and where their bytes lie in the file.
  let entries: [String: Range<Int>]

  private struct Record {
    var name: String
    var method: UInt16
    var flags: UInt16
    var packed: UInt64
    var size: UInt64
    var header: UInt64
    /// Bytes of the record in the central directory.
    var length: Int
  }

  private static let maximumEntries = 1_000_000

  /// Throws ``TowerFailure/notPyTorch(path:reason:)``.
  init(_ file: MappedFile) throws(TowerFailure) {
    var position: Int
    let count: Int
    (position, count) = try Self.directory(file)
    var entries: [String: Range<Int>] = [:]
    for _ in 0..<count {
      let record = try Self.record(file, at: position)
      position += record.length
      let range = try Self.range(of: record, file)
      guard entries.updateValue(range, forKey: record.name) == nil else {
        throw Self.refuse(file, "its entry \"\(record.name)\" occurs twice")
      }
    }
    var end = 0
    for (name, range) in entries.sorted(by: {
      ($0.value.lowerBound, $0.key) < ($1.value.lowerBound, $1.key)
    })
    where !range.isEmpty {
      guard range.lowerBound >= end else {
        throw Self.refuse(file, "its entry \"\(name)\" overlaps another")
      }
      end = range.upperBound
    }
    self.entries = entries
  }

  private static func refuse(_ file: MappedFile, _ reason: String) -> TowerFailure {
    .notPyTorch(path: file.path, reason: reason)
  }

  /// Where the central directory begins and how many records it has: from the last end record.
  private static func directory(_ file: MappedFile) throws(TowerFailure) -> (Int, Int) {
    let shortest = 22
    var end = file.count - shortest
    let limit = max(0, end - Int(UInt16.max))
    while end >= limit, file.integer(end, as: UInt32.self) != 0x0605_4B50 { end -= 1 }
    guard end >= limit, let records: UInt16 = file.integer(end + 10),
      let start: UInt32 = file.integer(end + 16)
    else { throw refuse(file, "it has no zip directory; the file was cut off") }
    var (position, count) = (UInt64(start), UInt64(records))
    if start == .max || records == .max {
      guard file.integer(end - 20, as: UInt32.self) == 0x0706_4B50,
        let wide: UInt64 = file.integer(end - 12), let at = Int(exactly: wide),
        file.integer(at, as: UInt32.self) == 0x0606_4B50,
        let records: UInt64 = file.integer(at + 32), let start: UInt64 = file.integer(at + 48)
      else { throw refuse(file, "its zip64 directory cannot be found") }
      (position, count) = (start, records)
    }
    guard count <= maximumEntries, position <= UInt64(file.count) else {
      throw refuse(file, "its zip directory claims \(count) entries from byte \(position) on")
    }
    return (Int(position), Int(count))
  }

  private static func record(_ file: MappedFile, at start: Int) throws(TowerFailure) -> Record {
    guard file.integer(start, as: UInt32.self) == 0x0201_4B50,
      let flags: UInt16 = file.integer(start + 8), let method: UInt16 = file.integer(start + 10),
      let packed: UInt32 = file.integer(start + 20), let size: UInt32 = file.integer(start + 24),
      let name: UInt16 = file.integer(start + 28), let extra: UInt16 = file.integer(start + 30),
      let comment: UInt16 = file.integer(start + 32), let header: UInt32 = file.integer(start + 42)
    else { throw refuse(file, "its zip directory is damaged at byte \(start)") }
    let length = 46 + Int(name) + Int(extra) + Int(comment)
    guard length <= file.count - start else {
      throw refuse(file, "its zip directory is damaged at byte \(start)")
    }
    var record = Record(
      name: String(decoding: file.bytes(start + 46..<start + 46 + Int(name)), as: UTF8.self),
      method: method, flags: flags, packed: UInt64(packed), size: UInt64(size),
      header: UInt64(header), length: length)
    let fields = start + 46 + Int(name)..<start + 46 + Int(name) + Int(extra)
    try widen(&record, file, fields)
    return record
  }

  /// Sizes and offsets of 2^32 - 1 stand for 64-bit ones in an extra field.
  private static func widen(
    _ record: inout Record, _ file: MappedFile, _ extra: Range<Int>
  ) throws(TowerFailure) {
    let marker = UInt64(UInt32.max)
    guard record.size == marker || record.packed == marker || record.header == marker else {
      return
    }
    var position = extra.lowerBound
    while position + 4 <= extra.upperBound {
      let kind: UInt16 = file.integer(position) ?? 0
      let length = Int(file.integer(position + 2, as: UInt16.self) ?? 0)
      guard kind == 1 else {
        position += 4 + length
        continue
      }
      var at = position + 4
      for field in [\Record.size, \Record.packed, \Record.header]
      where record[keyPath: field] == marker {
        guard at + 8 <= min(position + 4 + length, extra.upperBound),
          let value: UInt64 = file.integer(at)
        else { break }
        record[keyPath: field] = value
        at += 8
      }
      return
    }
    throw refuse(file, "the size of its entry \"\(record.name)\" is missing")
  }

  private static func range(
    of record: Record, _ file: MappedFile
  ) throws(TowerFailure) -> Range<Int> {
    guard record.method == 0, record.packed == record.size else {
      throw refuse(
        file,
        "its entry \"\(record.name)\" is compressed (method \(record.method), "
          + "\(record.packed) bytes for \(record.size)); PyTorch stores entries as they are")
    }
    guard record.flags & 1 == 0 else {
      throw refuse(file, "its entry \"\(record.name)\" is encrypted")
    }
    let damaged = "its entry \"\(record.name)\" lies outside the file"
    guard let start = Int(exactly: record.header), let size = Int(exactly: record.size),
      file.integer(start, as: UInt32.self) == 0x0403_4B50,
      let name: UInt16 = file.integer(start + 26), let extra: UInt16 = file.integer(start + 28)
    else { throw refuse(file, damaged) }
    let first = start + 30 + Int(name) + Int(extra)
    guard first <= file.count, size <= file.count - first else { throw refuse(file, damaged) }
    return first..<first + size
  }
}
