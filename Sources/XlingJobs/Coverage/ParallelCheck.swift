import XlingCoverage

extension CoverageFailure {
  /// Throws ``CoverageFailure`` unless both texts have as many lines, and the same ones blank.
  static func check(
    _ counts: CoverageCounts, parallel english: CoverageCounts, named name: String
  ) throws(CoverageFailure) {
    guard english.condition.lines == counts.condition.lines else {
      throw .notParallel(
        name: counts.text, lines: counts.condition.lines, english: name,
        englishLines: english.condition.lines)
    }
    guard counts.hasBlankLines(of: english) else {
      let first = Set(counts.condition.firstBlank).symmetricDifference(
        english.condition.firstBlank)
      throw .blankInOne(name: counts.text, english: name, first: first.min() ?? 0)
    }
  }
}
