/// How a wrong item with the very score of the best correct item is counted.
public enum TieBreaking: String, Sendable, Codable, CaseIterable {
  /// Before the correct one: a scorer that says the same of everything finds nothing.
  case pessimistic
  /// After the correct one.
  case optimistic
  /// The mean over all orders of the tied items, in closed form.
  case expected
}

/// Where the correct items of each query stand, with their ties: enough for every rank metric, and
/// a few integers a query instead of a row of scores.
public struct Ranking: Sendable, Equatable {
  /// Items scored strictly above the best correct item; none of them is correct.
  public let above: [Int32]
  /// Wrong items with the score of the best correct item.
  public let tiedWrong: [Int32]
  /// Correct items with that score, at least 1.
  public let tiedGold: [Int32]
  /// Correct items of the query.
  public let goldCount: [Int32]
  /// Of all correct items; nil in results stored before these were kept, where a query has several.
  public let golds: GoldRanks?
  public let gallerySize: Int

  public var count: Int { above.count }
  /// Queries whose best correct item shares its score with a wrong one.
  public var tieCount: Int { tiedWrong.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }

  /// `golds` may be left out: with one correct item a query, the best one is all of them.
  ///
  /// Throws ``RetrievalFailure/shape(what:expected:found:)`` when the lengths differ.
  public init(
    above: [Int32], tiedWrong: [Int32], tiedGold: [Int32], goldCount: [Int32],
    golds: GoldRanks? = nil, gallerySize: Int
  ) throws(RetrievalFailure) {
    for (name, column) in [
      ("tied wrong items", tiedWrong), ("tied correct items", tiedGold), ("gold counts", goldCount),
    ] where column.count != above.count {
      throw .shape(what: name, expected: "\(above.count) queries", found: "\(column.count)")
    }
    self.above = above
    self.tiedWrong = tiedWrong
    self.tiedGold = tiedGold
    self.goldCount = goldCount
    self.gallerySize = gallerySize
    let isSingle = goldCount.allSatisfy { $0 == 1 }
    self.golds =
      isSingle
      ? try GoldRanks(goldCount: goldCount, wrongAbove: above, tiedWrong: tiedWrong) : golds
    if let golds, golds.offsets.count != above.count + 1 {
      throw .shape(
        what: "ranks of correct items", expected: "\(above.count) queries",
        found: "\(golds.offsets.count - 1)")
    }
  }

  /// The 1-based rank of the best correct item; a mean over orders with `.expected`.
  public func rank(_ query: Int, _ ties: TieBreaking = .pessimistic) -> Double {
    let first = Double(above[query]) + 1
    switch ties {
    case .optimistic: return first
    case .pessimistic: return first + Double(tiedWrong[query])
    // w wrong items fall evenly into the c + 1 gaps that c correct items leave.
    case .expected: return first + Double(tiedWrong[query]) / Double(tiedGold[query] + 1)
    }
  }

  /// 1 when a correct item is within the first `k`, else 0; a probability with `.expected`.
  public func found(_ query: Int, within k: Int, _ ties: TieBreaking = .pessimistic) -> Double {
    guard ties == .expected else { return rank(query, ties) <= Double(k) ? 1 : 0 }
    let places = k - Int(above[query])
    guard places > 0 else { return 0 }
    let wrong = Int(tiedWrong[query])
    guard places <= wrong else { return 1 }
    // All first `places` of the tied items are wrong: C(w, j) / C(w + c, j).
    let all = wrong + Int(tiedGold[query])
    var missed = 1.0
    for place in 0..<places { missed *= Double(wrong - place) / Double(all - place) }
    return 1 - missed
  }

  /// The mean over orders of 1 / rank with `.expected`, else 1 / rank.
  public func reciprocalRank(_ query: Int, _ ties: TieBreaking = .pessimistic) -> Double {
    guard ties == .expected else { return 1 / rank(query, ties) }
    let wrong = Int(tiedWrong[query])
    let all = wrong + Int(tiedGold[query])
    // P(first correct item at place j) = P(j wrong ones before) * c / (items left).
    var before = 1.0
    var sum = 0.0
    for place in 0...wrong {
      let left = Double(all - place)
      sum += before * Double(tiedGold[query]) / left / Double(Int(above[query]) + place + 1)
      before *= Double(wrong - place) / left
    }
    return sum
  }

  /// Ranks of the queries at `indices`, in that order: a held-out part of a test set.
  public func subset(_ indices: [Int]) -> Ranking {
    Ranking(subsetOf: self, indices)
  }

  private init(subsetOf whole: Ranking, _ indices: [Int]) {
    above = indices.map { whole.above[$0] }
    tiedWrong = indices.map { whole.tiedWrong[$0] }
    tiedGold = indices.map { whole.tiedGold[$0] }
    goldCount = indices.map { whole.goldCount[$0] }
    golds = whole.golds?.subset(indices)
    gallerySize = whole.gallerySize
  }
}
