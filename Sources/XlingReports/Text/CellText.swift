import XlingCore

/// Names as cells of tables that other programs read: whatever a run or a dataset is called, a row
/// stays one line with the same cells. Scalars, not characters: a mark that combines with `&` or `|`
/// would hide it.
enum CellText {
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

  /// Columns that a terminal gives to `text`: two for a wide or full-width scalar (UAX #11) and for
  /// one drawn as emoji, none for a mark that stands on the scalar before it.
  static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + width($1) }
  }

  private static func width(_ scalar: Unicode.Scalar) -> Int {
    guard scalar.value >= 0x300 else { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if scalar.properties.isEmojiPresentation { return 2 }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
      0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
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
