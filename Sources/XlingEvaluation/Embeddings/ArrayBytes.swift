import XlingCore

/// Where an array's bytes are: a part of a file, or memory where a file has them packed.
final class ArrayBytes: Sendable {
  let count: Int
  private let file: FileReader?
  private let first: Int
  private let unpacked: [UInt8]

  /// The file, or the part `span` of it. Throws `FileFailure`.
  init(_ path: String, _ span: Range<Int>? = nil) throws(FileFailure) {
    let reader = try FileReader(path)
    (count, first) = (span?.count ?? reader.size, span?.lowerBound ?? 0)
    file = consume reader
    unpacked = []
  }

  init(unpacked: [UInt8]) {
    (count, first) = (unpacked.count, 0)
    file = nil
    self.unpacked = unpacked
  }

  /// Fills `buffer` from the array's byte `offset` on; false when there are fewer, or they cannot be read.
  func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Bool {
    guard offset >= 0, offset <= count, buffer.count <= count - offset else { return false }
    switch file {
    case .some(let file): return file.read(buffer, at: first + offset)
    case nil:
      buffer.copyBytes(from: unpacked[offset..<offset + buffer.count])
      return true
    }
  }

  /// Nil when there are fewer, or they cannot be read.
  func bytes(at offset: Int, count length: Int) -> [UInt8]? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    switch file {
    case .some(let file): return file.bytes(at: first + offset, count: length)
    case nil: return Array(unpacked[offset..<offset + length])
    }
  }
}
