import XlingCore

/// Slips of the finger.
enum KeyboardNoise {
  /// Shorter words are left alone: a slip makes another word of them.
  static let fewestLetters = 4
  static let share = 0.3

  /// In every word (run of letters and marks) of four letters or more, with probability 0.3, one letter
  /// that has a key becomes one of the keys beside it, capital for capital. Layouts: ``KeyboardLayout``;
  /// letters of other scripts (Han, kana, Hangul, Indic …), which are typed by way of others or have no
  /// layout here, and letters without a key of their own (é on QWERTY) stay.
  static func apply(_ text: String, language: String?, seed: UInt64) -> String {
    var scalars = Array(text.unicodeScalars)
    var stream = RandomStream(seed: seed, "perturb keyboard " + text)
    for word in TextWords.words(of: scalars) where word.letters.count >= fewestLetters {
      // Drawn for every word, so that one word's letters do not move the others' draws.
      let isHit = stream.uniform() < share
      let (place, key) = (stream.next(), stream.next())
      let typed = word.letters.filter { !beside(scalars[$0], language).isEmpty }
      guard isHit, !typed.isEmpty else { continue }
      let index = typed[Int(place % UInt64(typed.count))]
      let keys = beside(scalars[index], language)
      scalars[index] = keys[Int(key % UInt64(keys.count))]
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  /// Keys beside a letter's, in its case; empty when it has none.
  static func beside(_ scalar: Unicode.Scalar, _ language: String?) -> [Unicode.Scalar] {
    let small = Unicode.Scalar(ScalarProperties.simpleLowercase(scalar.value)) ?? scalar
    guard let layout = KeyboardLayout.of(small, language: language) else { return [] }
    let keys = layout.neighbours(of: small)
    guard small != scalar else { return keys }
    return keys.compactMap { key in
      let capital = key.properties.uppercaseMapping.unicodeScalars
      return capital.count == 1 ? capital.first : nil
    }
  }
}
