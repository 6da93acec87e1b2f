import Foundation

/// A number of a ranking: one value a query, and how the values are put together.
public struct Metric: Sendable {
  public enum Aggregation: Sendable { case mean, median }

  /// As stored and printed: `R@10`, `MRR`, `median rank`, `mean rank`.
  public let name: String
  public let aggregation: Aggregation
  /// Rates lie in 0...1 and are printed in percent; ranks are not.
  public let isRate: Bool
  public let higherIsBetter: Bool
  private let perQuery: @Sendable (Ranking, Int, TieBreaking) throws(RetrievalFailure) -> Double
  let chanceOf: ChanceOf

  /// How ``chance(_:)`` is found.
  enum ChanceOf: Sendable {
    case none
    /// Of a query with so many correct items in a gallery of so many.
    case mean(@Sendable (_ gold: Int, _ items: Int) -> Double)
    case medianRank
  }

  public init(
    name: String, aggregation: Aggregation = .mean, isRate: Bool, higherIsBetter: Bool = true,
    perQuery: @escaping @Sendable (Ranking, Int, TieBreaking) throws(RetrievalFailure) -> Double
  ) {
    self.init(
      name: name, aggregation: aggregation, isRate: isRate, higherIsBetter: higherIsBetter,
      chance: .none, perQuery: perQuery)
  }

  private init(
    name: String, aggregation: Aggregation = .mean, isRate: Bool, higherIsBetter: Bool = true,
    chance: ChanceOf,
    perQuery: @escaping @Sendable (Ranking, Int, TieBreaking) throws(RetrievalFailure) -> Double
  ) {
    self.name = name
    self.aggregation = aggregation
    self.isRate = isRate
    self.higherIsBetter = higherIsBetter
    chanceOf = chance
    self.perQuery = perQuery
  }

  /// One value for each query. Throws ``RetrievalFailure/onlyBestRanks(query:)``.
  public func values(
    _ ranking: Ranking, ties: TieBreaking = .pessimistic
  ) throws(RetrievalFailure) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(ranking.count)
    for query in 0..<ranking.count { values.append(try perQuery(ranking, query, ties)) }
    return values
  }

  /// The bare number; results print ``Resamples/estimate(_:of:ties:clusters:)`` instead.
  /// Throws ``RetrievalFailure/empty(what:)`` without queries.
  public func value(
    _ ranking: Ranking, ties: TieBreaking = .pessimistic
  ) throws(RetrievalFailure) -> Double {
    try value(of: values(ranking, ties: ties))
  }

  /// Of one value for each query.
  func value(of values: [Double]) throws(RetrievalFailure) -> Double {
    guard !values.isEmpty else { throw .empty(what: "the ranking") }
    switch aggregation {
    case .mean: return values.reduce(0, +) / Double(values.count)
    case .median:
      let sorted = values.sorted()
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
  }
}

extension Metric {
  /// The share of queries with any correct item within the first `k` (the field's R@k).
  public static func recall(at k: Int) -> Metric {
    let chance = ChanceOf.mean { Chance.success(within: k, gold: $0, items: $1) }
    return Metric(name: "R@\(k)", isRate: true, chance: chance) { $0.found($1, within: k, $2) }
  }

  /// Mean of 1 / rank of the best correct item (Voorhees 1999).
  public static let meanReciprocalRank = Metric(
    name: "MRR", isRate: true, chance: .mean { Chance.reciprocalRank(gold: $0, items: $1) }
  ) { $0.reciprocalRank($1, $2) }

  /// Normalized discounted cumulative gain over all correct items within the first `k`.
  public static func normalizedGain(at k: Int) -> Metric {
    overGolds("nDCG@\(k)", .mean { Chance.normalizedGain(within: k, gold: $0, items: $1) }) {
      $0.normalizedGain($1, within: k, $2)
    }
  }

  /// The share of a query's correct items within the first `k`: recall as information retrieval has
  /// it, where `R@k` above asks for any of them.
  public static func recallFraction(at k: Int) -> Metric {
    overGolds("recall fraction@\(k)", .mean { _, items in Double(min(k, items)) / Double(items) }) {
      $0.found($1, within: k, $2) / Double($0.range($1).count)
    }
  }

  /// The share of the first `k` items that is correct.
  public static func precision(at k: Int) -> Metric {
    overGolds("P@\(k)", .mean { Double($0) / Double($1) * Chance.filled(k, items: $1) }) {
      $0.found($1, within: k, $2) / Double(k)
    }
  }

  /// Mean over queries of the average precision over all correct items.
  public static let meanAveragePrecision = overGolds(
    "MAP", .mean { Chance.averagePrecision(gold: $0, items: $1) }
  ) { $0.averagePrecision($1, $2) }

  private static func overGolds(
    _ name: String, _ chance: ChanceOf,
    _ value: @escaping @Sendable (GoldRanks, Int, TieBreaking) -> Double
  ) -> Metric {
    Metric(name: name, isRate: true, chance: chance) {
      ranking, query, ties throws(RetrievalFailure) in
      guard let golds = ranking.golds else { throw .onlyBestRanks(query: query) }
      return value(golds, query, ties)
    }
  }

  public static let medianRank = Metric(
    name: "median rank", aggregation: .median, isRate: false, higherIsBetter: false,
    chance: .medianRank
  ) { $0.rank($1, $2) }

  public static let meanRank = Metric(
    name: "mean rank", isRate: false, higherIsBetter: false,
    chance: .mean { Chance.rank(gold: $0, items: $1) }
  ) { $0.rank($1, $2) }

  /// What every evaluation stores.
  public static let standard: [Metric] = [
    .recall(at: 1), .recall(at: 5), .recall(at: 10), .meanReciprocalRank, .normalizedGain(at: 10),
    .meanAveragePrecision, .medianRank, .meanRank,
  ]

  /// `R@3`, `nDCG@20`, `P@5`, `recall fraction@5` for any k of at least 1, and the standard metrics
  /// by name; nil for others. Case does not matter.
  public static func named(_ name: String) -> Metric? {
    let name = name.lowercased()
    if let known = standard.first(where: { $0.name.lowercased() == name }) { return known }
    let families = [
      ("r@", recall), ("ndcg@", normalizedGain), ("p@", precision),
      ("recall fraction@", recallFraction),
    ]
    for (prefix, make) in families where name.hasPrefix(prefix) {
      if let k = Int(name.dropFirst(prefix.count)), k > 0 { return make(k) }
    }
    return nil
  }
}
