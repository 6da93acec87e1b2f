/// Packs sorted keys into a double array. Blocks of 256 units are filled first-fit; only the last
/// 16 are searched, so that the time stays linear in the number of nodes.
struct DoubleArrayBuilder {
  /// How a key's value is kept.
  enum Layout {
    /// As Darts-clone does, for ``DoubleArray``: in a unit of its own, to which a label of 0 leads.
    /// Offsets have 22 bits, or 29 with none of the low eight.
    case darts
    /// In the unit that ends the key, for ``ScoredTrie``. What the small values belong to lies close
    /// together. Nodes without children have base 0, from where no byte leads anywhere.
    case beside
  }

  static let openBlocks = 16
  /// The label of free units; no key in UTF-8 holds it.
  static let freeLabel: UInt8 = 0xFF

  private let layout: Layout
  /// By unit: the label that leads there, where its children are, and its key's value or -1.
  private(set) var labels: [UInt8] = []
  private(set) var bases: [UInt32] = []
  private(set) var values: [Int32] = []
  /// Whether some node has this base. Children know their parent only by base and label, so no
  /// two nodes may share one.
  private var isBase: [Bool] = []
  private var isTaken: [Bool] = []
  /// Free units of the open blocks in a ring, by index modulo their number.
  private var freeList = FreeUnits()

  private struct Node {
    let keys: Range<Int>
    let depth: Int
    /// Its label until it has a place; then -1 for a value.
    var unit: Int
    /// The smallest of its keys' values.
    let least: Int32
  }

  /// `order` holds the indices of different keys without NUL, sorted by bytes; the key at
  /// `order[i]` has the value `values[i]`, at least 0.
  static func build(_ keys: PieceList, _ order: [Int32], values: [Int32]) -> [UInt32] {
    let builder = DoubleArrayBuilder(keys, order, values: values, layout: .darts)
    return builder.labels.indices.map { builder.dartsUnit($0) }
  }

  /// As ``build(_:_:values:)``, in either layout.
  init(_ keys: PieceList, _ order: [Int32], values: [Int32], layout: Layout) {
    self.layout = layout
    addBlock()
    if layout == .beside {
      // From base 0 nothing leads anywhere, hence its block stays free.
      for unit in 0..<256 { take(unit) }
      addBlock()
    } else {
      take(0)
    }
    // With base 0, a NUL in a text would lead to the root.
    isBase[0] = true
    // In their order side by side, since every node looks at all of its keys.
    var sorted = PieceList()
    for index in order { sorted.append(keys[Int(index)]) }
    sorted.bytes.withUnsafeBufferPointer { bytes in
      sorted.ends.withUnsafeBufferPointer { ends in
        values.withUnsafeBufferPointer { fill(bytes, ends, $0) }
      }
    }
  }

  /// Nodes that lead to small values are placed before the others; pieces of models are numbered
  /// by falling frequency, so what texts need most shares few pages.
  private mutating func fill(
    _ bytes: UnsafeBufferPointer<UInt8>, _ ends: UnsafeBufferPointer<Int32>,
    _ keyValues: UnsafeBufferPointer<Int32>
  ) {
    var later = [Node(keys: 0..<ends.count, depth: 0, unit: 0, least: 0)]
    var children: [Node] = []
    for limit in layout == .darts ? [Int32.max] : [1 << 12, 1 << 14, 1 << 16, Int32.max] {
      var open = later.filter { $0.least < limit }
      later.removeAll { $0.least < limit }
      while let node = open.popLast() {
        split(node, bytes, ends, keyValues, &children)
        if children.isEmpty { continue }
        place(&children, under: node.unit)
        for child in children.reversed() where child.unit >= 0 {
          if child.least < limit { open.append(child) } else { later.append(child) }
        }
      }
    }
  }

  /// The children of a node by their labels, their units not yet known. A key that ends at the
  /// node is its value, or a first child with label 0.
  private mutating func split(
    _ node: Node, _ bytes: UnsafeBufferPointer<UInt8>, _ ends: UnsafeBufferPointer<Int32>,
    _ keyValues: UnsafeBufferPointer<Int32>, _ children: inout [Node]
  ) {
    children.removeAll(keepingCapacity: true)
    var start = node.keys.lowerBound
    func label(_ key: Int) -> UInt8 {
      let at = (key == 0 ? 0 : Int(ends[key - 1])) + node.depth
      return at == Int(ends[key]) ? 0 : bytes[at]
    }
    while start < node.keys.upperBound {
      let first = label(start)
      var least = keyValues[start]
      var end = start + 1
      while end < node.keys.upperBound, label(end) == first {
        least = min(least, keyValues[end])
        end += 1
      }
      if first == 0, layout == .beside {
        values[node.unit] = keyValues[start]
      } else {
        children.append(
          Node(keys: start..<end, depth: node.depth + 1, unit: Int(first), least: least))
      }
      start = end
    }
  }

  /// Finds a base for a node's children and takes their units.
  private mutating func place(_ children: inout [Node], under parent: Int) {
    let base = findBase(children, parent) ?? newBase(parent)
    isBase[base] = true
    bases[parent] = UInt32(truncatingIfNeeded: base)
    for at in children.indices {
      let label = children[at].unit
      let unit = base ^ label
      take(unit)
      labels[unit] = UInt8(truncatingIfNeeded: label)
      if label == 0 {
        values[unit] = children[at].least
        values[parent] = children[at].least
      }
      children[at].unit = label == 0 ? -1 : unit
    }
  }

  private func findBase(_ children: [Node], _ parent: Int) -> Int? {
    let first = children[0].unit
    return isBase.withUnsafeBufferPointer { isBase in
      isTaken.withUnsafeBufferPointer { isTaken in
        children.withUnsafeBufferPointer { children in
          var at = freeList.first
          candidates: while at >= 0 {
            let base = at ^ first
            at = freeList.next(at)
            if isBase[base] || !isEncodable(parent ^ base) { continue }
            for child in 1..<max(1, children.count) where isTaken[base ^ children[child].unit] {
              continue candidates
            }
            return base
          }
          return nil
        }
      }
    }
  }

  private func isEncodable(_ relative: Int) -> Bool {
    layout == .beside || relative < 1 << 21 || relative & 0xFF == 0
  }

  private mutating func newBase(_ parent: Int) -> Int {
    let block = labels.count
    addBlock()
    return block | parent & 0xFF
  }

  private mutating func addBlock() {
    let start = labels.count
    let closing = start - Self.openBlocks * 256
    if closing >= 0 {
      for unit in closing..<closing + 256 where !isTaken[unit] { freeList.remove(unit) }
    }
    labels.append(contentsOf: repeatElement(Self.freeLabel, count: 256))
    bases.append(contentsOf: repeatElement(0, count: 256))
    values.append(contentsOf: repeatElement(-1, count: 256))
    isBase.append(contentsOf: repeatElement(false, count: 256))
    isTaken.append(contentsOf: repeatElement(false, count: 256))
    for unit in start..<start + 256 { freeList.append(unit) }
  }

  private mutating func take(_ unit: Int) {
    isTaken[unit] = true
    freeList.remove(unit)
  }

  private func dartsUnit(_ unit: Int) -> UInt32 {
    // A free unit looks like a value, so no byte ever leads to it.
    if !isTaken[unit] { return DoubleArray.isValue }
    let value = values[unit]
    if unit > 0, labels[unit] == 0 { return DoubleArray.isValue | UInt32(bitPattern: value) }
    let relative = UInt32(truncatingIfNeeded: unit) ^ bases[unit]
    return (unit == 0 ? 0 : UInt32(labels[unit]))
      | (relative < 1 << 21 ? relative << 10 : relative << 2 | 0x200)
      | (value >= 0 ? DoubleArray.hasValue : 0)
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
