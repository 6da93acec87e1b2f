import XlingCore

/// Text made safe for HTML: element content and quoted attributes alike.
package enum HTML {
  package static func escape(_ text: String) -> String {
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
  package static func prose(_ text: String) -> String {
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
  package static func element(_ name: String, _ attributes: String = "", _ markup: String) -> String
  {
    "<\(name)\(attributes.isEmpty ? "" : " " + attributes)>\(markup)</\(name)>"
  }

  package static func cell(_ text: String, _ attributes: String = "") -> String {
    element("td", attributes, escape(text))
  }

  package static func header(_ text: String, scope: String, _ attributes: String = "") -> String {
    element("th", "scope=\"\(scope)\"" + (attributes.isEmpty ? "" : " " + attributes), escape(text))
  }

  /// A cell with a bar; `share` in 0...1 of the track.
  package static func bar(_ share: Double) -> String {
    let width = Figures.fixed(100 * min(1, max(0, share)), 1)
    return "<td class=\"track\" aria-hidden=\"true\">"
      + "<span class=\"bar\" style=\"width:\(width)%\"></span></td>"
  }

  /// Markup in a box of its own that scrolls when narrow.
  package static func scrolling(_ label: String, _ markup: String) -> String {
    let region = "tabindex=\"0\" role=\"region\" aria-label=\"\(escape(label))\""
    return "<div class=\"scroll\" \(region)>\(markup)</div>"
  }

  /// A table in a box of its own that scrolls when narrow.
  package static func table(
    caption: String, head: [String], body: [String], attributes: String = ""
  ) -> String {
    let rows = { (rows: [String]) in rows.map { "<tr>\($0)</tr>" }.joined(separator: "\n") }
    let start = attributes.isEmpty ? "<table>" : "<table \(attributes)>"
    return scrolling(
      caption,
      """
      \(start)
      <caption>\(escape(caption))</caption>
      <thead>\(rows(head))</thead>
      <tbody>\(rows(body))</tbody>
      </table>
      """)
  }

  /// Scripts that are written from right to left show so inside an English page.
  package static func languageAttributes(_ code: String) -> String {
    "lang=\"\(escape(code))\" dir=\"auto\""
  }

  /// A language as the head of a row: its name, its own name for itself, its code.
  package static func language(
    _ name: String, native: String?, code: String, mark: String = ""
  ) -> String {
    let endonym = native.map {
      " <bdi class=\"code\" \(languageAttributes(code))>\(escape($0))</bdi>"
    }
    return "<th scope=\"row\">\(escape(name))\(mark)"
      + "\(endonym ?? "") <span class=\"code\">\(escape(code))</span></th>"
  }
}
