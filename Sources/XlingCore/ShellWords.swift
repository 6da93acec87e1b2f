/// A command as somebody can paste it into a shell.
public enum ShellWords {
  /// Words that need it are put in single quotes; one that holds what a terminal must not see is written
  /// as `$'…'`.
  public static func command(_ words: [String]) -> String {
    words.map(quoted).joined(separator: " ")
  }

  /// The command that is running, as it was given, with options that are to be added.
  public static func thisCommand(adding more: [String] = []) -> String {
    let given = Array(CommandLine.arguments.dropFirst())
    return command(["xling"] + given + more.filter { !given.contains($0) })
  }

  public static func quoted(_ word: String) -> String {
    if word.unicodeScalars.contains(where: TerminalText.isHidden) {
      var text = ""
      for scalar in word.unicodeScalars {
        switch scalar {
        case "'": text += "\\'"
        case "\\": text += "\\\\"
        case "\n": text += "\\n"
        case "\t": text += "\\t"
        case let other where TerminalText.isHidden(other):
          // Bytes, not \u: they mean the same in every locale.
          for byte in String(Character(other)).utf8 {
            let digits = String(byte, radix: 16)
            text += "\\x" + (digits.count == 1 ? "0" : "") + digits
          }
        default: text.unicodeScalars.append(scalar)
        }
      }
      return "$'" + text + "'"
    }
    let isPlain = word.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || "-_./,:=@%+".unicodeScalars.contains(scalar)
    }
    if isPlain, !word.isEmpty { return word }
    return "'"
      + word.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }
}
