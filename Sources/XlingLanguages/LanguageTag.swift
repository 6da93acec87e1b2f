/// The form of language tags (BCP 47; RFC 5646, section 2.1). Whether a registry knows the subtags is not
/// asked: `x-emoji` and `de-CH-1996` are tags, `e/n` and an empty text are none.
public enum LanguageTag {
  /// Whether `text` keeps to the grammar of RFC 5646, whatever its case.
  public static func isWellFormed(_ text: String) -> Bool {
    // Most tags are two or three letters, and a data set may hold millions.
    let bytes = text.utf8
    if (2...3).contains(bytes.count), bytes.allSatisfy(isLetter) { return true }
    if irregular.contains(text.lowercased()) { return true }
    let subtags = bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard subtags.allSatisfy({ (1...8).contains($0.count) && $0.allSatisfy(isLetterOrDigit) })
    else { return false }
    if isSingleton(subtags[0], "x") { return subtags.count > 1 }
    return isLanguage(subtags)
  }

  /// With upper and lower case as RFC 5646 (2.1.1) has them: `zh-Hant`, `de-CH-1996`, `x-emoji`.
  public static func cased(_ tag: String) -> String {
    var isBehindSingleton = false
    return tag.lowercased().split(separator: "-").enumerated().map { index, part in
      defer { if part.utf8.count == 1 { isBehindSingleton = true } }
      guard index > 0, !isBehindSingleton, part.utf8.allSatisfy(isLetter) else {
        return String(part)
      }
      return switch part.utf8.count {
      case 2: part.uppercased()
      case 4: part.prefix(1).uppercased() + part.dropFirst()
      default: String(part)
      }
    }.joined(separator: "-")
  }

  private typealias Subtag = Substring.UTF8View

  /// language ["-" script] ["-" region] *("-" variant) *("-" extension) ["-" privateuse]
  private static func isLanguage(_ subtags: [Subtag]) -> Bool {
    var rest = subtags[...]
    func take(_ isMeant: (Subtag) -> Bool) -> Bool {
      guard let first = rest.first, isMeant(first) else { return false }
      rest.removeFirst()
      return true
    }
    let length = subtags[0].count
    guard take({ (2...8).contains($0.count) && $0.allSatisfy(isLetter) }) else { return false }
    if length <= 3 {
      for _ in 0..<3 where !take({ $0.count == 3 && $0.allSatisfy(isLetter) }) { break }
    }
    _ = take { $0.count == 4 && $0.allSatisfy(isLetter) }
    _ = take {
      $0.count == 2 && $0.allSatisfy(isLetter) || $0.count == 3 && $0.allSatisfy(isDigit)
    }
    while take({ $0.count > 4 || $0.count == 4 && isDigit($0.first ?? 0) }) {}
    while take({ $0.count == 1 && !isSingleton($0, "x") }) {
      guard take({ $0.count > 1 }) else { return false }
      while take({ $0.count > 1 }) {}
    }
    return rest.isEmpty || isSingleton(rest[rest.startIndex], "x") && rest.count > 1
  }

  private static func isSingleton(_ subtag: Subtag, _ letter: Unicode.Scalar) -> Bool {
    subtag.count == 1 && (subtag.first ?? 0) | 0x20 == UInt8(ascii: letter)
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

  /// Registered before RFC 4646, and outside of its grammar.
  private static let irregular: Set<String> = [
    "en-gb-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon", "i-lux",
    "i-mingo", "i-navajo", "i-pwn", "i-tao", "i-tay", "i-tsu", "sgn-be-fr", "sgn-be-nl",
    "sgn-ch-de",
  ]
}
