/// Text from files and arguments on its way to a terminal or a table.
public enum TerminalText {
  /// Control characters and those that turn the direction of writing are shown as `\u{1B}`: a caption
  /// can then neither steer the terminal nor make a line read otherwise than it is. Line feeds and tabs
  /// stay where `keepingLines`; in a name or a cell they are shown as `\n` and `\t`.
  public static func visible(_ text: String, keepingLines: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: { isHidden($0) && !(keepingLines && isLayout($0)) })
    else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if !isHidden(scalar) || (keepingLines && isLayout(scalar)) {
        result.unicodeScalars.append(scalar)
      } else {
        switch scalar {
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\r": result += "\\r"
        default: result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
        }
      }
    }
    return result
  }

  /// The same within JSON that is already encoded, as `\u001B`: it stays valid and means the same.
  /// Line feeds and tabs stand between values only.
  public static func visible(json text: String) -> String {
    guard text.unicodeScalars.contains(where: { isHidden($0) && !isLayout($0) }) else {
      return text
    }
    var result = ""
    for scalar in text.unicodeScalars {
      guard isHidden(scalar), !isLayout(scalar) else {
        result.unicodeScalars.append(scalar)
        continue
      }
      // All of them lie in the plane that four digits reach.
      let digits = String(scalar.value, radix: 16, uppercase: true)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    return result
  }

  private static func isLayout(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\n" || scalar == "\t"
  }

  /// C0, DEL and C1 controls, line and paragraph separators, and Unicode's bidirectional controls
  /// (UAX #9: marks, embeddings, overrides, isolates).
  public static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
