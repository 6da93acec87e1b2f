extension Ranking {
  /// Ranks from a stored score matrix, `scores` [queries, gallerySize] row-major, compared as they
  /// are.
  ///
  /// Throws ``RetrievalFailure`` for NaN scores, wrong shapes, queries without a correct item.
  public init(
    scores: [Float], gallerySize: Int, gold: GoldRelation
  ) throws(RetrievalFailure) {
    guard scores.count == gold.queryCount * gallerySize else {
      throw .shape(
        what: "score matrix", expected: "\(gold.queryCount) x \(gallerySize) values",
        found: "\(scores.count)")
    }
    try gold.check(gallerySize: gallerySize)
    for query in 0..<gold.queryCount where gold[query].isEmpty { throw .noGold(query: query) }
    for (index, score) in scores.enumerated() where score.isNaN {
      throw .notANumber(query: index / gallerySize, item: index % gallerySize)
    }
    var counts = GoldCounts(gold) { query, item in
      Double(scores[query * gallerySize + item])
    }
    for query in 0..<gold.queryCount {
      let row = scores[query * gallerySize..<(query + 1) * gallerySize]
      for slot in gold.range(query) {
        let limit = Float(counts.exact[slot])
        var greater: Int32 = 0
        var equal: Int32 = 0
        // Branch-free, so that the compiler counts several at a time.
        for score in row {
          greater &+= score > limit ? 1 : 0
          equal &+= score == limit ? 1 : 0
        }
        counts.above[slot] = greater
        counts.tied[slot] = equal
      }
    }
    try self.init(counts, gallerySize: gallerySize)
  }
}
