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

  /// Indexed by scalar value, 0x110000 entries.
  let bits: [UInt16]
  /// Mappings the reference has and ICU lacks.
  let lowercase: [UInt32: UInt32]
  let classless: Set<UInt32>

  /// Throws ``TokenizerFailure/unicode(reason:)`` when ICU lacks its data.
  static func shared() throws(TokenizerFailure) -> ScalarClasses { try built.get() }

  private static let built: Result<ScalarClasses, TokenizerFailure> = {
    do {
      return .success(ScalarClasses(traits: try ScalarProperties.traits()))
    } catch {
      return .failure(.unicode(reason: "\(error)"))
    }
  }()

  private init(traits: [UInt8]) {
    var bits = [UInt16](repeating: 0, count: 0x110000)
    // The four trait bits of ScalarProperties move up to 64...512 in the same order.
    bits.withUnsafeMutableBufferPointer { bits in
      traits.withUnsafeBufferPointer { traits in
        for scalar in 0..<0x110000 { bits[scalar] = UInt16(traits[scalar]) << 6 }
      }
    }
    typealias Tables = BertUnicodeTables
    Self.mark(&bits, Tables.removed, Self.removed)
    Self.mark(&bits, Tables.spaces, Self.space)
    Self.mark(&bits, Tables.whitespace, Self.whitespace)
    Self.mark(&bits, Tables.punctuation, Self.punctuation)
    Self.mark(&bits, Tables.cjk, Self.cjk)
    Self.mark(&bits, Tables.stripped, Self.stripped)
    for scalar in Tables.undecomposed { bits[Int(scalar)] &= ~Self.decomposes }
    var lowercase: [UInt32: UInt32] = [:]
    for at in stride(from: 0, to: Tables.lowercase.count, by: 2) {
      lowercase[Tables.lowercase[at]] = Tables.lowercase[at + 1]
      bits[Int(Tables.lowercase[at])] |= Self.lowercases
    }
    var classless: Set<UInt32> = []
    for at in stride(from: 0, to: Tables.classless.count, by: 2) {
      classless.formUnion(Tables.classless[at]...Tables.classless[at + 1])
    }
    self.bits = bits
    self.lowercase = lowercase
    self.classless = classless
  }

  private static func mark(_ bits: inout [UInt16], _ ranges: [UInt32], _ bit: UInt16) {
    for at in stride(from: 0, to: ranges.count, by: 2) {
      for scalar in ranges[at]...ranges[at + 1] { bits[Int(scalar)] |= bit }
    }
  }

  /// The combining class as the reference has it.
  func combiningClass(_ scalar: UInt32) -> UInt8 {
    guard bits[Int(scalar)] & Self.decomposes != 0, !classless.contains(scalar) else { return 0 }
    return ScalarProperties.combiningClass(scalar)
  }

  /// One scalar's lower case without context; only U+0130 becomes two (i, U+0307).
  func lowercased(_ scalar: UInt32) -> (UInt32, UInt32?) {
    if scalar == 0x130 { return (0x69, 0x307) }
    return (lowercase[scalar] ?? ScalarProperties.simpleLowercase(scalar), nil)
  }
}
