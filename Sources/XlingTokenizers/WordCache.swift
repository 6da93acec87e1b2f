/// A token of a short stretch of text, with its place there in scalars and in bytes.
struct PlacedToken: Equatable {
  var id: Int32
  var startScalar: Int32
  var endScalar: Int32
  var startByte: Int32
  var endByte: Int32
}

/// The tokens of stretches of raw text that came lately: 2 ways of 64-byte lines, each a key and
/// its tokens. What does not fit a line is not kept, so the size is fixed.
///
/// A line: byte 0 the key's length (0: no entry), 1 the tokens, 2 the key's scalars, 3 the unknown
/// tokens; 4...7 what the caller keeps with it; the key from 8; tokens of 8 bytes from the end backwards: id, start and end
/// in scalars, start and end in bytes.
struct WordCache {
  static let maximumKey = 40
  static let lineBytes = 64
  /// 4 MB.
  private static let sets = 1 << 15

  private let memory: UnsafeMutableRawPointer

  init() {
    let bytes = 2 * Self.sets * Self.lineBytes
    memory = .allocate(byteCount: bytes, alignment: Self.lineBytes)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
  }

  func deallocate() { memory.deallocate() }

  /// The hash of a key; reads up to 7 bytes behind it, unless `readable` (from `key` to the end of
  /// the text) forbids.
  @inline(__always)
  static func hash(_ key: UnsafePointer<UInt8>, _ count: Int, readable: Int) -> UInt64 {
    var hash = UInt64(count) &* 0x9e37_79b9_7f4a_7c15
    var at = 0
    while at < count {
      let word = word(key + at, count - at, readable: readable - at)
      hash = (hash ^ word) &* 0xff51_afd7_ed55_8ccd
      hash ^= hash >> 32
      at += 8
    }
    return hash
  }

  /// Up to eight bytes, zeros above `count`.
  @inline(__always)
  private static func word(_ bytes: UnsafePointer<UInt8>, _ count: Int, readable: Int) -> UInt64 {
    if readable >= 8 {
      let word = UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self)
      return count >= 8 ? word : word & ((1 << UInt64(8 * count)) - 1)
    }
    var word: UInt64 = 0
    for at in 0..<min(count, 8) { word |= UInt64(bytes[at]) << UInt64(8 * at) }
    return word
  }

  /// The line that holds the key, or nil.
  @inline(__always)
  func find(
    _ hash: UInt64, _ key: UnsafePointer<UInt8>, _ count: Int, readable: Int
  ) -> UnsafeRawPointer? {
    let first = line(hash)
    if holds(first, key, count, readable) { return UnsafeRawPointer(first) }
    let second = first + Self.lineBytes
    return holds(second, key, count, readable) ? UnsafeRawPointer(second) : nil
  }

  @inline(__always)
  private func line(_ hash: UInt64) -> UnsafeMutableRawPointer {
    memory + Int(truncatingIfNeeded: hash & UInt64(Self.sets - 1)) * 2 * Self.lineBytes
  }

  @inline(__always)
  private func holds(
    _ line: UnsafeMutableRawPointer, _ key: UnsafePointer<UInt8>, _ count: Int, _ readable: Int
  ) -> Bool {
    guard line.load(as: UInt8.self) == UInt8(truncatingIfNeeded: count) else { return false }
    var at = 0
    repeat {
      let word = Self.word(key + at, count - at, readable: readable - at)
      if line.load(fromByteOffset: 8 + at, as: UInt64.self) != word { return false }
      at += 8
    } while at < count
    return true
  }

  /// Keeps a key that is not there yet, if it fits; the older entry of its set gives way.
  func insert(
    _ hash: UInt64, _ key: UnsafePointer<UInt8>, _ count: Int, scalars: Int, unknowns: Int,
    note: UInt32 = 0, _ tokens: UnsafeBufferPointer<PlacedToken>
  ) {
    let keyWords = (count + 7) / 8
    guard count <= Self.maximumKey, 1 + keyWords + tokens.count <= Self.lineBytes / 8 else {
      return
    }
    let line = line(hash)
    (line + Self.lineBytes).copyMemory(from: line, byteCount: Self.lineBytes)
    let header = UInt64(count) | UInt64(tokens.count) << 8 | UInt64(scalars) << 16
    line.storeBytes(
      of: header | UInt64(unknowns) << 24 | UInt64(note) << 32, as: UInt64.self)
    for at in 0..<keyWords {
      line.storeBytes(
        of: Self.word(key + 8 * at, count - 8 * at, readable: 0), toByteOffset: 8 + 8 * at,
        as: UInt64.self)
    }
    for (at, token) in tokens.enumerated() {
      let places =
        UInt32(token.startScalar) | UInt32(token.endScalar) << 8 | UInt32(token.startByte) << 16
        | UInt32(token.endByte) << 24
      let offset = Self.lineBytes - 8 * (at + 1)
      line.storeBytes(of: token.id, toByteOffset: offset, as: Int32.self)
      line.storeBytes(of: places, toByteOffset: offset + 4, as: UInt32.self)
    }
  }
}
