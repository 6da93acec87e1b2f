import XlingCore

/// Stray zero-width joiners, as copied text has them.
enum JoinerNoise {
  /// One U+200D in every word (run of letters and marks) of two letters or more, before one of its letters
  /// but the first, drawn by the seed and the text. Taken out again, the text is what it was.
  static func apply(_ text: String, seed: UInt64) -> String {
    let scalars = Array(text.unicodeScalars)
    var stream = RandomStream(seed: seed, "perturb zwj " + text)
    var places: Set<Int> = []
    for word in TextWords.words(of: scalars) where !word.insideLetters.isEmpty {
      places.insert(word.insideLetters[stream.index(word.insideLetters.count)])
    }
    var result = String.UnicodeScalarView()
    for (index, scalar) in scalars.enumerated() {
      if places.contains(index) { result.append("\u{200D}") }
      result.append(scalar)
    }
    return String(result)
  }
}
