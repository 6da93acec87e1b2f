extension LanguageScript {
  /// The scripts that a writing system is made of: Japanese and Korean have several.
  public static func parts(of code: String) -> Set<String> {
    switch code {
    case "Jpan": ["Hani", "Hira", "Kana"]
    case "Kore": ["Hang", "Hani"]
    case "Hans", "Hant": ["Hani"]
    default: [code]
    }
  }
}
