import CArchive
import Foundation
import XlingCore

/// What `numpy.savez` and `numpy.savez_compressed` write: a zip archive with a `.npy` file an array, as it is
/// or packed by deflate. What is packed is unpacked into memory.
struct NPZArchive {
  private struct Entry {
    let name: String
    let method: Int
    let size: Int
    let packed: Int
    /// Of its local header.
    let offset: Int
  }

  private let path: String
  private let entries: [Entry]

  private static let deflate = 8
  /// deflate makes 258 bytes of two bits at best (RFC 1951).
  private static let largestGain = 1032

  /// Reads the list at the archive's end (APPNOTE 4.3.12, with its fields of 64 bits). Throws
  /// ``EvaluationFailure/notEmbeddings(path:expected:found:hint:)``, `FileFailure`.
  init(_ path: String) throws {
    self.path = path
    let file = try FileReader(path)
    let tail = min(file.size, 22 + 0xFFFF)
    guard let end = file.bytes(at: file.size - tail, count: tail),
      let mark = Self.last([0x50, 0x4B, 0x05, 0x06], in: end), mark + 22 <= end.count,
      let place = Self.list(end, mark, in: file),
      let list = file.bytes(at: place.start, count: place.size),
      let entries = Self.entries(list, count: place.count)
    else { throw Self.broken(path) }
    self.entries = entries.filter { $0.name.hasSuffix(".npy") }
  }

  /// Where the list is: as the record at `mark` says, or the wide one before it (APPNOTE 4.3.14, 4.3.15) where
  /// a number does not fit into that.
  private static func list(
    _ end: [UInt8], _ mark: Int, in file: borrowing FileReader
  ) -> (start: Int, size: Int, count: Int)? {
    let place = (number(end, mark + 16, 4), number(end, mark + 12, 4), number(end, mark + 10, 2))
    guard place.0 == 0xFFFF_FFFF || place.1 == 0xFFFF_FFFF || place.2 == 0xFFFF else {
      return place
    }
    guard mark >= 20, end[mark - 20..<mark - 16].elementsEqual([0x50, 0x4B, 0x06, 0x07]),
      let wide = file.bytes(at: number(end, mark - 12, 8), count: 56),
      wide.starts(with: [0x50, 0x4B, 0x06, 0x06])
    else { return nil }
    return (number(wide, 48, 8), number(wide, 40, 8), number(wide, 32, 8))
  }

  /// The bytes of the array `name`, or of the only one. Throws ``EvaluationFailure``, `FileFailure`.
  func array(_ name: String?) throws -> ArrayBytes {
    let known = entries.map { String($0.name.dropLast(4)) }
    guard let place = name.map({ known.firstIndex(of: $0) }) ?? (known.count == 1 ? 0 : nil) else {
      guard !known.isEmpty else {
        throw Self.bad(path, "an archive of .npy files (.npz)", "a zip archive without one")
      }
      throw EvaluationFailure.tensorChoice(path: path, wanted: name, known: known)
    }
    let entry = entries[place]
    switch entry.method {
    case 0: return try stored(entry)
    case Self.deflate: return ArrayBytes(unpacked: try unpacked(entry))
    default:
      throw Self.bad(
        path, "arrays that are stored or packed by deflate, as NumPy writes them",
        "\(entry.name) packed by method \(entry.method), in a zip archive (.npz)")
    }
  }

  private func stored(_ entry: Entry) throws -> ArrayBytes {
    let file = try FileReader(path)
    guard let head = file.bytes(at: entry.offset, count: 30), head[0] == 0x50, head[1] == 0x4B
    else { throw Self.broken(path) }
    // The local header has lengths of its own.
    let start = entry.offset + 30 + Self.number(head, 26, 2) + Self.number(head, 28, 2)
    guard start <= file.size, entry.packed <= file.size - start else {
      throw Self.bad(path, "\(entry.packed) bytes of \(entry.name)", "the archive's end")
    }
    return try ArrayBytes(path, start..<start + entry.packed)
  }

  /// Reads all members up to the one asked for, its checksum with it.
  private func unpacked(_ entry: Entry) throws -> [UInt8] {
    let file = try FileReader(path)
    guard entry.packed <= file.size, entry.size <= Self.largestGain * entry.packed else {
      throw Self.bad(
        path, "\(entry.name) in at most \(Self.largestGain) times its packed size",
        "\(entry.size) bytes out of \(entry.packed)")
    }
    var message = [CChar](repeating: 0, count: 256)
    guard let archive = xling_archive_open_zip(path, &message, message.count) else {
      throw Self.broken(path)
    }
    defer { xling_archive_close(archive) }
    var member: UnsafePointer<CChar>?
    var size: Int64 = 0
    repeat {
      guard xling_archive_next(archive, &member, &size) > 0 else { throw Self.broken(path) }
    } while member.map { String(cString: $0) } != entry.name
    var isWhole = true
    let bytes = [UInt8](unsafeUninitializedCapacity: entry.size) { buffer, count in
      guard let start = buffer.baseAddress else { return }
      while count < entry.size {
        let more = Int(xling_archive_read(archive, start + count, entry.size - count))
        guard more > 0 else { break }
        count += more
      }
      // The checksum is looked at behind the last byte.
      var end: UInt8 = 0
      isWhole = count == entry.size && xling_archive_read(archive, &end, 1) == 0
    }
    guard isWhole else {
      throw Self.bad(
        path, "\(entry.size) bytes of \(entry.name), packed by deflate in a zip archive",
        "others (\(String(cString: xling_archive_message(archive))))")
    }
    return bytes
  }

  private static func entries(_ list: [UInt8], count: Int) -> [Entry]? {
    var entries: [Entry] = []
    var at = 0
    while entries.count < count {
      guard at + 46 <= list.count, list[at..<at + 4].elementsEqual([0x50, 0x4B, 0x01, 0x02])
      else { return nil }
      let (name, extra) = (number(list, at + 28, 2), number(list, at + 30, 2))
      let next = at + 46 + name + extra + number(list, at + 32, 2)
      guard next <= list.count else { return nil }
      var numbers = [number(list, at + 24, 4), number(list, at + 20, 4), number(list, at + 42, 4)]
      widen(&numbers, list[(at + 46 + name)..<(at + 46 + name + extra)])
      entries.append(
        Entry(
          name: String(decoding: list[(at + 46)..<(at + 46 + name)], as: UTF8.self),
          method: number(list, at + 10, 2), size: numbers[0], packed: numbers[1],
          offset: numbers[2]))
      at = next
    }
    return entries
  }

  /// Numbers of all ones are in the extra field 1, in their order.
  private static func widen(_ numbers: inout [Int], _ extra: ArraySlice<UInt8>) {
    let extra = Array(extra)
    var at = 0
    while at + 4 <= extra.count {
      let (kind, size) = (number(extra, at, 2), number(extra, at + 2, 2))
      var place = at + 4
      for index in numbers.indices where kind == 1 && numbers[index] == 0xFFFF_FFFF {
        guard place + 8 <= min(extra.count, at + 4 + size) else { return }
        numbers[index] = number(extra, place, 8)
        place += 8
      }
      at += 4 + size
    }
  }

  /// Little-endian; one that no file has where it is out of the bytes or of the integers.
  private static func number(_ bytes: [UInt8], _ at: Int, _ count: Int) -> Int {
    guard at + count <= bytes.count else { return 0 }
    let value = bytes[at..<at + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(min(value, UInt64(1) << 60))
  }

  private static func last(_ mark: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= mark.count else { return nil }
    return (0...bytes.count - mark.count).last { bytes[$0...].starts(with: mark) }
  }

  private static func broken(_ path: String) -> EvaluationFailure {
    bad(path, "a whole zip archive", "one that is cut off or broken")
  }

  private static func bad(_ path: String, _ expected: String, _ found: String) -> EvaluationFailure
  {
    .notEmbeddings(
      path: path, expected: expected, found: found,
      hint: "Save the one array by numpy.save(path, array).")
  }
}
