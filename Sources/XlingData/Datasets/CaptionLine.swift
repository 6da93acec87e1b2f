/// Writes one line of captions.jsonl, byte for byte the same on every run: keys in a fixed order,
/// languages sorted, text as UTF-8 with only what JSON demands escaped.
enum CaptionLine {
  static func json(_ item: Dataset.Item) -> String {
    var line = "{\"image\": \(quoted(item.image)), \"split\": \"\(item.split.rawValue)\""
    line += ", \"captions\": {"
    for (index, language) in item.captions.keys.sorted().enumerated() {
      let texts = (item.captions[language] ?? []).map(quoted).joined(separator: ", ")
      line += (index == 0 ? "" : ", ") + "\(quoted(language)): [\(texts)]"
    }
    line += "}"
    if !item.concepts.isEmpty {
      line += ", \"concepts\": [\(item.concepts.map(quoted).joined(separator: ", "))]"
    }
    if item.isHeldOut { line += ", \"heldout\": true" }
    return line + "}\n"
  }

  static func quoted(_ text: String) -> String {
    var escaped = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped + "\""
  }
}
