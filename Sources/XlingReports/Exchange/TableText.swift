import XlingCore

/// Names as cells of tables that other programs read: whatever a run or a dataset is called, a row
/// stays one line with the same cells. Scalars, not characters: a mark that combines with `&` or `|`
/// would hide it.
enum TableText {
  static func markdown(_ text: String) -> String {
    escaped(TerminalText.visible(text)) { "\\|`<".unicodeScalars.contains($0) ? "\\\($0)" : nil }
  }

  static func latex(_ text: String) -> String {
    escaped(TerminalText.visible(text)) { scalar in
      switch scalar {
      case "&", "%", "$", "#", "_", "{", "}": "\\\(scalar)"
      case "\\": "\\textbackslash{}"
      case "~": "\\textasciitilde{}"
      case "^": "\\textasciicircum{}"
      default: nil
      }
    }
  }

  /// `replacement` of the scalars that have one.
  static func escaped(
    _ text: String, _ replacement: (Unicode.Scalar) -> String?
  ) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      if let other = replacement(scalar) {
        escaped += other
      } else {
        escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
