import XlingExperiments

/// How tables say that a run saw captions of other languages than the one it was aligned on.
public enum FewShotNote {
  /// The line under a table; nil where no run of it did.
  public static func note(_ rows: [ResultRow]) -> String? {
    var runs: [String] = []
    for row in rows {
      guard let words = row.fewShot else { continue }
      let word = (row.run.map { $0 + " " } ?? "") + words
      if !runs.contains(word) { runs.append(word) }
    }
    return runs.isEmpty ? nil : note(runs: runs)
  }

  /// Of runs with their words.
  public static func note(runs: [String]) -> String {
    "Trained on captions of other languages, too: " + runs.joined(separator: "; ") + "."
  }
}
