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

  /// `indices` by the bytes of their pieces: most comparisons end within the first eight bytes,
  /// which are compared as one number.
  func sorted(_ indices: some Sequence<Int32>) -> [Int32] {
    bytes.withUnsafeBufferPointer { bytes in
      var keys = indices.map { index in
        let range = range(Int(index))
        var prefix: UInt64 = 0
        for at in 0..<8 {
          prefix = prefix << 8 | (at < range.count ? UInt64(bytes[range.lowerBound + at]) : 0)
        }
        return (prefix: prefix, index: index)
      }
      keys.sort { left, right in
        if left.prefix != right.prefix { return left.prefix < right.prefix }
        let (first, second) = (range(Int(left.index)), range(Int(right.index)))
        return bytes[first].lexicographicallyPrecedes(bytes[second])
      }
      return keys.map(\.index)
    }
  }
}
