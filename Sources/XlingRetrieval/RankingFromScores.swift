import XlingCore

extension Ranking {
  /// Ranks from a stored score matrix, `scores` [queries, gallerySize] row-major.
  ///
  /// Throws ``RetrievalFailure`` for NaN scores, wrong shapes, queries without a correct item.
  public init(
    scores: [Float], gallerySize: Int, gold: GoldRelation
  ) throws(RetrievalFailure) {
    try Self.check(gold, queries: gold.queryCount, gallerySize: gallerySize)
    guard scores.count == gold.queryCount * gallerySize else {
      throw .shape(
        what: "score matrix", expected: "\(gold.queryCount) x \(gallerySize) values",
        found: "\(scores.count)")
    }
    var counts = RankCounts(queries: gold.queryCount)
    scores.withUnsafeBufferPointer { scores in
      counts.fill(rows: 0..<gold.queryCount, scores: scores, gallerySize: gallerySize, gold: gold)
    }
    try self.init(counts, gold: gold, gallerySize: gallerySize)
  }

  /// Exact ranks of dot products, counted a block of queries at a time; the score matrix is never
  /// stored. `queries` [n, width] and `gallery` [m, width] are row-major.
  ///
  /// Throws ``RetrievalFailure`` for NaN scores, wrong shapes, queries without a correct item.
  public init(
    queries: [Float], gallery: [Float], width: Int, gold: GoldRelation
  ) throws(RetrievalFailure) {
    let result = queries.withUnsafeBufferPointer { queries in
      gallery.withUnsafeBufferPointer { gallery in
        Result { () throws(RetrievalFailure) in
          try Ranking(queries: queries, gallery: gallery, width: width, gold: gold)
        }
      }
    }
    self = try result.get()
  }

  /// The same over borrowed storage.
  public init(
    queries: UnsafeBufferPointer<Float>, gallery: UnsafeBufferPointer<Float>, width: Int,
    gold: GoldRelation
  ) throws(RetrievalFailure) {
    guard width > 0, queries.count % width == 0, gallery.count % width == 0 else {
      throw .shape(
        what: "embeddings", expected: "rows of \(width) values",
        found: "\(queries.count) query and \(gallery.count) gallery values")
    }
    let count = queries.count / width
    let gallerySize = gallery.count / width
    try Self.check(gold, queries: count, gallerySize: gallerySize)
    var counts = RankCounts(queries: count)
    if count > 0 {
      let product = Scores(gallery: gallery, width: width)
      var block = [Float](repeating: 0, count: product.blockRows * width)
      var scores = [Float](repeating: 0, count: product.blockRows * gallerySize)
      for start in stride(from: 0, to: count, by: product.blockRows) {
        let rows = start..<min(count, start + product.blockRows)
        scores.withUnsafeMutableBufferPointer { scores in
          block.withUnsafeMutableBufferPointer { block in
            product.fill(scores, block: block, queries: queries, rows: rows)
          }
          counts.fill(
            rows: rows, scores: UnsafeBufferPointer(scores), gallerySize: gallerySize, gold: gold)
        }
      }
    }
    try self.init(counts, gold: gold, gallerySize: gallerySize)
  }

  private static func check(
    _ gold: GoldRelation, queries: Int, gallerySize: Int
  ) throws(RetrievalFailure) {
    guard gold.queryCount == queries else {
      throw .shape(
        what: "gold relation", expected: "\(queries) queries", found: "\(gold.queryCount)")
    }
    try gold.check(gallerySize: gallerySize)
    for query in 0..<queries where gold[query].isEmpty { throw .noGold(query: query) }
  }

  private init(
    _ counts: RankCounts, gold: GoldRelation, gallerySize: Int
  ) throws(RetrievalFailure) {
    for (query, item) in counts.notANumber.enumerated() where item >= 0 {
      throw .notANumber(query: query, item: Int(item))
    }
    try self.init(
      above: counts.above, tiedWrong: counts.tiedWrong, tiedGold: counts.tiedGold,
      goldCount: (0..<gold.queryCount).map { Int32(gold[$0].count) }, gallerySize: gallerySize)
  }
}

/// Counting one block of score rows.
struct RankCounts {
  var above: [Int32]
  var tiedWrong: [Int32]
  var tiedGold: [Int32]
  /// The first item whose score is NaN, or -1.
  var notANumber: [Int32]

  init(queries: Int) {
    above = .init(repeating: 0, count: queries)
    tiedWrong = above
    tiedGold = above
    notANumber = .init(repeating: -1, count: queries)
  }

  /// `scores` [rows.count, gallerySize]; row 0 is query `rows.lowerBound`.
  mutating func fill(
    rows: Range<Int>, scores: UnsafeBufferPointer<Float>, gallerySize: Int, gold: GoldRelation
  ) {
    for query in rows {
      let start = (query - rows.lowerBound) * gallerySize
      let row = UnsafeBufferPointer(rebasing: scores[start..<start + gallerySize])
      var best = -Float.infinity
      for item in gold[query] { best = max(best, row[Int(item)]) }
      var greater: Int32 = 0
      var equal: Int32 = 0
      var lower: Int32 = 0
      // Branch-free, so that the compiler counts eight at a time.
      for score in row {
        greater &+= score > best ? 1 : 0
        equal &+= score == best ? 1 : 0
        lower &+= score < best ? 1 : 0
      }
      // NaN is in none of the three; it is looked for only when the sum tells.
      if Int(greater + equal + lower) != gallerySize {
        notANumber[query] = Int32(row.firstIndex { $0.isNaN } ?? 0)
      }
      var correct: Int32 = 0
      for item in gold[query] where row[Int(item)] == best { correct += 1 }
      above[query] = greater
      tiedWrong[query] = equal - correct
      tiedGold[query] = correct
    }
  }
}
