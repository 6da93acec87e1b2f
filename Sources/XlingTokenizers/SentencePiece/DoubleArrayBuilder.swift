/// Packs sorted keys into a ``DoubleArray``. Blocks of 256 units are filled first-fit; only the
/// last 16 are searched, so that the time stays linear in the number of nodes.
struct DoubleArrayBuilder {
  private static let openBlocks = 16

  private(set) var units: [UInt32] = []
  /// Whether some node has this base. Children know their parent only by base and label, so no
  /// two nodes may share one.
  private var isBase: [Bool] = []
  private var isTaken: [Bool] = []
  /// Free units of the open blocks in a ring, by index modulo their number.
  private var freeList = FreeUnits()

  private struct Node {
    let keys: Range<Int>
    let depth: Int
    let unit: Int
  }

  /// `order` holds the indices of different keys without NUL, sorted by bytes; the key at
  /// `order[i]` has the value `values[i]`, at least 0.
  static func build(_ keys: PieceList, _ order: [Int32], values: [Int32]) -> [UInt32] {
    // In their order side by side, since every node looks at all of its keys.
    var sorted = PieceList()
    for index in order { sorted.append(keys[Int(index)]) }
    return sorted.bytes.withUnsafeBufferPointer { build(sorted, $0, values) }
  }

  private static func build(
    _ keys: PieceList, _ bytes: UnsafeBufferPointer<UInt8>, _ values: [Int32]
  ) -> [UInt32] {
    var builder = DoubleArrayBuilder()
    builder.addBlock()
    builder.take(0)
    builder.units[0] = 0
    // With base 0, a NUL in a text would lead to the root.
    builder.isBase[0] = true
    var labels: [UInt8] = []
    var starts: [Int] = []
    var open = [Node(keys: 0..<keys.count, depth: 0, unit: 0)]
    while let node = open.popLast() {
      labels.removeAll(keepingCapacity: true)
      starts.removeAll(keepingCapacity: true)
      for index in node.keys {
        let key = keys.range(index)
        let label = key.count == node.depth ? 0 : bytes[key.lowerBound + node.depth]
        if labels.last != label {
          labels.append(label)
          starts.append(index)
        }
      }
      let base = builder.place(labels, under: node.unit)
      starts.append(node.keys.upperBound)
      for at in labels.indices.reversed() {
        let unit = base ^ Int(labels[at])
        if labels[at] == 0 {
          builder.units[unit] = DoubleArray.isValue | UInt32(bitPattern: values[starts[at]])
        } else {
          builder.units[unit] = UInt32(labels[at])
          open.append(
            Node(keys: starts[at]..<starts[at + 1], depth: node.depth + 1, unit: unit))
        }
      }
    }
    return builder.units
  }

  /// Finds a base for a node's children, takes their units, and writes the base into the parent.
  private mutating func place(_ labels: [UInt8], under parent: Int) -> Int {
    guard let first = labels.first else { return 0 }
    let base = findBase(labels, Int(first), parent) ?? newBase(parent)
    isBase[base] = true
    for label in labels { take(base ^ Int(label)) }
    let relative = parent ^ base
    units[parent] |=
      relative < 1 << 21 ? UInt32(relative) << 10 : UInt32(relative) << 2 | 0x200
    if first == 0 { units[parent] |= DoubleArray.hasValue }
    return base
  }

  private func findBase(_ labels: [UInt8], _ first: Int, _ parent: Int) -> Int? {
    var at = freeList.first
    while at >= 0 {
      let base = at ^ first
      if !isBase[base], Self.isEncodable(parent ^ base),
        labels.allSatisfy({ !isTaken[base ^ Int($0)] })
      {
        return base
      }
      at = freeList.next(at)
    }
    return nil
  }

  /// Far offsets have no room for their low byte.
  private static func isEncodable(_ relative: Int) -> Bool {
    relative < 1 << 21 || relative & 0xFF == 0
  }

  private mutating func newBase(_ parent: Int) -> Int {
    let block = units.count
    addBlock()
    return block | parent & 0xFF
  }

  private mutating func addBlock() {
    let start = units.count
    let closing = start - Self.openBlocks * 256
    if closing >= 0 {
      for unit in closing..<closing + 256 where !isTaken[unit] { freeList.remove(unit) }
    }
    // A free unit looks like a value, so no byte ever leads to it.
    units.append(contentsOf: repeatElement(DoubleArray.isValue, count: 256))
    isBase.append(contentsOf: repeatElement(false, count: 256))
    isTaken.append(contentsOf: repeatElement(false, count: 256))
    for unit in start..<start + 256 { freeList.append(unit) }
  }

  private mutating func take(_ unit: Int) {
    isTaken[unit] = true
    freeList.remove(unit)
  }
}

/// A doubly linked list of the free units among the last 16 blocks.
private struct FreeUnits {
  private static let size = 16 * 256
  private var nexts = [Int](repeating: -1, count: size)
  private var previous = [Int](repeating: -1, count: size)
  private(set) var first = -1
  private var last = -1

  @inline(__always)
  func next(_ unit: Int) -> Int { nexts[unit & (Self.size - 1)] }

  mutating func append(_ unit: Int) {
    let slot = unit & (Self.size - 1)
    nexts[slot] = -1
    previous[slot] = last
    if last >= 0 { nexts[last & (Self.size - 1)] = unit } else { first = unit }
    last = unit
  }

  mutating func remove(_ unit: Int) {
    let slot = unit & (Self.size - 1)
    let (before, after) = (previous[slot], nexts[slot])
    if before >= 0 { nexts[before & (Self.size - 1)] = after } else { first = after }
    if after >= 0 { previous[after & (Self.size - 1)] = before } else { last = before }
  }
}
