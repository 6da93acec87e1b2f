/// Finds the ids of WordPiece's pieces by hashing: every beginning of what is left of a word gets
/// a hash, a bit map tells which of them can be pieces at all, and those are looked up from the
/// longest to the shortest. Five bytes a piece and one for the bit map are a third of the memory of a trie, and
/// built in a tenth of the time.
final class PieceIndex: @unchecked Sendable {
  // Sound to share: nothing is written after `init`.

  let pieces: PackedPieces
  /// Valid while this object lives.
  let reader: Reader

  struct Reader: BitwiseCopyable {
    /// Id plus one in the low `idBits`, bits of the hash above; 0 is empty.
    fileprivate let slots: UnsafePointer<UInt32>
    fileprivate let slotCount: Int
    fileprivate let idBits: UInt32
    fileprivate let filter: UnsafePointer<UInt64>
    fileprivate let filterMask: UInt64
    fileprivate let pieces: PackedPieces.Reader
    /// The longest piece that begins a word, and that continues one, in bytes without "##".
    let longestStart: Int
    let longestContinuation: Int
  }

  /// Two equal pieces.
  struct Duplicate: Error {
    let id: Int
    let before: Int
  }

  /// Hashes of nothing.
  static let start: UInt64 = 0xcbf2_9ce4_8422_2325
  static let continuation: UInt64 = 0x9ae1_6a3b_2f90_404f

  /// FNV-1a's step.
  @inline(__always)
  static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  /// All bits of a hash count; FNV's low bits alone do not.
  @inline(__always)
  static func finish(_ hash: UInt64) -> UInt64 {
    let mixed = (hash ^ hash >> 29) &* 0xbf58_476d_1ce4_e5b9
    return mixed ^ mixed >> 32
  }

  init(_ pieces: PackedPieces) throws(Duplicate) {
    self.pieces = pieces
    let slotCount = pieces.count * 5 / 4 + 8
    let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: slotCount)
    slots.initialize(repeating: 0, count: slotCount)
    let idBits = UInt32(64 - UInt64(pieces.count + 1).leadingZeroBitCount)
    // Eight bits a piece: an eighth of what is no piece passes.
    let bits = max(64, 1 << (64 - UInt64(pieces.count * 8).leadingZeroBitCount))
    let filter = UnsafeMutablePointer<UInt64>.allocate(capacity: bits / 64)
    filter.initialize(repeating: 0, count: bits / 64)
    var (longestStart, longestContinuation) = (0, 0)
    for id in 0..<pieces.count {
      let piece = pieces.buffer(id)
      if Self.isContinuation(piece) {
        longestContinuation = max(longestContinuation, piece.count - 2)
      } else {
        longestStart = max(longestStart, piece.count)
      }
    }
    reader = Reader(
      slots: slots, slotCount: slotCount, idBits: idBits, filter: filter,
      filterMask: UInt64(bits - 1), pieces: pieces.reader, longestStart: longestStart,
      longestContinuation: longestContinuation)
    for id in 0..<pieces.count {
      let (key, continues, finished) = Self.key(pieces.buffer(id))
      let slot = reader.slot(finished, key, continues: continues)
      if slots[slot] != 0 {
        throw Duplicate(id: id, before: Int(slots[slot] & ((1 << idBits) - 1)) - 1)
      }
      slots[slot] = reader.tag(finished) | UInt32(id + 1)
      filter[Int((finished & reader.filterMask) >> 6)] |= 1 << (finished & 63)
    }
  }

  deinit {
    reader.slots.deallocate()
    reader.filter.deallocate()
  }

  /// The memory that it takes, the pieces included.
  var byteCount: Int {
    pieces.byteCount + reader.slotCount * 4 + Int(reader.filterMask + 1) / 8
  }

  /// The id of a whole piece as the vocabulary spells it, or nil.
  func id(of piece: [UInt8]) -> Int32? {
    let id = piece.withUnsafeBufferPointer { piece in
      let (key, continues, finished) = Self.key(piece)
      return reader.find(finished, key, continues: continues)
    }
    return id < 0 ? nil : id
  }

  @inline(__always)
  fileprivate static func isContinuation(_ piece: UnsafeBufferPointer<UInt8>) -> Bool {
    piece.count > 2 && piece[0] == 0x23 && piece[1] == 0x23
  }

  private static func key(
    _ piece: UnsafeBufferPointer<UInt8>
  ) -> (key: UnsafeBufferPointer<UInt8>, continues: Bool, finished: UInt64) {
    let continues = isContinuation(piece)
    let key = continues ? UnsafeBufferPointer(rebasing: piece[2...]) : piece
    var hash = continues ? continuation : start
    for byte in key { hash = step(hash, byte) }
    return (key, continues, finish(hash))
  }
}

extension PieceIndex.Reader {
  /// Whether a piece may have this finished hash.
  @inline(__always)
  func mayHold(_ finished: UInt64) -> Bool {
    filter[Int((finished & filterMask) >> 6)] >> (finished & 63) & 1 != 0
  }

  /// The id of the piece that is `key` at a word's start, or "##" and `key` within it; -1 for none.
  @inline(__always)
  func find(_ finished: UInt64, _ key: UnsafeBufferPointer<UInt8>, continues: Bool) -> Int32 {
    Int32(slots[slot(finished, key, continues: continues)] & ((1 << idBits) - 1)) - 1
  }

  @inline(__always)
  fileprivate func tag(_ finished: UInt64) -> UInt32 {
    (UInt32(truncatingIfNeeded: finished) >> idBits) << idBits
  }

  /// The slot that holds the piece, or the empty one where it would be.
  @inline(__always)
  fileprivate func slot(
    _ finished: UInt64, _ key: UnsafeBufferPointer<UInt8>, continues: Bool
  ) -> Int {
    let tag = tag(finished)
    let mask = (UInt32(1) << idBits) - 1
    var slot = Int(finished.multipliedFullWidth(by: UInt64(slotCount)).high)
    while slots[slot] != 0 {
      if slots[slot] & ~mask == tag,
        isPiece(Int(slots[slot] & mask) - 1, key, continues: continues)
      {
        return slot
      }
      slot = slot + 1 == slotCount ? 0 : slot + 1
    }
    return slot
  }

  @inline(__always)
  private func isPiece(
    _ id: Int, _ key: UnsafeBufferPointer<UInt8>, continues: Bool
  ) -> Bool {
    let piece = pieces.buffer(id)
    let skip = continues ? 2 : 0
    guard piece.count == key.count + skip, PieceIndex.isContinuation(piece) == continues else {
      return false
    }
    for at in 0..<key.count where piece[at + skip] != key[at] { return false }
    return true
  }
}
