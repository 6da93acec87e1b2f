import XlingCore

/// Items with very many correct partners: a hundred thousand captions of one picture. To hold every score
/// against every correct one costs the square; sorted, the scores of one item are counted for all of its
/// partners at once.
enum SortedScores {
  /// Correct partners from which on this is worth it.
  static let limit = 256

  /// The items that are counted here, of those in `range`.
  static func items(_ gold: GoldRelation, in range: Range<Int>) -> [Int] {
    range.filter { gold.range($0).count >= limit }
  }

  /// Adds what `partners` are to the items: `score(item, partner)` is the exact one, of which `counts` has
  /// those of correct partners.
  static func count(
    _ items: [Int], against partners: Range<Int>, in counts: inout GoldCounts,
    score: (Int, Int) -> Double
  ) {
    for item in items {
      var scores = [Double](repeating: 0, count: partners.count)
      scores.withUnsafeMutableBufferPointer { scores in
        // Each slot is written by one thread only.
        let scores = scores
        Parallel.ranges(partners.count, grain: 1_024) { part in
          for place in part { scores[place] = score(item, partners.lowerBound + place) }
        }
      }
      scores.sort()
      // Correct partners stand best first, so the scores are walked down once.
      var (below, upTo) = (scores.count, scores.count)
      for slot in counts.gold.range(item) {
        let exact = counts.exact[slot]
        while upTo > 0, scores[upTo - 1] > exact { upTo -= 1 }
        below = min(below, upTo)
        while below > 0, scores[below - 1] >= exact { below -= 1 }
        counts.above[slot] += Int32(scores.count - upTo)
        counts.tied[slot] += Int32(upTo - below)
      }
    }
  }
}
