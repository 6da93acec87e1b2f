/// Where a ``ScoredTrie`` stands behind the first character of a piece, for characters below
/// U+10000: one look-up in place of up to three steps through far apart memory. In blocks of 64, of
/// which those that no piece begins in are one.
final class FirstScalars: @unchecked Sendable {
  // Sound to share: everything is written in `init` only.

  /// Zero where no piece begins so; else the base, and above it one more than the id of the piece
  /// that the character is by itself.
  private let entries: UnsafePointer<UInt64>
  /// By the upper ten bits of a scalar, the number of its block in `entries`.
  private let blocks: UnsafePointer<UInt16>
  /// The memory it takes.
  let byteCount: Int

  init(_ trie: ScoredTrie.Reader) {
    var builder = Builder(trie: trie)
    for lead in UInt8(1)..<0xF0 {
      var base = trie.root
      guard let unit = trie.step(&base, lead) else { continue }
      switch UTF8Scalar.length(lead) {
      case 1 where lead < 0x80: builder.set(UInt32(lead), base, trie.id(unit, base))
      case 2: builder.follow(base, UInt32(lead & 0x1F), missing: 1)
      case 3: builder.follow(base, UInt32(lead & 0x0F), missing: 2)
      default: break
      }
    }
    entries = Self.copy(builder.entries)
    blocks = Self.copy(builder.blocks)
    byteCount = builder.entries.count * 8 + builder.blocks.count * 2
  }

  private static func copy<Element>(_ elements: [Element]) -> UnsafePointer<Element> {
    let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
    _ = memory.initialize(from: elements)
    return UnsafePointer(memory.baseAddress.unsafelyUnwrapped)
  }

  deinit {
    entries.deallocate()
    blocks.deallocate()
  }

  private struct Builder {
    let trie: ScoredTrie.Reader
    var entries = [UInt64](repeating: 0, count: 64)
    var blocks = [UInt16](repeating: 0, count: 1024)

    mutating func follow(_ from: Int, _ bits: UInt32, missing: Int) {
      for byte in UInt8(0x80)..<0xC0 {
        var base = from
        guard let unit = trie.step(&base, byte) else { continue }
        let scalar = bits << 6 | UInt32(byte & 0x3F)
        if missing == 1 {
          set(scalar, base, trie.id(unit, base))
        } else {
          follow(base, scalar, missing: missing - 1)
        }
      }
    }

    mutating func set(_ scalar: UInt32, _ base: Int, _ id: Int32) {
      let block = Int(scalar >> 6)
      if blocks[block] == 0 {
        blocks[block] = UInt16(entries.count / 64)
        entries += repeatElement(0, count: 64)
      }
      entries[Int(blocks[block]) << 6 | Int(scalar & 63)] =
        UInt64(base) | UInt64(UInt32(bitPattern: id + 1)) << 32
    }
  }

  /// Valid while this object lives.
  var reader: Reader { Reader(entries: entries, blocks: blocks) }

  struct Reader: BitwiseCopyable {
    fileprivate let entries: UnsafePointer<UInt64>
    fileprivate let blocks: UnsafePointer<UInt16>

    @inline(__always)
    subscript(scalar: UInt32) -> (base: Int, id: Int32) {
      let block = Int(blocks[Int(scalar >> 6 & 0x3FF)])
      let entry = entries[block << 6 | Int(scalar & 63)]
      return (
        Int(UInt32(truncatingIfNeeded: entry)),
        Int32(truncatingIfNeeded: entry >> 32) - 1
      )
    }
  }
}
