/// The pieces and merges of a BPE model of Hugging Face's tokenizers. Immutable.
final class MergeVocabulary: Sendable {
  /// What merging starts from.
  enum Alphabet: Sendable {
    /// The bytes of a word: by byte, the ids of its piece, and of its piece at a word's end.
    case bytes(ConstantBuffer<Int32>, last: ConstantBuffer<Int32>)
    /// The scalars of a word: by scalar its id or -1, and by byte the pieces that stand for a scalar
    /// without one.
    case scalars(SharedScalarTable, fallback: ConstantBuffer<Int32>?)
  }

  let alphabet: Alphabet
  let merges: MergeTable
  /// The piece of what nothing stands for; nil: it is left out.
  let unknown: Int32?
  let fusesUnknown: Bool
  /// Words that are a piece as they stand; nil where merges alone decide.
  let whole: WholeWords?
  /// Whether a merge makes a piece that holds ▁ behind another character.
  let mergesCrossSpaces: Bool

  init(
    alphabet: Alphabet, merges: MergeTable, unknown: Int32?, fusesUnknown: Bool,
    whole: WholeWords?, mergesCrossSpaces: Bool
  ) {
    self.mergesCrossSpaces = mergesCrossSpaces
    self.alphabet = alphabet
    self.merges = merges
    self.unknown = unknown
    self.fusesUnknown = fusesUnknown
    self.whole = whole
  }

  var byteCount: Int {
    merges.byteCount + (whole?.byteCount ?? 0)
      + {
        switch alphabet {
        case .bytes(let all, let last): all.byteCount + last.byteCount
        case .scalars(let table, let fallback): table.byteCount + (fallback?.byteCount ?? 0)
        }
      }()
  }
}

/// Ids by scalar. Sound to share: nothing is written behind `init`.
final class SharedScalarTable: @unchecked Sendable {
  private let storage: ScalarTable<Int32>.Storage

  init(_ table: ScalarTable<Int32>) { storage = table.storage() }

  var byteCount: Int { storage.byteCount }

  @inline(__always)
  subscript(scalar: UInt32) -> Int32 {
    storage.values[Int(storage.blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
  }
}

/// Words that are pieces, by their bytes.
struct WholeWords: Sendable {
  private var table = ByteTable()
  private var ids: [Int32] = []

  mutating func insert(_ word: [UInt8], id: Int32) {
    if table.insert(word) == ids.count { ids.append(id) }
  }

  func id(of word: UnsafeBufferPointer<UInt8>) -> Int32? { table.index(of: word).map { ids[$0] } }

  var byteCount: Int { table.byteCount + 4 * ids.count }
}

/// What two neighbours merge into, and when: by the pair, in open addressing.
final class MergeTable: Sendable {
  struct Entry: BitwiseCopyable {
    /// -1: none.
    var left: Int32 = -1
    var right: Int32 = -1
    /// Lower ones go first.
    var rank: Int32 = 0
    /// What they become.
    var id: Int32 = 0
  }

  private let entries: ConstantBuffer<Entry>
  private let shift: UInt64

  /// Of several merges of one pair the last counts.
  init(_ merges: [Entry]) {
    let bits = max(4, 64 - UInt64(merges.count * 3 / 2).leadingZeroBitCount)
    let shift = UInt64(64 - bits)
    entries = ConstantBuffer(count: 1 << bits) { memory in
      memory.initialize(repeating: Entry(), count: 1 << bits)
      for merge in merges {
        var at = Self.slot(merge.left, merge.right, shift)
        while memory[at].left >= 0, memory[at].left != merge.left || memory[at].right != merge.right
        {
          at = (at + 1) & (1 << bits - 1)
        }
        memory[at] = merge
      }
    }
    self.shift = shift
  }

  var byteCount: Int { entries.byteCount }

  @inline(__always)
  private static func slot(_ left: Int32, _ right: Int32, _ shift: UInt64) -> Int {
    let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    let mixed = (key ^ key >> 29) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed >> shift)
  }

  /// Valid while this object lives.
  var reader: Reader { Reader(entries: entries.base, mask: entries.count - 1, shift: shift) }

  struct Reader: BitwiseCopyable {
    fileprivate let entries: UnsafePointer<Entry>
    fileprivate let mask: Int
    fileprivate let shift: UInt64

    /// The rank of a pair and what it becomes; a negative rank where it does not merge.
    @inline(__always)
    func find(_ left: Int32, _ right: Int32) -> (rank: Int32, id: Int32) {
      var at = MergeTable.slot(left, right, shift)
      while true {
        let entry = entries[at]
        if entry.left == left, entry.right == right { return (entry.rank, entry.id) }
        if entry.left < 0 { return (-1, 0) }
        at = (at + 1) & mask
      }
    }
  }
}
