import XlingUnicode

/// The caption preprocessing of LilT's code (`pre_caption`, which it has from ALBEF), as Python
/// computes it. It is ASCII-minded: "。" stays, and Turkish I becomes i.
enum LilTCaption {
  private static let removed = Set(",.'!?\"()*#:;~".unicodeScalars)

  /// Throws `UnicodeFailure`.
  static func prepare(_ caption: String, maximumWords: Int) throws -> String {
    // Python's lower() is Unicode's full mapping without a language: final sigma, İ to two scalars.
    var text: [Unicode.Scalar] = []
    for scalar in try Casing.lowercased(caption).unicodeScalars where !removed.contains(scalar) {
      text.append(scalar == "-" || scalar == "/" ? " " : scalar)
    }
    text = joinRuns(replacePerson(text))
    while text.last == "\n" { text.removeLast() }
    let trimmed = text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
    let words = Array(trimmed).split(separator: " ", omittingEmptySubsequences: false)
    return words.prefix(maximumWords).map(string).joined(separator: " ")
  }

  private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }

  /// "<person>" becomes "person".
  private static func replacePerson(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    let mark = Array("<person>".unicodeScalars)
    var out: [Unicode.Scalar] = []
    var index = 0
    while index < text.count {
      if text[index...].starts(with: mark) {
        out += mark.dropFirst().dropLast()
        index += mark.count
      } else {
        out.append(text[index])
        index += 1
      }
    }
    return out
  }

  /// Two or more of Python's white space become one space; one alone stays what it is.
  private static func joinRuns(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var out: [Unicode.Scalar] = []
    var index = 0
    while index < text.count {
      let end = text[index...].firstIndex { !isPythonSpace($0) } ?? text.count
      if end - index >= 2 {
        out.append(" ")
        index = end
      } else {
        out.append(text[index])
        index += 1
      }
    }
    return out
  }

  /// `\s` of Python's regular expressions on text: str.isspace.
  private static func isPythonSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }
}
