/// Words as the drawn perturbations see them: longest runs of letters and marks (L and M), whatever the
/// script. Where no spaces stand between words a run is a clause.
enum TextWords {
  struct Word {
    /// Places of the text's scalars.
    let range: Range<Int>
    /// Places of letters before which a word may be parted: all letters but the first.
    let insideLetters: [Int]
    let letters: [Int]
  }

  static func words(of scalars: [Unicode.Scalar]) -> [Word] {
    var words: [Word] = []
    var (start, letters): (Int?, [Int]) = (nil, [])
    for (index, scalar) in (scalars + [" "]).enumerated() {
      let category = ScalarProperties.category(scalar.value)
      let isLetter = isLetter(category)
      if isLetter { letters.append(index) }
      if isLetter || isMark(category) {
        start = start ?? index
      } else if let begin = start {
        words.append(
          Word(
            range: begin..<index, insideLetters: letters.filter { $0 > begin }, letters: letters))
        (start, letters) = (nil, [])
      }
    }
    return words
  }

  private static func isLetter(_ category: GeneralCategory) -> Bool {
    switch category {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  private static func isMark(_ category: GeneralCategory) -> Bool {
    category == .nonspacingMark || category == .enclosingMark || category == .spacingMark
  }
}
