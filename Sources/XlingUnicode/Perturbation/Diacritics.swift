/// Texts without combining marks, as people type who have no key for them.
enum Diacritics {
  /// NFD, without nonspacing marks (Mn) that belong to no script of their own (Script Inherited) or to
  /// Hebrew and have a combining class, then NFC. So é is e, й is и, Arabic vowel signs and Hebrew points
  /// go; vowel signs of Indic and Thai scripts stay, since words are no words without them, and so do the
  /// kana's voicing marks (U+3099, U+309A). ø and ł do not decompose, and stay. BERT's `strip_accents`
  /// takes every Mn.
  static func removed(from text: String) throws -> String {
    var kept = String.UnicodeScalarView()
    for scalar in try NormalizationForm.nfd.normalize(text).unicodeScalars
    where !isRemoved(scalar.value) { kept.append(scalar) }
    return try NormalizationForm.nfc.normalize(String(kept))
  }

  private static func isRemoved(_ scalar: UInt32) -> Bool {
    guard scalar >= 0x300, scalar != 0x3099, scalar != 0x309A,
      ScalarProperties.category(scalar) == .nonspacingMark,
      ScalarProperties.combiningClass(scalar) != 0
    else { return false }
    let script = ScalarProperties.script(scalar)
    return script == inherited || script == hebrew
  }

  // Of two characters of which nobody doubts the script.
  private static let inherited = ScalarProperties.script(0x301)
  private static let hebrew = ScalarProperties.script(0x5D0)
}
