/// A value for each of the 0x110000 code points in blocks of 256; equal blocks are stored once.
struct ScalarTable<Value: FixedWidthInteger & Sendable & BitwiseCopyable>: Sendable {
  private let index: [UInt16]
  private let values: [Value]

  static var codePointCount: Int { 0x110000 }

  /// `all` holds 0x110000 values.
  init(_ all: [Value]) {
    precondition(all.count == Self.codePointCount, "one value for each code point")
    var blocks = Blocks()
    all.withUnsafeBufferPointer { all in
      for start in stride(from: 0, to: all.count, by: 256) {
        blocks.append(UnsafeBufferPointer(rebasing: all[start..<start + 256]))
      }
    }
    self.init(blocks)
  }

  private init(_ blocks: Blocks) {
    index = blocks.index
    values = blocks.values
  }

  /// The table of what `transform` makes of each scalar and its value. Where all values of a block
  /// are such that `ignoresScalar`, it is asked once for all blocks that equal it.
  func map<Other>(
    ignoresScalar: (Value) -> Bool, _ transform: (UInt32, Value) -> Other
  ) -> ScalarTable<Other> {
    // By block: whether it depends on its values only, and what it became.
    let depends = stride(from: 0, to: values.count, by: 256).map { start in
      !values[start..<start + 256].allSatisfy(ignoresScalar)
    }
    var made = [UInt16?](repeating: nil, count: depends.count)
    var blocks = ScalarTable<Other>.Blocks()
    var block: [Other] = []
    for (place, number) in index.enumerated() {
      if let same = made[Int(number)] {
        blocks.index.append(same)
        continue
      }
      block.removeAll(keepingCapacity: true)
      for low in 0..<256 {
        block.append(transform(UInt32(place << 8 | low), values[Int(number) << 8 | low]))
      }
      let new = block.withUnsafeBufferPointer { blocks.append($0) }
      if !depends[Int(number)] { made[Int(number)] = new }
    }
    return ScalarTable<Other>(blocks)
  }

  /// Blocks as they come, equal ones once.
  fileprivate struct Blocks {
    var index: [UInt16] = []
    private(set) var values: [Value] = []
    /// Numbers of the blocks by a hash of their values.
    private var known: [UInt64: [UInt16]] = [:]

    /// Returns the block's number.
    @discardableResult
    mutating func append(_ block: UnsafeBufferPointer<Value>) -> UInt16 {
      // Most blocks are the one before once more.
      if let last = index.last, holds(last, block) {
        index.append(last)
        return last
      }
      let hash = block.reduce(UInt64(0)) {
        ($0 ^ UInt64(truncatingIfNeeded: $1)) &* 0x9e37_79b9_7f4a_7c15
      }
      let number =
        known[hash]?.first { holds($0, block) } ?? UInt16(values.count >> 8)
      if Int(number) << 8 == values.count {
        known[hash, default: []].append(number)
        values.append(contentsOf: block)
      }
      index.append(number)
      return number
    }

    private func holds(_ number: UInt16, _ block: UnsafeBufferPointer<Value>) -> Bool {
      values.withUnsafeBufferPointer { values in
        for at in 0..<256 where values[Int(number) << 8 | at] != block[at] { return false }
        return true
      }
    }
  }

  /// `scalar` is below 0x110000.
  @inline(__always)
  subscript(scalar: UInt32) -> Value {
    values[Int(index[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
  }

  /// A copy for loops that read it without checks.
  func storage() -> Storage { Storage(index, values) }

  /// The value of c is values[blocks[c >> 8] << 8 | c & 0xFF]. Lives as long as the object.
  final class Storage {
    let blocks: UnsafePointer<UInt16>
    let values: UnsafePointer<Value>
    /// The memory that it takes.
    let byteCount: Int

    fileprivate init(_ index: [UInt16], _ all: [Value]) {
      byteCount = index.count * 2 + all.count * MemoryLayout<Value>.stride
      let blocks = UnsafeMutablePointer<UInt16>.allocate(capacity: index.count)
      let values = UnsafeMutablePointer<Value>.allocate(capacity: all.count)
      _ = UnsafeMutableBufferPointer(start: blocks, count: index.count).initialize(from: index)
      _ = UnsafeMutableBufferPointer(start: values, count: all.count).initialize(from: all)
      self.blocks = UnsafePointer(blocks)
      self.values = UnsafePointer(values)
    }

    deinit {
      blocks.deallocate()
      values.deallocate()
    }
  }
}
