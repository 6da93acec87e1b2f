import XlingExperiments

/// How tables say that a language's captions were centred (`Centring`).
public enum CentringNote {
  /// Behind a language.
  public static let mark = "\u{2020}"

  public static func mark(_ row: ResultRow) -> String { row.centred == nil ? "" : mark }

  /// The line under a table; nil where nothing was centred.
  public static func note(_ rows: [ResultRow]) -> String? {
    var words: [String] = []
    for row in rows where row.language != "mean" {
      guard let centred = row.centred else { continue }
      let word = row.language + " " + centred
      if !words.contains(word) { words.append(word) }
    }
    guard !words.isEmpty else { return nil }
    return mark + " captions centred, by text that is no pair of this task: "
      + words.joined(separator: ", ") + "."
  }
}
