import XlingCore

/// For every correct item of every query: how many gallery items are above it, and how many share
/// its score, itself among them. Counts over parts of the gallery add up.
public struct GoldCounts: Sendable, Equatable {
  /// Best correct item first within a query; of equal scores the lower item.
  public let gold: GoldRelation
  /// Scores of the correct items, in the order of `gold.items`.
  public let exact: [Double]
  public internal(set) var above: [Int32]
  public internal(set) var tied: [Int32]

  /// From a file: ask ``RankCounts/isConsistent``.
  public init(gold: GoldRelation, exact: [Double], above: [Int32], tied: [Int32]) {
    (self.gold, self.exact, self.above, self.tied) = (gold, exact, above, tied)
  }

  /// `score(query, item)` is asked once for every correct item, on all threads.
  init(_ gold: GoldRelation, score: (Int, Int) -> Double) {
    var items = gold.items
    var exact = [Double](repeating: 0, count: items.count)
    items.withUnsafeMutableBufferPointer { items in
      exact.withUnsafeMutableBufferPointer { exact in
        // Each slot is written by one thread only.
        let (items, exact) = (items, exact)
        Parallel.ranges(gold.queryCount, grain: 1_024) { part in
          for query in part {
            let range = gold.range(query)
            for slot in range { exact[slot] = score(query, Int(items[slot])) }
            guard range.count > 1 else { continue }
            let scored = range.map { (score: exact[$0], item: items[$0]) }
              .sorted { ($1.score, $0.item) < ($0.score, $1.item) }
            for (slot, entry) in zip(range, scored) { (exact[slot], items[slot]) = entry }
          }
        }
      }
    }
    self.gold = GoldRelation(offsets: gold.offsets, items: items)
    self.exact = exact
    above = [Int32](repeating: 0, count: items.count)
    tied = above
  }
}

/// What ``DotProductRanks`` has counted so far. Counts of parts of the queries add up to those of all.
public struct RankCounts: Sendable, Equatable {
  /// Queries over the gallery.
  public internal(set) var queries: GoldCounts
  /// The gallery's items over the queries; nil when only one direction is wanted.
  public internal(set) var items: GoldCounts?
  let gallerySize: Int

  public init(queries: GoldCounts, items: GoldCounts?, gallerySize: Int) {
    (self.queries, self.items, self.gallerySize) = (queries, items, gallerySize)
  }

  /// Whether all columns are as long as they must be: asked of counts that come from a file.
  public var isConsistent: Bool {
    queries.isConsistent(gallerySize: gallerySize)
      && items?.isConsistent(gallerySize: queries.gold.queryCount) != false
      && items.map { $0.gold.queryCount == gallerySize } != false
  }

  /// Whether these are counts over this relation.
  public func matches(_ gold: GoldRelation, gallerySize: Int) -> Bool {
    queries.gold.offsets == gold.offsets && self.gallerySize == gallerySize
      && gold.items.allSatisfy { (0..<gallerySize).contains(Int($0)) }
  }

  /// Adds the counts of other queries over the same embeddings. Throws
  /// ``RetrievalFailure/shape(what:expected:found:)`` when they are of others.
  public mutating func add(_ other: RankCounts) throws(RetrievalFailure) {
    try queries.add(other.queries)
    guard (items == nil) == (other.items == nil), gallerySize == other.gallerySize else {
      throw .shape(what: "counts", expected: "one gallery and its directions", found: "others")
    }
    if let more = other.items { try items?.add(more) }
  }

  /// What is counted, without the correct items: `above` and `tied` of either direction.
  public var columns: [[Int32]] {
    [queries.above, queries.tied] + (items.map { [$0.above, $0.tied] } ?? [])
  }

  /// Adds ``columns`` of other queries over the same embeddings and correct items. Throws
  /// ``RetrievalFailure/shape(what:expected:found:)`` when they are of others.
  public mutating func add(columns: [[Int32]]) throws(RetrievalFailure) {
    let own = self.columns
    guard columns.map(\.count) == own.map(\.count) else {
      throw .shape(
        what: "counts", expected: "columns of \(own.map(\.count))",
        found: "\(columns.map(\.count))")
    }
    queries.add(above: columns[0], tied: columns[1])
    if columns.count > 2 { items?.add(above: columns[2], tied: columns[3]) }
  }

  /// The queries' ranks, and those of the gallery's items that are correct for some query. Queries
  /// without a correct item are left out.
  public func rankings() throws(RetrievalFailure) -> (queries: Ranking, items: Ranking?) {
    let itemRanks: Ranking?
    if let items {
      itemRanks = try Ranking(items, gallerySize: queries.gold.queryCount)
    } else {
      itemRanks = nil
    }
    return (try Ranking(queries, gallerySize: gallerySize), itemRanks)
  }
}

extension GoldCounts {
  func isConsistent(gallerySize: Int) -> Bool {
    let offsets = gold.offsets
    return offsets.first == 0 && Int(offsets.last ?? -1) == gold.items.count
      && zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 }
      && gold.items.allSatisfy { (0..<gallerySize).contains(Int($0)) }
      && [exact.count, above.count, tied.count].allSatisfy { $0 == gold.items.count }
  }

  mutating func add(_ other: GoldCounts) throws(RetrievalFailure) {
    guard gold == other.gold, exact == other.exact else {
      throw .shape(what: "counts", expected: "the same correct items and scores", found: "others")
    }
    add(above: other.above, tied: other.tied)
  }

  fileprivate mutating func add(above more: [Int32], tied moreTied: [Int32]) {
    for slot in above.indices {
      above[slot] += more[slot]
      tied[slot] += moreTied[slot]
    }
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
