import Foundation
import XlingCore

/// What `numpy.savez` writes: a zip archive with a `.npy` file an array, not packed. Packed ones
/// (`numpy.savez_compressed`) are refused by name.
struct NPZArchive {
  private struct Entry {
    let name: String
    let method: Int
    let size: Int
    /// Of its local header.
    let offset: Int
  }

  private let path: String
  private let entries: [Entry]

  /// Reads the list at the archive's end (APPNOTE 4.3.12, with its extra field of 64 bits). Throws
  /// ``EvaluationFailure/notEmbeddings(path:expected:found:hint:)``, `FileFailure`.
  init(_ path: String) throws {
    self.path = path
    let file = try FileReader(path)
    let tail = min(file.size, 22 + 0xFFFF)
    guard let end = file.bytes(at: file.size - tail, count: tail),
      let mark = Self.last([0x50, 0x4B, 0x05, 0x06], in: end), mark + 22 <= end.count,
      let list = file.bytes(
        at: Self.number(end, mark + 16, 4), count: Self.number(end, mark + 12, 4)),
      let entries = Self.entries(list, count: Self.number(end, mark + 10, 2))
    else { throw Self.bad(path, "a whole zip archive", "one that is cut off or broken") }
    self.entries = entries.filter { $0.name.hasSuffix(".npy") }
  }

  /// The bytes of the array `name`, or of the only one. Throws ``EvaluationFailure``, `FileFailure`.
  func array(_ name: String?) throws -> Range<Int> {
    let known = entries.map { String($0.name.dropLast(4)) }
    guard let place = name.map({ known.firstIndex(of: $0) }) ?? (known.count == 1 ? 0 : nil) else {
      guard !known.isEmpty else {
        throw Self.bad(path, "an archive of .npy files (.npz)", "a zip archive without one")
      }
      throw EvaluationFailure.tensorChoice(path: path, wanted: name, known: known)
    }
    let entry = entries[place]
    guard entry.method == 0 else {
      throw Self.bad(
        path, "arrays that are not packed (numpy.savez)",
        "\(entry.name) packed (numpy.savez_compressed), in a zip archive (.npz)")
    }
    let file = try FileReader(path)
    guard let head = file.bytes(at: entry.offset, count: 30), head[0] == 0x50, head[1] == 0x4B
    else { throw Self.bad(path, "a whole zip archive", "one that is cut off or broken") }
    // The local header has lengths of its own.
    let start = entry.offset + 30 + Self.number(head, 26, 2) + Self.number(head, 28, 2)
    guard start + entry.size <= file.size else {
      throw Self.bad(path, "\(entry.size) bytes of \(entry.name)", "the archive's end")
    }
    return start..<start + entry.size
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
      let method = number(list, at + 10, 2)
      entries.append(
        Entry(
          name: String(decoding: list[(at + 46)..<(at + 46 + name)], as: UTF8.self),
          method: method, size: method == 0 ? numbers[1] : numbers[0], offset: numbers[2]))
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

  private static func bad(_ path: String, _ expected: String, _ found: String) -> EvaluationFailure
  {
    .notEmbeddings(
      path: path, expected: expected, found: found,
      hint: "Save the one array by numpy.save(path, array).")
  }
}
