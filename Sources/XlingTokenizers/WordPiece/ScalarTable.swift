/// A value for each of the 0x110000 code points in blocks of 256; equal blocks are stored once.
struct ScalarTable<Value: FixedWidthInteger & Sendable & BitwiseCopyable>: Sendable {
  private let index: [UInt16]
  private let values: [Value]

  static var codePointCount: Int { 0x110000 }

  /// `all` holds 0x110000 values.
  init(_ all: [Value]) {
    precondition(all.count == Self.codePointCount, "one value for each code point")
    var index: [UInt16] = []
    var values: [Value] = []
    // Numbers of the blocks by a hash of their values.
    var known: [UInt64: [UInt16]] = [:]
    all.withUnsafeBufferPointer { all in
      for start in stride(from: 0, to: all.count, by: 256) {
        let block = UnsafeBufferPointer(rebasing: all[start..<start + 256])
        let hash = block.reduce(UInt64(0)) {
          ($0 ^ UInt64(truncatingIfNeeded: $1)) &* 0x9e37_79b9_7f4a_7c15
        }
        let same = known[hash]?.first { number in
          values[Int(number) << 8..<Int(number + 1) << 8].elementsEqual(block)
        }
        if let same {
          index.append(same)
          continue
        }
        let number = UInt16(values.count >> 8)
        known[hash, default: []].append(number)
        index.append(number)
        values.append(contentsOf: block)
      }
    }
    self.index = index
    self.values = values
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

    fileprivate init(_ index: [UInt16], _ all: [Value]) {
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
