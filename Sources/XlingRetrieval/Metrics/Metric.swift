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
  private let perQuery: @Sendable (Ranking, Int, TieBreaking) -> Double

  public init(
    name: String, aggregation: Aggregation = .mean, isRate: Bool, higherIsBetter: Bool = true,
    perQuery: @escaping @Sendable (Ranking, Int, TieBreaking) -> Double
  ) {
    self.name = name
    self.aggregation = aggregation
    self.isRate = isRate
    self.higherIsBetter = higherIsBetter
    self.perQuery = perQuery
  }

  /// One value for each query.
  public func values(_ ranking: Ranking, ties: TieBreaking = .pessimistic) -> [Double] {
    (0..<ranking.count).map { perQuery(ranking, $0, ties) }
  }

  /// The bare number; results print ``Resamples/estimate(_:of:ties:clusters:)`` instead.
  /// Throws ``RetrievalFailure/empty(what:)`` without queries.
  public func value(
    _ ranking: Ranking, ties: TieBreaking = .pessimistic
  ) throws(RetrievalFailure) -> Double {
    let values = values(ranking, ties: ties)
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
    Metric(name: "R@\(k)", isRate: true) { $0.found($1, within: k, $2) }
  }

  /// Mean of 1 / rank of the best correct item (Voorhees 1999).
  public static let meanReciprocalRank = Metric(name: "MRR", isRate: true) {
    $0.reciprocalRank($1, $2)
  }

  public static let medianRank = Metric(
    name: "median rank", aggregation: .median, isRate: false, higherIsBetter: false
  ) { $0.rank($1, $2) }

  public static let meanRank = Metric(name: "mean rank", isRate: false, higherIsBetter: false) {
    $0.rank($1, $2)
  }

  /// What every evaluation stores.
  public static let standard: [Metric] = [
    .recall(at: 1), .recall(at: 5), .recall(at: 10), .meanReciprocalRank, .medianRank, .meanRank,
  ]
}
