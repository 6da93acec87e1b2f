/// Many byte strings in one buffer, by index.
struct PieceList: Sendable, Equatable {
  private(set) var bytes: [UInt8] = []
  /// Where piece i ends; it starts where piece i - 1 ends.
  private(set) var ends: [Int32] = []

  var count: Int { ends.count }

  init() {}

  init(_ pieces: some Sequence<[UInt8]>) {
    for piece in pieces { append(piece) }
  }

  mutating func reserve(bytes: Int, count: Int) {
    self.bytes.reserveCapacity(bytes)
    ends.reserveCapacity(count)
  }

  mutating func append(_ piece: some Collection<UInt8>) {
    bytes.append(contentsOf: piece)
    ends.append(Int32(bytes.count))
  }

  /// Where a piece, or the one behind the last, starts.
  @inline(__always)
  func start(_ index: Int) -> Int { index == 0 ? 0 : Int(ends[index - 1]) }

  func range(_ index: Int) -> Range<Int> { start(index)..<Int(ends[index]) }

  subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(index)] }

  func firstIndex(of piece: [UInt8]) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      ends.indices.first { index in
        let range = range(index)
        return range.count == piece.count
          && UnsafeBufferPointer(rebasing: bytes[range]).elementsEqual(piece)
      }
    }
  }

  /// The pieces of these indices, in their order.
  func selecting(_ indices: [Int32]) -> PieceList {
    var result = PieceList()
    result.ends.reserveCapacity(indices.count)
    result.bytes.reserveCapacity(indices.reduce(0) { $0 + range(Int($1)).count })
    bytes.withUnsafeBufferPointer { bytes in
      for index in indices {
        result.append(UnsafeBufferPointer(rebasing: bytes[range(Int(index))]))
      }
    }
    return result
  }

  /// All indices by the bytes of their pieces, equal pieces by index; and two pieces that are
  /// equal, if there are such.
  func sorted() -> (order: [Int32], duplicate: (Int, Int)?) {
    bytes.withUnsafeBufferPointer { bytes in
      ends.withUnsafeBufferPointer { ends in
        let order = PieceOrder(bytes, ends)
        order.sort(0..<ends.count, depth: 0)
        return (order.indices, order.duplicate)
      }
    }
  }
}

/// Sorts pieces eight bytes at a time, as big-endian numbers: by radix where there are many, then
/// again behind those bytes where they are equal.
private final class PieceOrder {
  struct Entry: BitwiseCopyable {
    var key: UInt64
    var index: Int
  }

  private(set) var duplicate: (Int, Int)?
  private let entries: UnsafeMutablePointer<Entry>
  private let spare: UnsafeMutablePointer<Entry>
  /// By byte of the key and its value.
  private let counts: UnsafeMutablePointer<Int>
  private let bytes: UnsafeBufferPointer<UInt8>
  private let ends: UnsafeBufferPointer<Int32>

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ ends: UnsafeBufferPointer<Int32>) {
    self.bytes = bytes
    self.ends = ends
    entries = .allocate(capacity: ends.count)
    spare = .allocate(capacity: ends.count)
    counts = .allocate(capacity: 8 * 256)
    for index in ends.indices { entries[index] = Entry(key: 0, index: index) }
  }

  deinit {
    entries.deallocate()
    spare.deallocate()
    counts.deallocate()
  }

  var indices: [Int32] { ends.indices.map { Int32(truncatingIfNeeded: entries[$0].index) } }

  /// `range`'s pieces agree in their first `depth` bytes and come by index.
  func sort(_ range: Range<Int>, depth: Int) {
    for at in range { entries[at].key = key(entries[at].index, depth) }
    if range.count < 24 {
      sortByInsertion(range)
    } else if range.count < 512 {
      var run = UnsafeMutableBufferPointer(start: entries + range.lowerBound, count: range.count)
      run.sort { (left: Entry, right: Entry) -> Bool in
        left.key != right.key ? left.key < right.key : left.index < right.index
      }
    } else {
      sortByRadix(range)
    }
    var start = range.lowerBound
    while start < range.upperBound {
      let key = entries[start].key
      var end = start + 1
      while end < range.upperBound, entries[end].key == key { end += 1 }
      if end > start + 1 {
        if key & 0xFF == 0, (start..<end).allSatisfy({ length(entries[$0].index) <= depth + 8 }) {
          sortByLength(start..<end)
        } else {
          sort(start..<end, depth: depth + 8)
        }
      }
      start = end
    }
  }

  private func length(_ index: Int) -> Int {
    Int(ends[index]) - (index == 0 ? 0 : Int(ends[index - 1]))
  }

  /// The eight bytes from `depth` on, zeros behind the end.
  private func key(_ index: Int, _ depth: Int) -> UInt64 {
    let start = (index == 0 ? 0 : Int(ends[index - 1])) + depth
    let count = Int(ends[index]) - start
    if count <= 0 { return 0 }
    if let base = bytes.baseAddress, start + 8 <= bytes.count {
      let word = UnsafeRawPointer(base + start).loadUnaligned(as: UInt64.self).bigEndian
      return count >= 8 ? word : word & ~(UInt64.max >> UInt64(8 * count))
    }
    var key: UInt64 = 0
    for at in start..<start + 8 { key = key << 8 | (at < start + count ? UInt64(bytes[at]) : 0) }
    return key
  }

  private func sortByInsertion(_ range: Range<Int>) {
    for at in range.dropFirst() {
      let entry = entries[at]
      var place = at
      while place > range.lowerBound, entries[place - 1].key > entry.key {
        entries[place] = entries[place - 1]
        place -= 1
      }
      entries[place] = entry
    }
  }

  /// Pieces that have ended and differ in NULs at their ends at most.
  private func sortByLength(_ range: Range<Int>) {
    var run = UnsafeMutableBufferPointer(start: entries + range.lowerBound, count: range.count)
    run.sort { (left: Entry, right: Entry) -> Bool in
      let (first, second) = (length(left.index), length(right.index))
      return first != second ? first < second : left.index < right.index
    }
    for at in 1..<run.count where length(run[at - 1].index) == length(run[at].index) {
      duplicate = (run[at - 1].index, run[at].index)
      return
    }
  }

  /// Stable, the lowest byte first; bytes that are the same everywhere are passed over.
  private func sortByRadix(_ range: Range<Int>) {
    counts.initialize(repeating: 0, count: 8 * 256)
    for at in range {
      let key = entries[at].key
      for byte in 0..<8 { counts[byte << 8 | Int(key >> UInt64(8 * byte) & 0xFF)] += 1 }
    }
    var (source, target) = (entries + range.lowerBound, spare + range.lowerBound)
    for byte in 0..<8 {
      let places = UnsafeMutableBufferPointer(start: counts + (byte << 8), count: 256)
      if places.contains(range.count) { continue }
      var place = 0
      for digit in 0..<256 { (places[digit], place) = (place, place + places[digit]) }
      for at in 0..<range.count {
        let digit = Int(source[at].key >> UInt64(8 * byte) & 0xFF)
        target[places[digit]] = source[at]
        places[digit] += 1
      }
      swap(&source, &target)
    }
    if source != entries + range.lowerBound {
      target.update(from: source, count: range.count)
    }
  }
}
