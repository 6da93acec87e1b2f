/// Visits every node of a charsmap's trie that any text can reach, and learns what the normalizer's
/// short cuts need to know. Nodes with the same ends are one (Darts-clone builds a directed acyclic
/// word graph), hence nodes are told apart by their base.
struct CharsmapWalk {
  private let units: [UInt32]
  private let children: Children
  private let replacementBytes: Int

  private(set) var begins = [UInt64](repeating: 0, count: 0x10000 / 64)
  private(set) var asciiIsPlain = [Bool](repeating: true, count: 128)
  /// Whether no rule holds a space, but the one that may say that a space is a space.
  private(set) var keepsSpaces = true
  private(set) var ruleCount = 0

  init(_ units: [UInt32], replacementBytes: Int) throws(Charsmap.Malformed) {
    self.units = units
    self.replacementBytes = replacementBytes
    children = Children(units)
    let root = try base(0)
    ruleCount = try countRules(root)
    learnShortCuts(root)
  }

  private func base(_ unit: Int) throws(Charsmap.Malformed) -> Int {
    let base = unit ^ DoubleArray.offset(units[unit])
    if base < units.count { return base }
    throw .init(
      expected: "a charsmap that stays within its \(units.count) units", found: "unit \(base)")
  }

  /// Goes everywhere once, depth first. Throws on a way back, out, or to a missing replacement.
  private mutating func countRules(_ root: Int) throws(Charsmap.Malformed) -> Int {
    /// 0 new, 1 on the way, 2 done.
    var states = [UInt8](repeating: 0, count: units.count)
    var counts = [Int](repeating: 0, count: units.count)
    var open: [(base: Int, at: Int)] = [(root, 0)]
    states[root] = 1
    while let top = open.last {
      let below = children[top.base]
      if top.at == below.count {
        if units[top.base] & DoubleArray.labelMask == 0 {
          throw .init(expected: "a charsmap without NUL in its keys", found: "unit \(top.base)")
        }
        states[top.base] = 2
        open.removeLast()
        for unit in below {
          let isRule = units[Int(unit)] & DoubleArray.hasValue != 0
          let child = try base(Int(unit))
          counts[top.base] = min(1 << 40, counts[top.base] + counts[child] + (isRule ? 1 : 0))
        }
        continue
      }
      open[open.count - 1].at += 1
      let unit = Int(below[below.startIndex + top.at])
      let child = try base(unit)
      if units[unit] & 0xFF == 0x20, top.base != root || !children[child].isEmpty {
        keepsSpaces = false
      }
      if units[unit] & DoubleArray.hasValue != 0 { try check(units[child]) }
      if states[child] == 1 {
        throw .init(expected: "a charsmap without cycles", found: "a way back to unit \(child)")
      }
      if states[child] == 0 {
        states[child] = 1
        open.append((child, 0))
      }
    }
    return counts[root]
  }

  private func check(_ value: UInt32) throws(Charsmap.Malformed) {
    guard value & DoubleArray.isValue != 0, Int(value & 0x7FFF_FFFF) < replacementBytes else {
      throw .init(
        expected: "a replacement within \(replacementBytes) bytes",
        found: "byte \(value & 0x7FFF_FFFF)")
    }
  }

  private mutating func learnShortCuts(_ root: Int) {
    for unit in children[root] {
      let first = UInt8(units[Int(unit)] & 0xFF)
      if first < 0x80 {
        let isRule = units[Int(unit)] & DoubleArray.hasValue != 0
        let below = children[Int(unit) ^ DoubleArray.offset(units[Int(unit)])]
        if isRule || below.contains(where: { units[Int($0)] & 0xFF < 0x80 }) {
          asciiIsPlain[Int(first)] = false
        }
      }
      let length = UTF8Scalar.length(first)
      let bits = length == 1 ? first : first & (0x7F >> UInt8(length))
      if length < 4 { follow(Int(unit), UInt32(bits), length - 1) }
    }
  }

  /// Marks the scalars that begin with what led to `unit` and have `missing` more bytes.
  private mutating func follow(_ unit: Int, _ scalar: UInt32, _ missing: Int) {
    if missing == 0 {
      begins[Int(scalar >> 6)] |= 1 << UInt64(scalar & 63)
      return
    }
    for child in children[unit ^ DoubleArray.offset(units[unit])] {
      follow(Int(child), scalar << 6 | (units[Int(child)] & 0x3F), missing - 1)
    }
  }

  /// The units by the base that leads to them.
  private struct Children {
    private let order: [Int32]
    private let starts: [Int32]

    init(_ units: [UInt32]) {
      var starts = [Int32](repeating: 0, count: units.count + 1)
      func base(_ at: Int) -> Int? {
        let unit = units[at]
        // A label of NUL would be a value's place.
        if unit & DoubleArray.isValue != 0 || unit & 0xFF == 0 { return nil }
        return at ^ Int(unit & 0xFF)
      }
      for at in units.indices {
        if let base = base(at) { starts[base + 1] += 1 }
      }
      for at in units.indices { starts[at + 1] += starts[at] }
      var next = starts
      var order = [Int32](repeating: 0, count: Int(starts[units.count]))
      for at in units.indices {
        guard let base = base(at) else { continue }
        order[Int(next[base])] = Int32(at)
        next[base] += 1
      }
      self.order = order
      self.starts = starts
    }

    subscript(base: Int) -> ArraySlice<Int32> {
      order[Int(starts[base])..<Int(starts[base + 1])]
    }
  }
}
