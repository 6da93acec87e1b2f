/// For every correct item of every query: how many gallery items are above it, and how many share
/// its score, itself among them. Counts over parts of the gallery add up.
struct GoldCounts: Sendable, Equatable {
  /// Best correct item first within a query; of equal scores the lower item.
  let gold: GoldRelation
  /// Scores of the correct items, in the order of `gold.items`.
  let exact: [Double]
  var above: [Int32]
  var tied: [Int32]

  /// `score(query, item)` is asked once for every correct item.
  init(_ gold: GoldRelation, score: (Int, Int) -> Double) {
    var items = gold.items
    var exact = [Double](repeating: 0, count: items.count)
    for query in 0..<gold.queryCount {
      let range = gold.range(query)
      let scored = range.map { (score: score(query, Int(items[$0])), item: items[$0]) }
        .sorted { ($1.score, $0.item) < ($0.score, $1.item) }
      for (slot, entry) in zip(range, scored) { (exact[slot], items[slot]) = entry }
    }
    self.gold = GoldRelation(offsets: gold.offsets, items: items)
    self.exact = exact
    above = [Int32](repeating: 0, count: items.count)
    tied = above
  }
}

extension Ranking {
  /// Of complete counts; queries without a correct item are left out.
  init(_ counts: GoldCounts, gallerySize: Int) throws(RetrievalFailure) {
    var best = (above: [Int32](), tiedWrong: [Int32](), tiedGold: [Int32](), count: [Int32]())
    var wrongAbove: [Int32] = []
    var tiedWrong: [Int32] = []
    wrongAbove.reserveCapacity(counts.exact.count)
    tiedWrong.reserveCapacity(counts.exact.count)
    for query in 0..<counts.gold.queryCount {
      let range = counts.gold.range(query)
      guard !range.isEmpty else { continue }
      let first = wrongAbove.count
      var start = range.lowerBound
      while start < range.upperBound {
        var end = start + 1
        while end < range.upperBound, counts.exact[end] == counts.exact[start] { end += 1 }
        for slot in start..<end {
          wrongAbove.append(counts.above[slot] - Int32(start - range.lowerBound))
          tiedWrong.append(counts.tied[slot] - Int32(end - start))
        }
        if start == range.lowerBound { best.tiedGold.append(Int32(end - start)) }
        start = end
      }
      best.above.append(wrongAbove[first])
      best.tiedWrong.append(tiedWrong[first])
      best.count.append(Int32(range.count))
    }
    try self.init(
      above: best.above, tiedWrong: best.tiedWrong, tiedGold: best.tiedGold, goldCount: best.count,
      golds: GoldRanks(goldCount: best.count, wrongAbove: wrongAbove, tiedWrong: tiedWrong),
      gallerySize: gallerySize)
  }
}
