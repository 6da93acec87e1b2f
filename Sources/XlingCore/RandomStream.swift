/// A reproducible random stream: xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64.
///
/// Randomness is addressed, not threaded: `RandomStream(seed: 7, "augment", step, row)` gives the
/// same numbers whatever ran before it, on any number of threads, after any resume.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  public init(seed: UInt64, _ purpose: String, _ indices: Int...) {
    // FNV-1a over the purpose, then each index folded in through SplitMix64.
    var key: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
    for byte in purpose.utf8 { key = (key ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for index in indices { key = Self.mix(key &+ Self.golden &* UInt64(bitPattern: Int64(index))) }
    var words: [UInt64] = []
    for _ in 0..<4 {
      key &+= Self.golden
      words.append(Self.mix(key))
    }
    state = (words[0], words[1], words[2], words[3])
  }

  private static let golden: UInt64 = 0x9e37_79b9_7f4a_7c15

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  public mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = (state.3 << 45) | (state.3 >> 19)
    return result
  }

  /// Uniform in [0, 1), 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [low, high).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * uniform()
  }

  /// Uniform in 0..<count, without bias (Lemire 2019).
  public mutating func index(_ count: Int) -> Int {
    precondition(count > 0)
    let bound = UInt64(count)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// Fisher-Yates, in an order of draws that never changes (the standard library's may).
  public mutating func shuffle<Element>(_ items: inout [Element]) {
    guard items.count > 1 else { return }
    for last in stride(from: items.count - 1, through: 1, by: -1) {
      items.swapAt(last, index(last + 1))
    }
  }

  public func shuffled<Element>(_ items: [Element]) -> [Element] {
    var copy = items
    var stream = self
    stream.shuffle(&copy)
    return copy
  }
}
