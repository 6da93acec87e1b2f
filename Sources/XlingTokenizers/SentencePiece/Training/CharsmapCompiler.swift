import XlingUnicode

/// Compiles normalization rules into the form that ``Charsmap`` and SentencePiece read.
enum CharsmapCompiler {
  /// NFKC by ICU, with what SentencePiece's `nmt_nfkc` changes in it: control characters go, line
  /// ends and invisible separators become spaces, the full-width tilde stays. Sequences that
  /// compose canonically are rules too, also when written in half- or full-width forms. The
  /// reference has more rules (circled and mathematical letters that compose with what follows)
  /// and newer data; on text without such sequences both do the same.
  ///
  /// Throws ``UnicodeFailure`` when ICU lacks its data.
  static func multilingual() throws -> [UInt8] {
    var rules: [[UInt32]: [UInt32]] = [:]
    let traits = try ScalarProperties.traits()
    let variants = try widthVariants()
    for scalar in UInt32(1)..<0x110000 {
      guard let character = Unicode.Scalar(scalar) else { continue }
      if traits[Int(scalar)] & ScalarProperties.leavesNFKCInDoubt != 0 {
        let normal = try scalars(.nfkc, String(character))
        if normal != [scalar] { rules[[scalar]] = normal }
      }
      let parts = ScalarProperties.decomposition(scalar)
      guard 2...4 ~= parts.count, rules[[scalar]] == nil else { continue }
      let forms = parts.map { [$0] + (isHangul(scalar) ? [] : variants[$0] ?? []) }
      for sequence in product(forms) { rules[sequence] = [scalar] }
    }
    let deleted = Array(0x01...0x08) + [0x0B] + Array(0x0E...0x1F) + [0x7F, 0x8F, 0x9F]
    for scalar in deleted { rules[[UInt32(scalar)]] = [] }
    let spaces: [UInt32] = [
      0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B, 0x200C, 0x200E, 0x200F, 0x2028, 0x2029, 0x2581,
      0xFEFF, 0xFFFD,
    ]
    for scalar in spaces { rules[[scalar]] = [0x20] }
    rules[[0xFF5E]] = nil
    return compile(rules)
  }

  /// By scalar: its half- and full-width forms.
  private static func widthVariants() throws -> [UInt32: [UInt32]] {
    var variants: [UInt32: [UInt32]] = [:]
    for scalar in UInt32(0xFF01)...0xFFDC {
      guard let character = Unicode.Scalar(scalar) else { continue }
      let normal = try scalars(.nfkd, String(character))
      if normal.count == 1, normal != [scalar] { variants[normal[0], default: []].append(scalar) }
    }
    return variants
  }

  private static func isHangul(_ scalar: UInt32) -> Bool { 0xAC00...0xD7A3 ~= scalar }

  private static func scalars(_ form: NormalizationForm, _ text: String) throws -> [UInt32] {
    try form.normalize(text).unicodeScalars.map(\.value)
  }

  private static func product(_ forms: [[UInt32]]) -> [[UInt32]] {
    forms.reduce([[]]) { sequences, choices in
      sequences.flatMap { sequence in choices.map { sequence + [$0] } }
    }
  }

  /// Keys and replacements in scalars; the result depends on the rules only.
  static func compile(_ rules: [[UInt32]: [UInt32]]) -> [UInt8] {
    var keys = PieceList()
    var values: [Int32] = []
    var replacements: [UInt8] = []
    var places: [[UInt32]: Int32] = [:]
    for key in rules.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      guard let value = rules[key] else { continue }
      keys.append(utf8(key))
      if places[value] == nil {
        places[value] = Int32(replacements.count)
        replacements += utf8(value) + [0]
      }
      values.append(places[value] ?? 0)
    }
    // Scalars sort as their UTF-8 does.
    let order = Array(0..<Int32(keys.count))
    let units = DoubleArrayBuilder.build(keys, order, values: values)
    var blob: [UInt8] = []
    for unit in [UInt32(units.count * 4)] + units {
      withUnsafeBytes(of: unit.littleEndian) { blob.append(contentsOf: $0) }
    }
    return blob + replacements
  }

  private static func utf8(_ scalars: [UInt32]) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in scalars { UTF8Scalar.append(scalar, to: &bytes) }
    return bytes
  }
}
