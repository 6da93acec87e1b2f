/// Names of languages, runs, pictures and datasets on their way to being names of files.
public enum FileName {
  /// Bytes that a name has room for, with an ending behind it; file systems allow 255.
  private static let room = 200

  /// One name in a folder, never a way out of it: `/`, `\`, control and bidirectional characters and what
  /// begins with a dot too many are written `%2F`; so is `%`, that no two names become one. A name that
  /// is too long keeps its beginning and a hash of it all.
  public static func encoded(_ name: String) -> String {
    var result = ""
    for scalar in name.unicodeScalars {
      let isDot = scalar == "." && (name == "." || name == "..")
      if isDot || scalar == "/" || scalar == "\\" || scalar == "%" || TerminalText.isHidden(scalar)
      {
        for byte in String(Character(scalar)).utf8 {
          let digits = String(byte, radix: 16, uppercase: true)
          result += "%" + (digits.count == 1 ? "0" : "") + digits
        }
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    if result.isEmpty { return "%" }
    guard result.utf8.count > room else { return result }
    var start = result.unicodeScalars.prefix(room - 17)
    while String(start).utf8.count > room - 17 { start = start.dropLast() }
    return String(start) + "%" + Digest.of(name).prefix(16)
  }
}
