/// Many byte strings in one buffer, by index.
struct PieceList: Sendable, Equatable {
  private(set) var bytes: [UInt8] = []
  /// Where piece i ends; it starts where piece i - 1 ends.
  private(set) var ends: [Int32] = []

  var count: Int { ends.count }

  mutating func append(_ piece: some Collection<UInt8>) {
    bytes.append(contentsOf: piece)
    ends.append(Int32(bytes.count))
  }

  func range(_ index: Int) -> Range<Int> {
    (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
  }

  subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(index)] }

  /// All indices by the bytes of their pieces, equal pieces by index; and two pieces that are
  /// equal, if there are such.
  func sorted() -> (order: [Int32], duplicate: (Int, Int)?) {
    var order = PieceOrder(self)
    order.sort(0..<count, depth: 0)
    return (order.entries.map { Int32(truncatingIfNeeded: $0.index) }, order.duplicate)
  }
}

/// Sorts pieces eight bytes at a time, as big-endian numbers: by radix where there are many, then
/// again behind those bytes where they are equal.
private struct PieceOrder {
  struct Entry: BitwiseCopyable {
    var key: UInt64 = 0
    var index: Int = 0
  }

  private(set) var entries: [Entry]
  private(set) var duplicate: (Int, Int)?
  private var spare: [Entry]
  private let pieces: PieceList

  init(_ pieces: PieceList) {
    self.pieces = pieces
    entries = (0..<pieces.count).map { Entry(index: $0) }
    spare = entries
  }

  /// `range`'s pieces agree in their first `depth` bytes.
  mutating func sort(_ range: Range<Int>, depth: Int) {
    for at in range { entries[at].key = key(entries[at].index, depth) }
    if range.count > 256 {
      sortByRadix(range)
    } else {
      entries[range].sort {
        $0.key != $1.key ? $0.key < $1.key : $0.index < $1.index
      }
    }
    var start = range.lowerBound
    while start < range.upperBound {
      let key = entries[start].key
      var end = start + 1
      while end < range.upperBound, entries[end].key == key { end += 1 }
      if end > start + 1 {
        // Pieces hold no NUL, so a NUL means that all of them have ended.
        if key & 0xFF != 0 {
          sort(start..<end, depth: depth + 8)
        } else {
          duplicate = (entries[start].index, entries[start + 1].index)
        }
      }
      start = end
    }
  }

  private func key(_ index: Int, _ depth: Int) -> UInt64 {
    let range = pieces.range(index)
    return pieces.bytes.withUnsafeBufferPointer { bytes in
      var key: UInt64 = 0
      for at in range.lowerBound + depth..<range.lowerBound + depth + 8 {
        key = key << 8 | (at < range.upperBound ? UInt64(bytes[at]) : 0)
      }
      return key
    }
  }

  /// Stable, the lowest byte first; bytes that are the same everywhere are passed over.
  private mutating func sortByRadix(_ range: Range<Int>) {
    for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
      var starts = [Int](repeating: 0, count: 257)
      for at in range { starts[Int(entries[at].key >> shift & 0xFF) + 1] += 1 }
      if starts.contains(range.count) { continue }
      for digit in 0..<256 { starts[digit + 1] += starts[digit] }
      for at in range {
        let digit = Int(entries[at].key >> shift & 0xFF)
        spare[range.lowerBound + starts[digit]] = entries[at]
        starts[digit] += 1
      }
      entries.withUnsafeMutableBufferPointer { entries in
        for at in range { entries[at] = spare[at] }
      }
    }
  }
}
