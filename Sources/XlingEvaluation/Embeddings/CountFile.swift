import Foundation
import XlingCore

/// A file of counts: a line of JSON, the header, then columns of numbers, little-endian, one after
/// another. A column of a million numbers is four megabytes, in the file and while it is written.
struct CountFile<Header: Codable> {
  enum Column: Equatable {
    case whole([Int32])
    case real([Double])
  }

  let header: Header
  let columns: [Column]

  private struct Layout: Codable {
    var whole: [Bool]
    let counts: [Int]
    /// SHA-256 of the columns.
    let hash: String
    let header: Header
  }

  /// Throws `FileFailure`.
  func write(to path: String) throws {
    let digest = Digest()
    forEachColumn { digest.update($0) }
    let layout = Layout(
      whole: columns.map { if case .whole = $0 { true } else { false } },
      counts: columns.map { column in
        switch column {
        case .whole(let values): values.count
        case .real(let values): values.count
        }
      },
      hash: digest.hexadecimal(), header: header)
    let encoder = JSONEncoder()
    // The same counts are the same bytes.
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let line = try encoder.encode(layout) + [0x0A]
    try AtomicFile.write(to: path) { append in
      try line.withUnsafeBytes { try append($0) }
      try forEachColumn { try append($0) }
    }
  }

  private func forEachColumn(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    for column in columns {
      switch column {
      case .whole(let values): try values.withUnsafeBytes { try body($0) }
      case .real(let values): try values.withUnsafeBytes { try body($0) }
      }
    }
  }

  /// Nil when the file is another, was cut off or changed. Throws `JSONFailure` for a repeated key,
  /// `FileFailure`.
  static func read(_ path: String, hint: String = "Check the path.") throws -> CountFile? {
    let data = try AtomicFile.read(path, hint: hint)
    guard let end = data.firstIndex(of: 0x0A) else { return nil }
    try JSONFile.check(data[..<end], in: path)
    guard
      let layout = try? JSONDecoder().decode(Layout.self, from: data[..<end]),
      layout.whole.count == layout.counts.count
    else { return nil }
    let start = end + 1
    let widths = layout.whole.map { $0 ? 4 : 8 }
    guard layout.counts.allSatisfy({ (0...data.count).contains($0) }),
      zip(layout.counts, widths).reduce(0, { $0 + $1.0 * $1.1 }) == data.count - start,
      Digest.of(data[start...]) == layout.hash
    else { return nil }
    var place = start
    let columns = zip(layout.whole, layout.counts).map { isWhole, count in
      defer { place += count * (isWhole ? 4 : 8) }
      return isWhole
        ? Column.whole(values(data, at: place, count)) : .real(values(data, at: place, count))
    }
    return CountFile(header: layout.header, columns: columns)
  }

  private static func values<Value>(_ data: Data, at start: Int, _ count: Int) -> [Value] {
    data.withUnsafeBytes { bytes in
      [Value](unsafeUninitializedCapacity: count) { out, initialized in
        UnsafeMutableRawBufferPointer(out).copyMemory(
          from: UnsafeRawBufferPointer(
            rebasing: bytes[start..<start + count * MemoryLayout<Value>.stride]))
        initialized = count
      }
    }
  }
}
