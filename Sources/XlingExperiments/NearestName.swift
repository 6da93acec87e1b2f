/// The stored name a mistyped one was probably meant to be.
public enum NearestName {
  /// The candidate with the fewest edits (Levenshtein 1966) or that begins with `name`; nothing
  /// when more than half of the letters would change.
  public static func of(_ name: String, among candidates: [String]) -> String? {
    let wanted = Array(name.lowercased().unicodeScalars)
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let scalars = Array(candidate.lowercased().unicodeScalars)
      let isPrefix = !wanted.isEmpty && scalars.starts(with: wanted)
      let distance = isPrefix ? 0 : edits(wanted, scalars)
      guard 2 * distance <= max(wanted.count, scalars.count) else { continue }
      if distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  private static func edits(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var row = Array(0...right.count)
    for (i, scalar) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in right.enumerated() {
        let substituted = diagonal + (scalar == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}
