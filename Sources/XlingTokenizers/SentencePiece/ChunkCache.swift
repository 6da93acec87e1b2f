/// A piece of a chunk: chunks are stretches of normalized text that are segmented alone, for the
/// most part words with the ▁ ahead of them.
struct ChunkToken: BitwiseCopyable {
  var id: Int32
  /// Where it ends in its chunk, in bytes.
  var end: Int32
  /// What it adds to the path's score.
  var score: Float
}

/// Segmentations of chunks seen before: bounded, about 3 MB. A slot holds the last chunk that fell
/// on it; when the store behind the slots is full, everything is forgotten.
final class ChunkCache {
  static let longestChunk = 64
  private static let slotCount = 1 << 15
  private static let keyCapacity = 1 << 19
  private static let tokenCapacity = 3 << 15

  private struct Slot: BitwiseCopyable {
    /// 0 when empty.
    var hash: UInt64 = 0
    var key: UInt32 = 0
    var tokens: UInt32 = 0
    var keyCount: UInt16 = 0
    var tokenCount: UInt16 = 0
    var limit: Float = 0
  }

  private let slots = UnsafeMutablePointer<Slot>.allocate(capacity: slotCount)
  private let keys = UnsafeMutablePointer<UInt8>.allocate(capacity: keyCapacity)
  private let tokens = UnsafeMutablePointer<ChunkToken>.allocate(capacity: tokenCapacity)
  @exclusivity(unchecked) private var keyCount = 0
  @exclusivity(unchecked) private var tokenCount = 0

  init() { slots.initialize(repeating: Slot(), count: Self.slotCount) }

  deinit {
    slots.deallocate()
    keys.deallocate()
    tokens.deallocate()
  }

  /// Eight bytes at a time; never 0.
  @inline(__always)
  static func hash(_ chunk: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let bytes = UnsafeRawPointer(chunk.baseAddress.unsafelyUnwrapped)
    var hash = UInt64(chunk.count)
    var at = 0
    while at + 8 <= chunk.count {
      hash = mix(hash ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      at += 8
    }
    var rest: UInt64 = 0
    while at < chunk.count {
      rest = rest << 8 | UInt64(chunk[at])
      at += 1
    }
    return mix(hash ^ rest) | 1 << 63
  }

  @inline(__always)
  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }

  @inline(__always)
  private static func slot(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash) & (slotCount - 1)
  }

  /// The tokens of a chunk and the limit stored with them, or nil.
  @inline(__always)
  func find(
    _ chunk: UnsafeBufferPointer<UInt8>, _ hash: UInt64
  ) -> (tokens: UnsafeBufferPointer<ChunkToken>, limit: Float)? {
    let slot = slots[Self.slot(hash)]
    guard slot.hash == hash, Int(slot.keyCount) == chunk.count else { return nil }
    let key = keys + Int(slot.key)
    for at in 0..<chunk.count where key[at] != chunk[at] { return nil }
    return (
      UnsafeBufferPointer(start: tokens + Int(slot.tokens), count: Int(slot.tokenCount)),
      slot.limit
    )
  }

  func insert(
    _ chunk: UnsafeBufferPointer<UInt8>, _ hash: UInt64, _ segmentation: [ChunkToken],
    limit: Float
  ) {
    if keyCount + chunk.count > Self.keyCapacity
      || tokenCount + segmentation.count > Self.tokenCapacity
    {
      slots.update(repeating: Slot(), count: Self.slotCount)
      keyCount = 0
      tokenCount = 0
    }
    for at in 0..<chunk.count { keys[keyCount + at] = chunk[at] }
    for at in segmentation.indices { tokens[tokenCount + at] = segmentation[at] }
    slots[Self.slot(hash)] = Slot(
      hash: hash, key: UInt32(keyCount), tokens: UInt32(tokenCount),
      keyCount: UInt16(chunk.count), tokenCount: UInt16(segmentation.count), limit: limit)
    keyCount += chunk.count
    tokenCount += segmentation.count
  }
}
