import XlingCore

/// Text made safe for HTML: element content and quoted attributes alike.
enum HTML {
  static func escape(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\t", "\n": escaped.unicodeScalars.append(scalar)
      // No more than the order of signs beside it: right-to-left captions hold them rightly.
      case "\u{61C}", "\u{200E}", "\u{200F}":
        escaped += "&#x" + String(scalar.value, radix: 16, uppercase: true) + ";"
      // Controls are not allowed in HTML, escaped or not, and overrides turn what follows around.
      case _ where TerminalText.isHidden(scalar): escaped += TerminalText.visible(String(scalar))
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Escaped prose whose figures (`45.0 % [42.0, 48.0]`, `n = 12`) are not broken across lines.
  static func prose(_ text: String) -> String {
    let space = "\u{A0}"
    var depth = 0
    var kept = ""
    let scalars = Array(text.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      if scalar == "[" { depth += 1 }
      if scalar == "]" { depth -= 1 }
      let next = index + 1 < scalars.count ? scalars[index + 1] : " "
      let previous = index > 0 ? scalars[index - 1] : " "
      let joins = depth > 0 || "%=[".unicodeScalars.contains(next) || previous == "="
      if scalar == " ", joins { kept += space } else { kept.unicodeScalars.append(scalar) }
    }
    return escape(kept)
  }

  /// An element around markup that is safe already.
  static func element(_ name: String, _ attributes: String = "", _ markup: String) -> String {
    "<\(name)\(attributes.isEmpty ? "" : " " + attributes)>\(markup)</\(name)>"
  }

  static func cell(_ text: String, _ attributes: String = "") -> String {
    element("td", attributes, escape(text))
  }

  static func header(_ text: String, scope: String, _ attributes: String = "") -> String {
    element("th", "scope=\"\(scope)\"" + (attributes.isEmpty ? "" : " " + attributes), escape(text))
  }

  /// A table in a box of its own that scrolls when narrow.
  static func table(
    caption: String, head: [String], body: [String], attributes: String = ""
  ) -> String {
    let rows = { (rows: [String]) in rows.map { "<tr>\($0)</tr>" }.joined(separator: "\n") }
    let start = attributes.isEmpty ? "<table>" : "<table \(attributes)>"
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="\(escape(caption))">\(start)
      <caption>\(escape(caption))</caption>
      <thead>\(rows(head))</thead>
      <tbody>\(rows(body))</tbody>
      </table></div>
      """
  }

  /// Scripts that are written from right to left show so inside an English page.
  static func languageAttributes(_ code: String) -> String {
    "lang=\"\(escape(code))\" dir=\"auto\""
  }
}
