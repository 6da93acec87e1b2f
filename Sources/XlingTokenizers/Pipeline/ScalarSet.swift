/// A set of scalars from a list of ranges, one bit each.
struct ScalarSet: Sendable {
  private let words: ConstantBuffer<UInt64>

  /// First, last, first, last.
  init(_ ranges: [UInt32]) {
    words = ConstantBuffer(count: 0x110000 / 64) { words in
      for at in 0..<0x110000 / 64 { words[at] = 0 }
      for at in stride(from: 0, to: ranges.count, by: 2) {
        for scalar in ranges[at]...ranges[at + 1] {
          words[Int(scalar >> 6)] |= 1 << UInt64(scalar & 63)
        }
      }
    }
  }

  @inline(__always)
  func contains(_ scalar: UInt32) -> Bool {
    words.base[Int(scalar >> 6)] >> UInt64(scalar & 63) & 1 != 0
  }

  static let letters = ScalarSet(PatternTables.letters)
  static let numbers = ScalarSet(PatternTables.numbers)
  static let words = ScalarSet(PatternTables.words)
  static let extends = ScalarSet(PatternTables.extends)
  static let prepends = ScalarSet(PatternTables.prepends)
}
