import XlingUnicode

/// Which characters may stand together in a piece: those of one script, where kana count as Han
/// and combining marks take the script ahead of them. Characters younger than Unicode 9, the
/// reference's data, are of no script of their own.
struct PieceScript {
  /// Nothing that decides: ▁, or marks alone.
  static let any: Int16 = -1
  private static let (han, hiragana, katakana, inherited, common) = (17, 20, 22, 1, 0)

  private var known: [UInt32: Int16] = [:]

  mutating func of(_ scalar: UInt32) -> Int16 {
    if let script = known[scalar] { return script }
    let script = Self.lookUp(scalar)
    known[scalar] = script
    return script
  }

  private static func lookUp(_ scalar: UInt32) -> Int16 {
    if scalar == SentencePieceCorpus.space { return any }
    guard 1...9 ~= ScalarProperties.age(scalar) else { return Int16(common) }
    let script = ScalarProperties.script(scalar)
    if script == hiragana || script == katakana || scalar == 0x30FC { return Int16(han) }
    return script == inherited ? any : Int16(script)
  }

  /// Whether stretches of two scripts may be joined, and the script of the whole.
  static func joined(_ left: Int16, _ right: Int16) -> Int16? {
    if left == any { return right }
    return right == any || left == right ? left : nil
  }
}
