/// What becomes of each scalar under one BERT configuration, worked out once: its kind, and the
/// scalars that stand for it in a word (lower case, accents stripped). One 32-bit code a scalar.
///
/// This holds as far as a scalar can be looked at alone. One that cannot (it may compose with or be
/// reordered among its neighbours) is ``complex``: its surroundings go through ``WordSplitter``.
final class WordCodes: @unchecked Sendable {
  // Sound to share: everything is written in `init` only.

  /// The kind, in the low three bits. Letters and empty scalars (removed or stripped) make up
  /// words; a lone scalar is a word; a space ends one.
  static let letter: UInt32 = 0
  static let empty: UInt32 = 1
  static let space: UInt32 = 2
  static let lone: UInt32 = 3
  static let complex: UInt32 = 4
  static let kindMask: UInt32 = 7
  /// The code's upper 28 bits are an index into `expansions`, or 0 for a syllable of Hangul, whose
  /// letters are computed; otherwise, from bit 4, the signed distance to the one scalar that stands
  /// for this one.
  static let expands: UInt32 = 8

  private let table: ScalarTable<UInt32>.Storage
  /// Count, then scalars, of each expansion.
  private let expansions: ConstantBuffer<UInt32>

  init(_ configuration: BertConfiguration, _ classes: ScalarClasses) {
    var builder = Builder(configuration, classes)
    table = classes.map { scalar, bits in
      bits == 0 ? Self.letter : builder.code(scalar, bits)
    }.storage()
    expansions = ConstantBuffer(builder.expansions)
  }

  /// The memory that it takes.
  var byteCount: Int { table.byteCount + expansions.byteCount }

  /// Valid while this object lives.
  var reader: Reader {
    Reader(blocks: table.blocks, codes: table.values, expansions: expansions.base)
  }

  struct Reader: BitwiseCopyable {
    /// Codes of the scalar c: codes[blocks[c >> 8] << 8 | c & 0xFF].
    let blocks: UnsafePointer<UInt16>
    let codes: UnsafePointer<UInt32>
    fileprivate let expansions: UnsafePointer<UInt32>

    @inline(__always)
    subscript(scalar: UInt32) -> UInt32 {
      codes[Int(blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
    }

    /// Gives `body` the scalars that stand for one whose code has ``expands`` set.
    @inline(__always)
    func expand(_ scalar: UInt32, _ code: UInt32, _ body: (UInt32) -> Void) {
      let index = Int(code >> 4)
      if index == 0 { return Hangul.forEachLetter(scalar, body) }
      for at in index + 1...index + Int(expansions[index]) { body(expansions[at]) }
    }
  }

  /// The one scalar that stands for `scalar`, whose code has ``expands`` unset.
  @inline(__always)
  static func mapped(_ scalar: UInt32, _ code: UInt32) -> UInt32 {
    UInt32(bitPattern: Int32(bitPattern: scalar) &+ Int32(bitPattern: code) >> 4)
  }

  private struct Builder {
    let classes: ScalarClasses
    let lowercase: Bool
    let strips: Bool
    let spacesChinese: Bool
    let cleans: Bool
    let doubt: UInt16
    /// Index 0 is no expansion's.
    var expansions: [UInt32] = [0]

    init(_ configuration: BertConfiguration, _ classes: ScalarClasses) {
      self.classes = classes
      lowercase = configuration.lowercase
      strips = configuration.stripsAccents
      spacesChinese = configuration.tokenizeChineseCharacters
      cleans = configuration.cleansText
      doubt =
        switch configuration.normalization {
        case .none: 0
        case .nfc: ScalarClasses.leavesNFCInDoubt
        case .nfkc: ScalarClasses.leavesNFKCInDoubt
        }
    }

    mutating func code(_ scalar: UInt32, _ bits: UInt16) -> UInt32 {
      if bits & doubt != 0 { return WordCodes.complex }
      if cleans, bits & ScalarClasses.removed != 0 { return WordCodes.empty }
      guard strips, bits & (ScalarClasses.decomposes | ScalarClasses.stripped) != 0 else {
        return code(scalar, standingFor: scalar)
      }
      let whole = classes.decomposition(scalar)
      let parts = whole.filter { classes[$0] & ScalarClasses.stripped == 0 }
      if parts.contains(where: { classes.combiningClass($0) != 0 }) { return WordCodes.complex }
      if parts.isEmpty { return WordCodes.empty }
      if parts.count == 1 { return code(parts[0], standingFor: scalar) }
      guard parts.allSatisfy({ kind($0) == WordCodes.letter }) else { return WordCodes.complex }
      if Hangul.syllables.contains(scalar) { return WordCodes.expands | WordCodes.letter }
      return expansion(
        parts.flatMap { part in
          let (first, second) = lowercased(part)
          return second.map { [first, $0] } ?? [first]
        })
    }

    private mutating func code(_ part: UInt32, standingFor scalar: UInt32) -> UInt32 {
      let kind = kind(part)
      let (first, second) = lowercased(part)
      if let second {
        return kind == WordCodes.letter ? expansion([first, second]) : WordCodes.complex
      }
      let distance = Int32(bitPattern: first) - Int32(bitPattern: scalar)
      return UInt32(bitPattern: distance << 4) | kind
    }

    private mutating func expansion(_ scalars: [UInt32]) -> UInt32 {
      let index = UInt32(expansions.count)
      expansions.append(UInt32(scalars.count))
      expansions += scalars
      return index << 4 | WordCodes.expands | WordCodes.letter
    }

    private func kind(_ scalar: UInt32) -> UInt32 {
      let bits = classes[scalar]
      if cleans, bits & ScalarClasses.removed != 0 { return WordCodes.empty }
      if bits & (ScalarClasses.space | ScalarClasses.whitespace) != 0 { return WordCodes.space }
      let isLone =
        bits & ScalarClasses.punctuation != 0
        || (spacesChinese && bits & ScalarClasses.cjk != 0)
      return isLone ? WordCodes.lone : WordCodes.letter
    }

    private func lowercased(_ scalar: UInt32) -> (UInt32, UInt32?) {
      guard lowercase, classes[scalar] & ScalarClasses.lowercases != 0 else { return (scalar, nil) }
      return classes.lowercased(scalar)
    }
  }
}

/// Syllables of Hangul (Unicode 15, section 3.12): their letters follow from their numbers, where
/// 11,172 expansions would take more room than all others together.
private enum Hangul {
  static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3

  @inline(__always)
  static func forEachLetter(_ syllable: UInt32, _ body: (UInt32) -> Void) {
    let number = syllable - syllables.lowerBound
    body(0x1100 + number / 588)
    body(0x1161 + number % 588 / 28)
    if number % 28 > 0 { body(0x11A7 + number % 28) }
  }
}
