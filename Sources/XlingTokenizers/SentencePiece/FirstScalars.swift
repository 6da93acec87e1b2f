import Foundation

/// Where a ``ScoredTrie`` stands behind the first character of a piece, for characters below
/// U+10000: one look-up in place of up to three steps through far apart memory. Pages of scripts
/// that no text holds are never touched.
final class FirstScalars: @unchecked Sendable {
  /// Zero where no piece begins so; else the base, and above it one more than the id of the piece
  /// that the character is by itself. Written once, then only read.
  private let entries: UnsafeMutablePointer<UInt64>
  private static let count = 0x10000

  init(_ trie: ScoredTrie) {
    entries = calloc(Self.count, 8).unsafelyUnwrapped.bindMemory(
      to: UInt64.self, capacity: Self.count)
    for lead in UInt8(1)..<0xF0 {
      var base = trie.root
      guard let unit = trie.step(&base, lead) else { continue }
      switch UTF8Scalar.length(lead) {
      case 1 where lead < 0x80: set(UInt32(lead), base, unit)
      case 2: follow(trie, base, UInt32(lead & 0x1F), missing: 1)
      case 3: follow(trie, base, UInt32(lead & 0x0F), missing: 2)
      default: break
      }
    }
  }

  deinit { free(entries) }

  private func follow(_ trie: ScoredTrie, _ from: Int, _ bits: UInt32, missing: Int) {
    for byte in UInt8(0x80)..<0xC0 {
      var base = from
      guard let unit = trie.step(&base, byte) else { continue }
      let scalar = bits << 6 | UInt32(byte & 0x3F)
      if missing == 1 {
        set(scalar, base, unit)
      } else {
        follow(trie, base, scalar, missing: missing - 1)
      }
    }
  }

  private func set(_ scalar: UInt32, _ base: Int, _ unit: UInt64) {
    entries[Int(scalar)] = UInt64(base) | UInt64(UInt32(bitPattern: ScoredTrie.id(unit) + 1)) << 32
  }

  @inline(__always)
  subscript(scalar: UInt32) -> (base: Int, id: Int32) {
    let entry = entries[Int(scalar & 0xFFFF)]
    return (
      Int(UInt32(truncatingIfNeeded: entry)),
      Int32(truncatingIfNeeded: entry >> 32) - 1
    )
  }
}
