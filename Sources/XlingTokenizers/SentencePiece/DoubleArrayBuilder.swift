/// Packs sorted keys into a double array. Blocks of 256 units are filled first-fit; only the last
/// 16 are searched, 64 units at once, so that the time stays linear in the number of nodes.
final class DoubleArrayBuilder {
  /// Where a key's value is kept: in a unit of its own, to which a label of 0 leads, but for leaves.
  enum Layout {
    /// As Darts-clone does, for ``DoubleArray``: there are no leaves.
    case darts
    /// For ``ScoredTrie``: what no other key goes on from has its value in its own unit and base 0,
    /// from where no byte leads anywhere. What only one key goes on from ends in a unit too, with the
    /// rest of that key and its value in ``tails``. What small values belong to lies close together.
    case leaves

    /// A base whose index differs from its node's unit's by this or more differs in none of the low
    /// eight bits.
    var near: Int {
      switch self {
      case .darts: 1 << 21
      case .leaves: 1 << 20
      }
    }
  }

  /// The label of free units; no key in UTF-8 holds it.
  static let freeLabel: UInt8 = 0xFF

  struct Unit: BitwiseCopyable {
    /// Where the node's children are.
    fileprivate(set) var base: UInt32 = 0
    /// Of the key that ends with this node or is this value's, or where the tail is; -1 for none.
    fileprivate(set) var value: Int32 = -1
    /// What leads here.
    fileprivate(set) var label = DoubleArrayBuilder.freeLabel

    enum Kind { case free, value, leaf, tail, inner }

    /// In place of a base, for what has a tail.
    fileprivate static let tailBase = UInt32.max

    var kind: Kind {
      if label == 0 { return .value }
      if base == Self.tailBase { return .tail }
      if base != 0 { return .inner }
      return value < 0 ? .free : .leaf
    }
  }

  private let layout: Layout
  /// The units so far, without checks.
  @exclusivity(unchecked) private(set) var units: UnsafeMutablePointer<Unit>
  @exclusivity(unchecked) private(set) var count = 0
  @exclusivity(unchecked) private var capacity: Int
  private let open = OpenUnits()
  /// One after another: what is left of a key, then 0 and three bytes of its value, little-endian.
  @exclusivity(unchecked) private(set) var tails: [UInt8] = []

  /// Tails begin below this: their places have room in the units of ``ScoredTrie``. Keys whose tails
  /// would begin behind it are placed byte by byte.
  static let tailLimit = 1 << 21

  private struct Node {
    let keys: Range<Int32>
    var depth: Int32
    /// Its label until it has a place; then -1 for a value.
    var unit: Int32
    /// The smallest of its keys' values.
    let least: Int32
  }

  /// `order` holds the indices of different keys without NUL, sorted by bytes; the key at
  /// `order[i]` has the value `values[i]`, at least 0.
  static func build(_ keys: PieceList, _ order: [Int32], values: [Int32]) -> [UInt32] {
    let builder = DoubleArrayBuilder(keys, order, values: values, layout: .darts)
    return (0..<builder.count).map { builder.dartsUnit($0) }
  }

  /// As ``build(_:_:values:)``, in either layout.
  init(_ keys: PieceList, _ order: [Int32], values: [Int32], layout: Layout) {
    self.layout = layout
    capacity = max(512, keys.bytes.count / 3)
    units = .allocate(capacity: capacity)
    addBlock()
    if layout == .leaves {
      // From base 0 nothing leads anywhere, hence its block stays free.
      for unit in 0..<256 { open.take(unit) }
      addBlock()
    } else {
      open.take(0)
    }
    // With base 0, a NUL in a text would lead to the root.
    open.setBase(0)
    // In their order side by side, since every node looks at all of its keys.
    let sorted = keys.selecting(order)
    sorted.bytes.withUnsafeBufferPointer { bytes in
      sorted.ends.withUnsafeBufferPointer { ends in
        values.withUnsafeBufferPointer { fill(bytes, ends, $0) }
      }
    }
  }

  deinit {
    units.deallocate()
    open.deallocate()
  }

  /// Nodes that lead to small values are placed before the others; pieces of models are numbered
  /// by falling frequency, so what texts need most shares few pages.
  private func fill(
    _ bytes: UnsafeBufferPointer<UInt8>, _ ends: UnsafeBufferPointer<Int32>,
    _ keyValues: UnsafeBufferPointer<Int32>
  ) {
    var later = [Node(keys: 0..<Int32(ends.count), depth: 0, unit: 0, least: 0)]
    var children: [Node] = []
    for limit in layout == .darts ? [Int32.max] : [1 << 12, 1 << 14, 1 << 16, Int32.max] {
      var open = later.filter { $0.least < limit }
      later.removeAll { $0.least < limit }
      while var node = open.popLast() {
        placeShared(&node, bytes, ends)
        if node.keys.count == 1, layout == .leaves {
          placeTail(node, bytes, ends, keyValues)
          continue
        }
        split(node, bytes, ends, keyValues, &children)
        if children.isEmpty { continue }
        place(&children, under: Int(node.unit))
        for child in children.reversed() where child.unit >= 0 {
          if child.least < limit { open.append(child) } else { later.append(child) }
        }
      }
    }
  }

  /// Goes down to where a node's keys part or one of them ends, child by child.
  private func placeShared(
    _ node: inout Node, _ bytes: UnsafeBufferPointer<UInt8>, _ ends: UnsafeBufferPointer<Int32>
  ) {
    if node.keys.count < 2 { return }
    let (first, last) = (Int(node.keys.lowerBound), Int(node.keys.upperBound) - 1)
    var at = (first == 0 ? 0 : Int(ends[first - 1])) + Int(node.depth)
    var other = Int(ends[last - 1]) + Int(node.depth)
    let (end, start) = (Int(ends[first]), at)
    // Sorted: what the first and the last key share, all have. The first is no longer than that.
    while at < end, bytes[at] == bytes[other] {
      node.unit = Int32(truncatingIfNeeded: placeOne(bytes[at], under: Int(node.unit)))
      at += 1
      other += 1
    }
    node.depth += Int32(truncatingIfNeeded: at - start)
  }

  /// The unit of a node's only child.
  private func placeOne(_ label: UInt8, under parent: Int) -> Int {
    let base = findBase(label, under: parent) ?? newBase(parent)
    open.setBase(base)
    units[parent].base = UInt32(truncatingIfNeeded: base)
    let unit = base ^ Int(label)
    open.take(unit)
    units[unit].label = label
    return unit
  }

  /// The children of a node by their labels, their units not yet known. A key that ends at the
  /// node is a first child with label 0.
  private func split(
    _ node: Node, _ bytes: UnsafeBufferPointer<UInt8>, _ ends: UnsafeBufferPointer<Int32>,
    _ keyValues: UnsafeBufferPointer<Int32>, _ children: inout [Node]
  ) {
    children.removeAll(keepingCapacity: true)
    var start = Int(node.keys.lowerBound)
    func label(_ key: Int) -> UInt8 {
      let at = (key == 0 ? 0 : Int(ends[key - 1])) + Int(node.depth)
      return at == Int(ends[key]) ? 0 : bytes[at]
    }
    while start < Int(node.keys.upperBound) {
      let first = label(start)
      // Ever larger steps find out where the label changes, then halves of the last one.
      var (last, step) = (start, 1)
      while last + step < Int(node.keys.upperBound), label(last + step) == first {
        last += step
        step *= 2
      }
      var end = min(last + step, Int(node.keys.upperBound))
      while end - last > 1 {
        let middle = (last + end) / 2
        if label(middle) == first { last = middle } else { end = middle }
      }
      var least = keyValues[start]
      for key in start + 1..<max(end, start + 1) { least = min(least, keyValues[key]) }
      children.append(
        Node(
          keys: Int32(start)..<Int32(end), depth: node.depth + 1, unit: Int32(first), least: least
        ))
      start = end
    }
  }

  /// What is left of a node's only key.
  private func placeTail(
    _ node: Node, _ bytes: UnsafeBufferPointer<UInt8>, _ ends: UnsafeBufferPointer<Int32>,
    _ keyValues: UnsafeBufferPointer<Int32>
  ) {
    let key = Int(node.keys.lowerBound)
    var unit = Int(node.unit)
    var at = (key == 0 ? 0 : Int(ends[key - 1])) + Int(node.depth)
    let end = Int(ends[key])
    // Nothing leads to the root, so a key that is alone cannot be its tail.
    while at < end, unit == 0 || tails.count >= Self.tailLimit {
      unit = placeOne(bytes[at], under: unit)
      at += 1
    }
    let value = keyValues[key]
    guard at < end else {
      units[unit].value = value
      return
    }
    units[unit].base = Unit.tailBase
    units[unit].value = Int32(tails.count)
    while at < end {
      tails.append(bytes[at])
      at += 1
    }
    tails.append(0)
    for shift in [0, 8, 16] { tails.append(UInt8(truncatingIfNeeded: value >> Int32(shift))) }
  }

  /// Finds a base for a node's children and takes their units.
  private func place(_ children: inout [Node], under parent: Int) {
    let found = children.withUnsafeBufferPointer { children in
      open.findBase(count, children.lazy.map { Int($0.unit) }) { lowByte(of: parent, in: $0) }
    }
    let base = found ?? newBase(parent)
    open.setBase(base)
    units[parent].base = UInt32(truncatingIfNeeded: base)
    for at in children.indices {
      let label = Int(children[at].unit)
      let unit = base ^ label
      open.take(unit)
      units[unit].label = UInt8(truncatingIfNeeded: label)
      if label == 0 {
        units[unit].value = children[at].least
        units[parent].value = children[at].least
      }
      children[at].unit = label == 0 ? -1 : Int32(unit)
    }
  }

  private func findBase(_ label: UInt8, under parent: Int) -> Int? {
    if count <= layout.near { return open.findBase(count, label) }
    return open.findBase(count, CollectionOfOne(Int(label))) { lowByte(of: parent, in: $0) }
  }

  /// What the low byte of a base in a block must be; nil when it may be any.
  private func lowByte(of parent: Int, in block: Int) -> Int? {
    parent ^ block < layout.near ? nil : parent & 0xFF
  }

  private func newBase(_ parent: Int) -> Int {
    let block = count
    addBlock()
    return block | parent & 0xFF
  }

  private func addBlock() {
    open.add(count)
    if count + 256 > capacity {
      capacity = max(count + 256, capacity * 3 / 2)
      let larger = UnsafeMutablePointer<Unit>.allocate(capacity: capacity)
      larger.update(from: units, count: count)
      units.deallocate()
      units = larger
    }
    (units + count).initialize(repeating: Unit(), count: 256)
    count += 256
  }

  private func dartsUnit(_ at: Int) -> UInt32 {
    let unit = units[at]
    // A free unit looks like a value, so no byte ever leads to it.
    if at > 0, unit.kind == .free { return DoubleArray.isValue }
    if at > 0, unit.kind == .value { return DoubleArray.isValue | UInt32(bitPattern: unit.value) }
    let relative = UInt32(truncatingIfNeeded: at) ^ unit.base
    return (at == 0 ? 0 : UInt32(unit.label))
      | (relative < Layout.darts.near ? relative << 10 : relative << 2 | 0x200)
      | (unit.value >= 0 ? DoubleArray.hasValue : 0)
  }
}

/// The last 16 blocks of 256 units as bits, in a ring of words: which units are free, and which are
/// no node's base. Children know their parent only by base and label, so no two nodes may share one.
private struct OpenUnits {
  private static let words = 64
  /// The last free units of a word, which stay so: they fit so few nodes that they cost more time than
  /// room (XLM-R: a third of the search for a twentieth of the units).
  private static let unused = 8

  private let free: UnsafeMutablePointer<UInt64>
  private let unshared: UnsafeMutablePointer<UInt64>
  /// The words with more than ``unused`` free units, one bit each.
  private let some: UnsafeMutablePointer<UInt64>

  init() {
    free = .allocate(capacity: 2 * Self.words + 1)
    free.initialize(repeating: 0, count: 2 * Self.words + 1)
    unshared = free + Self.words
    some = unshared + Self.words
  }

  func deallocate() { free.deallocate() }

  /// Opens the block that starts at `block`; the oldest of 16 is closed.
  func add(_ block: Int) {
    for word in 0..<4 {
      let at = (block >> 6 + word) & 63
      free[at] = .max
      unshared[at] = .max
      some.pointee |= 1 << UInt64(at)
    }
  }

  func take(_ unit: Int) {
    let at = unit >> 6 & 63
    free[at] &= ~(1 << UInt64(unit & 63))
    if free[at].nonzeroBitCount <= Self.unused { some.pointee &= ~(1 << UInt64(at)) }
  }

  /// `base` is in an open block.
  func setBase(_ base: Int) { unshared[base >> 6 & 63] &= ~(1 << UInt64(base & 63)) }

  /// Calls `body` with the words that are searched, the oldest first, and where their blocks
  /// start, until it returns something. The array has `count` units.
  @inline(__always)
  private func firstWord(_ count: Int, _ body: (_ word: Int, _ block: Int) -> Int?) -> Int? {
    // The oldest word is the one that the next block would take.
    let oldest = count >> 6 & 63
    var left = some.pointee
    left = left &>> UInt64(oldest) | (oldest == 0 ? 0 : left &<< UInt64(64 - oldest))
    while left != 0 {
      let age = left.trailingZeroBitCount
      left &= left - 1
      let block = (count - Self.words * 64 + age * 64) & ~0xFF
      if let found = body((oldest + age) & 63, block) { return found }
    }
    return nil
  }

  /// A base that no node has, from which a label leads to the first free unit that has one.
  func findBase(_ count: Int, _ label: UInt8) -> Int? {
    let label = Int(label)
    return firstWord(count) { word, block in
      let candidates = free[word] & permuted(unshared, word, label)
      if candidates == 0 { return nil }
      return (block | (word & 3) << 6 | candidates.trailingZeroBitCount) ^ label
    }
  }

  /// A base that no node has, from which all labels, the first one below the others, lead to free
  /// units: that whose first unit comes first. `only` is the low byte that a base in a block must
  /// have, or nil.
  func findBase(
    _ count: Int, _ labels: some RandomAccessCollection<Int>, only: (Int) -> Int?
  ) -> Int? {
    guard let first = labels.first else { return nil }
    // Labels that differ in their low six bits only lead to units of one word.
    let needed = labels.allSatisfy { first ^ $0 < 64 } ? labels.count : 1
    return firstWord(count) { word, block in
      if free[word].nonzeroBitCount < needed { return nil }
      // By the first label's unit.
      var candidates = free[word] & permuted(unshared, word, first)
      for label in labels.dropFirst() {
        if candidates == 0 { return nil }
        candidates &= permuted(free, word, first ^ label)
      }
      if let low = only(block) {
        let unit = low ^ first
        candidates &= unit >> 6 == word & 3 ? 1 << UInt64(unit & 63) : 0
      }
      if candidates == 0 { return nil }
      return (block | (word & 3) << 6 | candidates.trailingZeroBitCount) ^ first
    }
  }

  /// The bits of one word's units u, each taken from unit u ^ x of its block: halves of ever larger
  /// stretches change places where x says so.
  @inline(__always)
  private func permuted(_ bits: UnsafeMutablePointer<UInt64>, _ word: Int, _ x: Int) -> UInt64 {
    var result = bits[word ^ x >> 6]
    let x = UInt64(truncatingIfNeeded: x)
    @inline(__always)
    func exchange(_ step: UInt64, _ low: UInt64) {
      let moved = (result >> (1 << step) ^ result) & low & (0 &- (x >> step & 1))
      result ^= moved | moved << (1 << step)
    }
    exchange(0, 0x5555_5555_5555_5555)
    exchange(1, 0x3333_3333_3333_3333)
    exchange(2, 0x0F0F_0F0F_0F0F_0F0F)
    exchange(3, 0x00FF_00FF_00FF_00FF)
    exchange(4, 0x0000_FFFF_0000_FFFF)
    exchange(5, 0x0000_0000_FFFF_FFFF)
    return result
  }
}
