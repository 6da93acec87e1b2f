import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

@Suite struct WordCacheTests {
  /// Keys of 1 to 40 bytes, many alike but for their last bytes, and the tokens that belong to one.
  static func key(_ number: Int) -> [UInt8] {
    let length = 1 + number * 7 % WordCache.maximumKey
    return (0..<length).map { at in
      let bits = number >> (6 * (length - 1 - at)) & 63
      return at + 3 < length ? 0x61 : UInt8(truncatingIfNeeded: 64 | bits)
    }
  }

  static func tokens(_ key: [UInt8]) -> [PlacedToken] {
    let sum = key.reduce(Int32(17)) { $0 &* 31 &+ Int32($1) }
    return (0..<Int32(key.count % 9)).map { at in
      PlacedToken(id: sum &+ at, startScalar: at, endScalar: at + 1, startByte: at, endByte: at + 2)
    }
  }

  /// The tokens kept for a key, or nil.
  static func found(_ cache: WordCache, _ key: [UInt8]) -> [PlacedToken]? {
    key.withUnsafeBufferPointer { key in
      guard let text = key.baseAddress,
        let entry = cache.find(
          WordCache.hash(text, key.count, readable: key.count), text, key.count,
          readable: key.count)
      else { return nil }
      let header = entry.load(as: UInt32.self)
      #expect(Int(header & 0xFF) == key.count && Int(header >> 16 & 0xFF) == key.count)
      let first = WordCache.tokens(entry, key: key.count)
      return (0..<Int(header >> 8 & 0xFF)).map { at in
        let places = first.load(fromByteOffset: 8 * at + 4, as: UInt32.self)
        return PlacedToken(
          id: first.load(fromByteOffset: 8 * at, as: Int32.self), startScalar: Int32(places & 0xFF),
          endScalar: Int32(places >> 8 & 0xFF), startByte: Int32(places >> 16 & 0xFF),
          endByte: Int32(places >> 24))
      }
    }
  }

  static func keep(_ cache: WordCache, _ key: [UInt8]) {
    key.withUnsafeBufferPointer { bytes in
      guard let text = bytes.baseAddress else { return }
      tokens(key).withUnsafeBufferPointer {
        cache.insert(
          WordCache.hash(text, bytes.count, readable: bytes.count), text, bytes.count,
          scalars: bytes.count, unknowns: 0, $0)
      }
    }
  }

  /// Whatever is found is right; below the limit all is found, and the limit holds.
  @Test(arguments: [4096, 100_000, 4 << 20])
  func keepsWhatItIsGiven(limit: Int) {
    let cache = WordCache(limit: limit)
    defer { cache.deallocate() }
    let before = cache.byteCount
    var (held, forgotten) = (0, 0)
    for number in 0..<20_000 {
      let key = Self.key(number)
      if let tokens = Self.found(cache, key) {
        #expect(tokens == Self.tokens(key))
        held += 1
      } else {
        Self.keep(cache, key)
        #expect(Self.found(cache, key) == Self.tokens(key))
      }
      #expect(cache.byteCount <= limit)
      let early = Self.key(number / 2)
      if let tokens = Self.found(cache, early) {
        #expect(tokens == Self.tokens(early))
      } else {
        forgotten += 1
      }
    }
    #expect(limit < 4 << 20 ? forgotten > 1_000 : forgotten == 0)
    #expect(held > 0 && cache.byteCount > before || limit == 4096)
  }

  /// All bits of a key count for the bits that pick its slot: words of seven and eight bytes that differ in their last
  /// letter only lie apart.
  @Test func hashesSpread() {
    var slots: Set<UInt64> = []
    for last in UInt8(0)..<250 {
      let key = [UInt8](repeating: 0x61, count: 7) + [last]
      key.withUnsafeBufferPointer { key in
        guard let text = key.baseAddress else { return }
        slots.insert(WordCache.hash(text, 8, readable: 8) & 0xFFF)
      }
    }
    #expect(slots.count > 220)
  }

  @Test func threadsShareWhatTheyMayTake() {
    #expect([1, 2, 4, 16, 64].map { WordCache.limit(threads: $0) >> 20 } == [32, 32, 16, 4, 4])
  }
}
