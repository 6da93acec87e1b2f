import XlingUnicode

/// What BERT's basic tokenization has to know of each scalar, as bits.
struct ScalarClasses: Sendable {
  static let removed: UInt16 = 1
  static let space: UInt16 = 2
  static let whitespace: UInt16 = 4
  static let punctuation: UInt16 = 8
  static let cjk: UInt16 = 16
  static let stripped: UInt16 = 32
  static let lowercases: UInt16 = 64
  /// Decomposes canonically or has a combining class.
  static let decomposes: UInt16 = 128
  static let leavesNFCInDoubt: UInt16 = 256
  static let leavesNFKCInDoubt: UInt16 = 512

  private let bits: ScalarTable<UInt16>
  /// Mappings the reference has and ICU lacks.
  private let lowercase: [UInt32: UInt32]
  private let classless: Set<UInt32>

  /// The bits of a scalar.
  @inline(__always)
  subscript(scalar: UInt32) -> UInt16 { bits[scalar] }

  /// What `transform` makes of each scalar and its bits, by scalar. It looks at the scalar itself
  /// only where bits say that it changes.
  func map<Value>(_ transform: (UInt32, UInt16) -> Value) -> ScalarTable<Value> {
    let changing = Self.stripped | Self.lowercases | Self.decomposes
    return bits.map(ignoresScalar: { $0 & changing == 0 }, transform)
  }

  /// Built once for each kind of data. Throws ``TokenizerFailure/unicode(reason:)`` when ICU lacks
  /// its data.
  static func shared(_ unicode: UnicodeData = .reference) throws(TokenizerFailure) -> ScalarClasses
  {
    switch unicode {
    case .reference: try reference.get()
    case .icu: try icu.get()
    }
  }

  private static let reference = Result { () throws(TokenizerFailure) in
    var bits = try traitBits()
    typealias Tables = BertUnicodeTables
    mark(&bits, Tables.removed, removed)
    mark(&bits, Tables.spaces, space)
    mark(&bits, Tables.whitespace, whitespace)
    mark(&bits, Tables.punctuation, punctuation)
    mark(&bits, Tables.cjk, cjk)
    mark(&bits, Tables.stripped, stripped)
    for scalar in Tables.undecomposed { bits[Int(scalar)] &= ~decomposes }
    var lowercase: [UInt32: UInt32] = [:]
    for at in stride(from: 0, to: Tables.lowercase.count, by: 2) {
      lowercase[Tables.lowercase[at]] = Tables.lowercase[at + 1]
      bits[Int(Tables.lowercase[at])] |= lowercases
    }
    var classless: Set<UInt32> = []
    for at in stride(from: 0, to: Tables.classless.count, by: 2) {
      classless.formUnion(Tables.classless[at]...Tables.classless[at + 1])
    }
    return ScalarClasses(bits: ScalarTable(bits), lowercase: lowercase, classless: classless)
  }

  private static let icu = Result { () throws(TokenizerFailure) in
    var bits = try traitBits()
    for scalar in UInt32(0)..<0x110000 { bits[Int(scalar)] |= icuBits(scalar) }
    // CJK as in Google's tokenization.py (Devlin et al. 2019).
    let ideographs: [UInt32] = [
      0x3400, 0x4DBF, 0x4E00, 0x9FFF, 0xF900, 0xFAFF, 0x20000, 0x2A6DF, 0x2A700, 0x2B73F, 0x2B740,
      0x2B81F, 0x2B820, 0x2CEAF, 0x2F800, 0x2FA1F,
    ]
    mark(&bits, ideographs, cjk)
    return ScalarClasses(bits: ScalarTable(bits), lowercase: [:], classless: [])
  }

  /// clean_text, the splits and the accents by ICU's categories.
  private static func icuBits(_ scalar: UInt32) -> UInt16 {
    let isSpace = ScalarProperties.isWhiteSpace(scalar)
    // TAB, LF and CR are control characters that count as spaces; VT, FF and NEL are removed.
    if scalar == 0x09 || scalar == 0x0A || scalar == 0x0D { return space | whitespace }
    var bits: UInt16 = isSpace ? whitespace : 0
    switch ScalarProperties.category(scalar) {
    case .control, .format, .privateUse: return bits | removed
    case .nonspacingMark: bits |= stripped
    case .dashPunctuation, .openPunctuation, .closePunctuation, .connectorPunctuation,
      .otherPunctuation, .initialPunctuation, .finalPunctuation:
      bits |= punctuation
    default: break
    }
    if scalar == 0 || scalar == 0xFFFD { bits |= removed }
    if isSpace { bits |= space }
    let isASCIISymbol =
      (0x21...0x2F).contains(scalar) || (0x3A...0x40).contains(scalar)
      || (0x5B...0x60).contains(scalar) || (0x7B...0x7E).contains(scalar)
    return isASCIISymbol ? bits | punctuation : bits
  }

  private static func traitBits() throws(TokenizerFailure) -> [UInt16] {
    do {
      // The four trait bits of ScalarProperties move up to 64...512 in the same order.
      return try ScalarProperties.traits().map { UInt16($0) << 6 }
    } catch {
      throw .unicode(reason: "\(error)")
    }
  }

  private static func mark(_ bits: inout [UInt16], _ ranges: [UInt32], _ bit: UInt16) {
    for at in stride(from: 0, to: ranges.count, by: 2) {
      for scalar in ranges[at]...ranges[at + 1] { bits[Int(scalar)] |= bit }
    }
  }

  /// The combining class as the reference has it.
  func combiningClass(_ scalar: UInt32) -> UInt8 {
    guard bits[scalar] & Self.decomposes != 0, !classless.contains(scalar) else { return 0 }
    return ScalarProperties.combiningClass(scalar)
  }

  /// The canonical decomposition as the reference has it; the scalar itself where there is none.
  func decomposition(_ scalar: UInt32) -> [UInt32] {
    guard bits[scalar] & Self.decomposes != 0 else { return [scalar] }
    let parts = ScalarProperties.decomposition(scalar)
    return parts.isEmpty ? [scalar] : parts
  }

  /// One scalar's lower case without context; only U+0130 becomes two (i, U+0307).
  func lowercased(_ scalar: UInt32) -> (UInt32, UInt32?) {
    if scalar == 0x130 { return (0x69, 0x307) }
    return (lowercase[scalar] ?? ScalarProperties.simpleLowercase(scalar), nil)
  }
}
